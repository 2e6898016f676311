using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Cluster.Watching;
using PipelineBridge.Events;
using PipelineBridge.Tests.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Cluster.Engine;

/// <summary>A real Docker engine and registry for the tests of a class, each of which has an app of its own.</summary>
public sealed class EngineFixture : IAsyncLifetime
{
    readonly Dictionary<string, string> images = [];
    DockerRegistry? registry;

    internal DockerEngine Engine { get; private set; } = null!;

    internal string Registry => registry!.Host;

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.IsMissing)
        {
            return;
        }
        registry = await DockerRegistry.Start("none", CancellationToken.None);
        Engine = await DockerEngine.Start();
    }

    public async ValueTask DisposeAsync()
    {
        if (Engine is not null)
        {
            await Engine.DisposeAsync();
        }
        if (registry is not null)
        {
            await registry.DisposeAsync();
        }
    }

    /// <summary>An image of the service, in the registry and on the engine, by tag and digest.</summary>
    internal async Task<string> Image(string text, bool healthy = true, string before = "echo starting")
    {
        var key = $"{text} {healthy} {before}";
        if (!images.TryGetValue(key, out var image))
        {
            var tag = $"{Registry}/portal:v{images.Count + 1}";
            await Engine.BuildService(tag, text, healthy, before);
            images[key] = image = $"{tag}@{await Engine.Push(tag)}";
        }
        return image;
    }
}

/// <summary>An app on a real engine, a handler on it, and the works that a bridge would give.</summary>
sealed class EngineScene : IDisposable
{
    static int apps;

    readonly EngineFixture fixture;
    readonly List<IDisposable> owned = [];
    readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(60) };

    public EngineScene(EngineFixture fixture)
    {
        DockerEngine.SkipWhereMissing();
        this.fixture = fixture;
        App = new AppKey($"portal-{Interlocked.Increment(ref apps)}", "prod");
        Options = new EngineClusterOptions("main", [new EngineHostOptions("h1", fixture.Engine.Url, "127.0.0.1")], ["prod"]);
        Handler = NewHandler();
    }

    public AppKey App { get; }

    public EngineClusterOptions Options { get; set; }

    public ClusterHandler Handler { get; private set; }

    public DockerEngine Engine => fixture.Engine;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The clock of the process.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <summary>Another process: it knows nothing of what the one before had in memory.</summary>
    public ClusterHandler NewHandler() => Handler = new ClusterHandler(NewDriver(), Clock);

    public EngineDriver NewDriver()
    {
        var probe = new EngineProbe();
        var hosts = Options.Hosts.Select(h => new EngineHost(h)).ToList();
        owned.Add(probe);
        owned.AddRange(hosts);
        return new EngineDriver(Options, hosts, probe, Clock);
    }

    public ClusterWatcher NewWatcher() => new(NewWatched(), Clock, NullLogger.Instance);

    public WatchedEngines NewWatched()
    {
        var probe = new EngineProbe();
        var hosts = Options.Hosts.Select(h => new EngineHost(h)).ToList();
        owned.Add(probe);
        owned.AddRange(hosts);
        return new WatchedEngines(Options, hosts, probe, Clock);
    }

    /// <summary>Runs something in a running container.</summary>
    public async Task Run(string container, params string[] command)
    {
        var made = await Engine.Call(HttpMethod.Post, $"containers/{container}/exec", new JsonObject { ["Cmd"] = new JsonArray([.. command.Select(c => (JsonNode)c)]) });
        await Engine.Call(HttpMethod.Post, $"exec/{(string)made!["Id"]!}/start", new JsonObject { ["Detach"] = true });
    }

    public Task<string> Image(string text, bool healthy = true, string before = "echo starting") => fixture.Image(text, healthy, before);

    public static string Specification(int? replicas = null, string more = "", bool check = true) => $"""
        kind: service
        ports: [8080]
        stopSeconds: 1
        {(replicas is null ? "" : $"replicas: {replicas}")}
        {(check ? "health: {path: /health, timeoutSeconds: 1}" : "")}
        {more}
        """;

    /// <summary>The work of deployment n of an image.</summary>
    public Work Rollout(int sequence, string image, string? specification = null, (int Sequence, string Image, string Specification)? previous = null, int seconds = 180,
        string onFailure = OnFailure.Rollback, int? replicas = null) =>
        ClusterWorks.New(App, sequence, ClusterWorks.Rollout(image, specification ??= Specification(), previous, seconds, onFailure, replicas), specification, previous?.Specification);

    public Work Cancel(Work rollout) => ClusterWorks.New(App, (int)rollout.Item.Sequence, new DeploymentCancelRequested("main", rollout.Item.Id.ToString()));

    public Work Retire(int sequence) => ClusterWorks.New(App, sequence, new DeploymentRetireRequested("main", DeploymentRetireRequested.Old));

    public Work Removal(int sequence) => ClusterWorks.New(App, sequence, new DeploymentRetireRequested("main", DeploymentRetireRequested.All));

    public static Work Again(Work work) => ClusterWorks.Again(work);

    public async Task<Outcome> Do(Work work, ClusterHandler? handler = null, CancellationToken? process = null)
    {
        var events = await (handler ?? Handler).Handle(work.Item, work.Bridge, process ?? Cancellation);
        ClusterScene.Keep(events.Concat(work.Bridge.Told));
        return new Outcome(events, work.Bridge);
    }

    /// <summary>Deploys what must become healthy, and ends what it replaced.</summary>
    public async Task<(int Sequence, string Image, string Specification)> Deployed(int sequence, string image, string? specification = null, (int Sequence, string Image, string Specification)? previous = null, bool retire = true)
    {
        specification ??= Specification();
        var outcome = await Do(Rollout(sequence, image, specification, previous));
        outcome.End.Content.Should().Match(c => c is ServiceDeployed || c is ServiceUpgraded, "{0}\n{1}", outcome, Engine.Log);
        if (retire)
        {
            (await Do(Retire(sequence))).End.Content.Should().BeOfType<DeploymentRetired>();
        }
        return (sequence, image, specification);
    }

    /// <summary>The app's containers, running or not, oldest first.</summary>
    public async Task<List<JsonNode>> Containers(bool all = true)
    {
        var filters = new JsonObject { ["label"] = new JsonArray($"pipelinebridge.app={App.App}", $"pipelinebridge.environment={App.Environment}") }.ToJsonString();
        var list = (await Engine.Call(HttpMethod.Get, $"containers/json?all={(all ? 1 : 0)}&filters={Uri.EscapeDataString(filters)}"))!.AsArray();
        return [.. list.Select(c => c!).OrderBy(c => (long)c["Created"]!)];
    }

    public async Task<List<string>> Running() => [.. (await Containers(all: false)).Select(NameOf).Order(StringComparer.Ordinal)];

    public static string NameOf(JsonNode container) => ((string)container["Names"]![0]!).TrimStart('/');

    public static long SequenceOf(JsonNode container) => long.Parse((string)container["Labels"]!["pipelinebridge.sequence"]!, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What each running container answers at <c>/</c>.</summary>
    public async Task<List<string>> Answers()
    {
        var answers = new List<string>();
        foreach (var port in (await Containers(all: false)).SelectMany(c => c["Ports"]!.AsArray()).Select(p => (int?)p!["PublicPort"]).OfType<int>().Distinct())
        {
            answers.Add(await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation));
        }
        return answers;
    }

    public void Dispose()
    {
        owned.ForEach(o => o.Dispose());
        http.Dispose();
    }
}
