using System.Text.Json;
using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Tests.Bridge.Pages.Browser;

/// <summary>A bridge with what a site has to show.</summary>
static class BrowserScene
{
    static readonly string[] Names = ["dev", "test", "stage", "prod", "edge", "archive"];

    public static Task<RunningBridge> Start(bool keepsAddress = false) => RunningBridge.Start(o => o with
    {
        Environments = Names.ToDictionary(n => n, n => new EnvironmentOptions { Zone = n is "prod" or "edge" ? "public" : "internal", Cluster = "main", ClusterKind = "marathon" }),
    }, keepsAddress: keepsAddress);

    /// <summary>Sixty apps in six environments: most live, some with a newer one that failed, waits or moves, some held.</summary>
    public static Task FillMatrix(RunningBridge bridge) => bridge.Journal.Write(tx =>
    {
        for (var app = 0; app < 60; app++)
        {
            for (var environment = 0; environment < Names.Length; environment++)
            {
                var cell = Cell($"{Words[app % Words.Length]}-{app:00}", Names[environment], app * 7 + environment, tx.Now);
                tx.PutService(new ServiceRow(cell.App, cell.Environment, cell.State, cell.Image, null, 1, tx.Now.ToUnixTimeMilliseconds(), JsonSerializer.SerializeToUtf8Bytes(cell, BridgeJson.Default.ServiceDocument)));
            }
        }
        return 0;
    }, TestContext.Current.CancellationToken);

    /// <summary>One of each trouble.</summary>
    public static Task MakeTrouble(RunningBridge bridge) => bridge.Journal.Write(tx =>
    {
        var incidents = new OpenIncidents([new("prod/billing-01/drift/1", "billing-01", "prod", "Somebody changed it on the cluster: it runs 411, and 412 was deployed.", tx.Now.AddHours(-3), null)]);
        tx.PutState(OpenIncidents.Key, incidents, BridgeJson.Default.OpenIncidents);
        tx.PutState(TargetRefusal.Key("team"), new TargetRefusal("team", tx.Now.AddMinutes(-20), 3, "Slack answers channel_not_found."), BridgeJson.Default.TargetRefusal);
        tx.PutDeadLetter(new DeadLetterRow(0, 0, "bridge.outcomes", "It is no CloudEvent.", "{\"hello\": 1}"u8.ToArray(), tx.Now.AddMinutes(-5).ToUnixTimeMilliseconds(), DeadLetterState.Open));
        return 0;
    }, TestContext.Current.CancellationToken);

    static readonly string[] Words = ["portal", "billing", "search", "orders", "patient-records", "gateway"];

    static ServiceDocument Cell(string app, string environment, int n, DateTimeOffset now)
    {
        var cell = PageSamples.Live(app, environment, $"{400 + n % 60}") with { Since = now.AddHours(-n) };
        return (n % 23) switch
        {
            3 => cell with { State = "failed", Newer = PageSamples.Failed(app, environment) },
            7 => cell with { State = "waiting", Newer = PageSamples.Deployment(app, environment, RequestState.Waiting, "500") with { WaitingFor = "its push" } },
            11 => cell with { State = "moving", Newer = PageSamples.Running(app, environment) },
            15 => cell with { State = "held", Hold = new Hold("month's end", now.AddHours(5), "e", new Actor("Grace Hopper")) },
            19 => new ServiceDocument { App = app, Environment = environment, State = "none" },
            _ => cell,
        };
    }
}
