using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Bridge;

/// <summary>A bridge on a free port of this machine, with stages that the test scripts; stopped and started again on the same journal at will.</summary>
sealed class RunningBridge : IAsyncDisposable
{
    public const string Key = "test-key-of-everything";
    public const string PortalKey = "test-key-of-portal-pushes";
    public const string StageKey = "test-key-of-a-stage";

    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-test-");
    WebApplication? app;
    string? address;

    RunningBridge(Func<BridgeOptions, BridgeOptions>? change, BrokerParts? broker)
    {
        Options = (change ?? (o => o))(Defaults());
        Broker = broker;
    }

    /// <summary>The broker between it and its stages; null: the scripted stages run in it.</summary>
    public BrokerParts? Broker { get; set; }

    public BridgeOptions Options { get; }

    public ScriptedStages Stages { get; } = new();

    public EventJournal Journal { get; private set; } = null!;

    /// <summary>Whether it is started again where it was, for those who come back to it.</summary>
    public bool KeepsAddress { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public HttpClient Http { get; private set; } = null!;

    public string JournalPath => Path.Combine(directory.FullName, "journal.db");

    public static async Task<RunningBridge> Start(Func<BridgeOptions, BridgeOptions>? change = null, BrokerParts? broker = null, bool keepsAddress = false, TimeProvider? clock = null)
    {
        var bridge = new RunningBridge(change, broker) { KeepsAddress = keepsAddress, Clock = clock ?? TimeProvider.System };
        await bridge.StartAgain();
        return bridge;
    }

    public async Task StartAgain()
    {
        Journal = EventJournal.Open(new JournalOptions { Path = JournalPath, Published = Broker is not null, Clock = Clock });
        app = BridgeServer.Build(new BridgeParts
        {
            Listen = [KeepsAddress ? address ??= $"http://127.0.0.1:{FreePort.Take()}" : "http://127.0.0.1:0"],
            Options = Options,
            Journal = Journal,
            Checks = [new AnySpecification()],
            Stages = Broker is null ? Stages.Queues : [],
            Broker = Broker,
            Clock = Clock,
            LogLevel = LogLevel.Critical,
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
    }

    public async Task Stop()
    {
        Http.Dispose();
        await app!.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        await Journal.DisposeAsync();
    }

    public Task<HttpResponseMessage> Post(string path, JsonObject body, string? key = null) => Send(HttpMethod.Post, path, body.ToJsonString(), key);

    public async Task<HttpResponseMessage> Send(HttpMethod method, string path, string? body = null, string? idempotencyKey = null, string? token = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Posts an ask that must be accepted, and gives its receipt.</summary>
    public async Task<JsonObject> Accepted(string path, JsonObject body, string? key = null)
    {
        using var response = await Post(path, body, key);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        ((int)response.StatusCode).Should().Be(202, text);
        return JsonNode.Parse(text)!.AsObject();
    }

    public Task<JsonObject> Deploy(string image = "registry.internal/portal:412", string environment = "prod", string? key = null, Action<JsonObject>? with = null)
    {
        var body = new JsonObject { ["app"] = "portal", ["environment"] = environment, ["image"] = image, ["spec"] = new JsonObject { ["id"] = "/prod/portal" } };
        with?.Invoke(body);
        return Accepted("/v1/deployments", body, key);
    }

    public async Task<JsonObject> Request(JsonObject receipt) =>
        (await Http.GetFromJsonAsync<JsonObject>($"/v1/requests/{(string)receipt["id"]!}", TestContext.Current.CancellationToken))!;

    /// <summary>Waits, by the bridge's own long poll, until a request is in a state.</summary>
    public async Task<JsonObject> Until(JsonObject receipt, string state)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience.Bound);
        long since = 0;
        var document = new JsonObject();
        try
        {
            while (true)
            {
                document = (await Http.GetFromJsonAsync<JsonObject>($"/v1/requests/{(string)receipt["id"]!}?wait=30&since={since}", limit.Token))!;
                since = (long)document["revision"]!;
                if ((string)document["state"]! == state)
                {
                    return document;
                }
                document["endedAt"].Should().BeNull($"it was to become {state}, and is {document.ToJsonString()}");
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The request did not become {state}: {document.ToJsonString()}");
        }
    }

    /// <summary>Has a watcher tell that something is wrong with an app, which a deployment of another one lets it do.</summary>
    public async Task Trouble(string environment, string app, string cause)
    {
        var usual = Stages.Deploy;
        Stages.Deploy = async (work, client, stop) =>
        {
            await client.Tell(new CdEvent
            {
                Id = PipelineBridge.Events.EventId.Random(Random.Shared.NextInt64(1, 1L << 40)).ToString(),
                Source = "/pipelinebridge/cluster",
                Type = EventTypes.Of(new IncidentDetected(new Reference(environment), cause)).Name,
                Time = DateTimeOffset.UtcNow,
                SubjectId = $"{environment}/{app}/service/1",
                Content = new IncidentDetected(new Reference(environment), cause),
                Custom = new CustomData { App = app, Environment = environment, Cause = cause },
            }, stop);
            return await usual(work, client, stop);
        };
        await Until(await Deploy("registry.internal/watched:1", "test", with: b => b["app"] = "watched"), "succeeded");
        Stages.Deploy = usual;
    }

    /// <summary>The contents of all journaled events of a type, in order.</summary>
    public IReadOnlyList<CdEvent> Journaled<T>() where T : IEventContent =>
        [.. Journal.Read(r => r.EventsAfter(0, 5000)).Events.Where(e => e.Type == EventTypes.Of<T>().Name).Select(e => CdEventReader.Read(e.Body))];

    public async ValueTask DisposeAsync()
    {
        await Stop();
        directory.Delete(recursive: true);
    }

    static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    static BridgeOptions Defaults() => new()
    {
        Url = "https://bridge.internal",
        Environments = new Dictionary<string, EnvironmentOptions>
        {
            ["prod"] = new() { Zone = "internal", Cluster = "main", ClusterKind = "marathon", Notify = ["team"] },
            ["test"] = new() { Zone = "internal", Cluster = "main", ClusterKind = "marathon" },
            ["bare"] = new() { Zone = "internal" },
        },
        Targets = ["team"],
        Keys =
        [
            new KeyOptions("everything", [Hash(Key)], ["*"], ["*"]),
            new KeyOptions("portal", [Hash(PortalKey)], [Verb.Push, Verb.Read], ["portal"]),
            new KeyOptions("stage", [Hash(StageKey)], [Verb.Stage], ["*"]),
        ],
        Attempts = 2,
    };

    sealed class AnySpecification : ISpecificationCheck
    {
        public string Format => "marathon";

        public IReadOnlyList<SpecificationFinding> Check(SpecificationToCheck specification) =>
            Encoding.UTF8.GetString(specification.Content.Span).Contains("wrong", StringComparison.Ordinal)
                ? [new SpecificationFinding(true, "spec.cmd", "wrong", "it is wrong; it must be right.", 3, 7)]
                : [new SpecificationFinding(false, "spec.healthChecks", null, "there is none.")];
    }
}
