using System.Globalization;
using System.Text.Json;
using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Benchmarks.Pages;

/// <summary>A site of 60 apps in 6 environments that has run for a while.</summary>
static class PageScene
{
    /// <summary>The environments.</summary>
    public static readonly string[] Environments = ["dev", "test", "stage", "prod", "edge", "archive"];

    const int Apps = 60;
    const int InOneCommit = 2000;
    const int EventBytes = 1000;
    const int EventsOfADelivery = 25;

    /// <summary>Fills a journal with so many events; each 25th asks for a delivery that came to its end.</summary>
    public static async Task Fill(EventJournal journal, int events)
    {
        var body = new byte[EventBytes];
        Random.Shared.NextBytes(body);
        for (var done = 0; done < events; done += InOneCommit)
        {
            var from = done;
            await journal.Write(tx =>
            {
                for (var n = from; n < Math.Min(events, from + InOneCommit); n++)
                {
                    Append(tx, n, body);
                }
                return 0;
            });
        }
        await journal.Write(tx =>
        {
            for (var n = 0; n < Apps * Environments.Length; n++)
            {
                Put(tx, n);
            }
            return 0;
        });
    }

    static void Append(JournalTransaction tx, int n, byte[] body)
    {
        var (app, environment) = (App(n / EventsOfADelivery), Environments[n / EventsOfADelivery % Environments.Length]);
        var chain = (n / EventsOfADelivery).ToString(CultureInfo.InvariantCulture);
        var id = EventId.Derive(tx.Now.ToUnixTimeMilliseconds(), "benchmark", n.ToString(CultureInfo.InvariantCulture));
        var appended = tx.Append(new NewEvent(id, EventTypes.Of<DeploymentRequested>().Name, chain, tx.Now, app, environment, true, body, []));
        if (n % EventsOfADelivery == 0)
        {
            var document = Document(app, environment, n, appended.Sequence, id, tx.Now, RequestState.Succeeded);
            tx.PutRequest(new RequestRow(appended.Sequence, id, RequestId.Deployment, app, environment, document.State, 1, false, JsonSerializer.SerializeToUtf8Bytes(document, BridgeJson.Default.RequestDocument)));
        }
    }

    // Each twelfth cell has a newer one that failed, each twentieth one that moves.
    static void Put(JournalTransaction tx, int n)
    {
        var (app, environment) = (App(n / Environments.Length), Environments[n % Environments.Length]);
        var id = EventId.Derive(tx.Now.ToUnixTimeMilliseconds(), "cell", n.ToString(CultureInfo.InvariantCulture));
        var newer = n % 12 == 0 ? RequestState.Failed : n % 20 == 0 ? RequestState.Running : null;
        var cell = new ServiceDocument
        {
            App = app,
            Environment = environment,
            State = newer is null ? "live" : newer == RequestState.Failed ? "failed" : "moving",
            Image = Image(app, n),
            Since = tx.Now.AddHours(-n),
            RequestId = new RequestId(RequestId.Deployment, id).ToString(),
            Newer = newer is null ? null : Document(app, environment, n, n + 1, id, tx.Now, newer),
        };
        tx.PutService(new ServiceRow(app, environment, cell.State, cell.Image, null, 1, tx.Now.ToUnixTimeMilliseconds(), JsonSerializer.SerializeToUtf8Bytes(cell, BridgeJson.Default.ServiceDocument)));
    }

    static RequestDocument Document(string app, string environment, int n, long sequence, EventId id, DateTimeOffset now, string state) => new()
    {
        Id = new RequestId(RequestId.Deployment, id).ToString(),
        Kind = "deployment",
        App = app,
        Environment = environment,
        ChainId = id.Then("chain").ToString(),
        Sequence = sequence,
        State = state,
        Revision = 1,
        Image = Image(app, n),
        PreviousImage = Image(app, n + 1),
        AskedAt = now.AddSeconds(-40),
        ReleasedAt = now.AddSeconds(-36),
        EndedAt = state == RequestState.Running ? null : now,
        Category = state == RequestState.Failed ? FailureCategory.Health : null,
        Cause = state == RequestState.Failed ? "0 of 3 new tasks passed GET /health in 120 s." : null,
        Phases = new Phases { WaitedSeconds = 4, PulledSeconds = 9, HealthySeconds = 13 },
        Usual = new Phases { PulledSeconds = 9, HealthySeconds = 13 },
        By = new Actor("Ada Lovelace", "jenkins"),
        Build = new BuildReference($"https://jenkins.internal/job/{app}/{n}/", n, app),
    };

    static string App(int n) => string.Create(CultureInfo.InvariantCulture, $"app-{n % Apps:00}");

    static string Image(string app, int n) => string.Create(CultureInfo.InvariantCulture, $"registry.internal/{app}:{400 + n % 100}@sha256:{n:x64}");
}
