using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Cluster.Swarm;
using PipelineBridge.Cluster.Watching;
using PipelineBridge.Events;
using PipelineBridge.Tests.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Cluster.Swarm;

/// <summary>A real Swarm of two nodes, each in a network namespace of its own, and a registry, for the tests of a class.</summary>
public sealed class SwarmFixture : IAsyncLifetime
{
    readonly Dictionary<string, string> images = [];
    readonly SemaphoreSlim building = new(1);
    readonly List<DockerEngine> nodes = [];
    EngineNetwork? network;
    DockerRegistry? registry;
    DockerRegistry? guarded;

    internal DockerEngine Manager => nodes[0];

    internal IReadOnlyList<DockerEngine> Nodes => nodes;

    internal string Registry => registry!.Host;

    internal IReadOnlyList<string> Addresses => [network!.AddressOf(1), network.AddressOf(2)];

    /// <summary>A registry that lets in only who signs in.</summary>
    internal string Guarded => guarded!.Host;

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.IsMissing)
        {
            return;
        }
        network = await EngineNetwork.Make();
        registry = await DockerRegistry.Start("none", CancellationToken.None, network.Here);
        guarded = await DockerRegistry.Start("htpasswd", CancellationToken.None, network.Here);
        nodes.Add(await DockerEngine.Start(network));
        nodes.Add(await DockerEngine.Start(network));
        await network.MakeSwarm(nodes[0], nodes[1]);
    }

    public async ValueTask DisposeAsync()
    {
        building.Dispose();
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
        foreach (var one in new[] { registry, guarded }.OfType<DockerRegistry>())
        {
            await one.DisposeAsync();
        }
        if (network is not null)
        {
            await network.DisposeAsync();
        }
    }

    internal async Task<string> Image(string text, bool healthy = true, string before = "echo starting")
    {
        // Two that are built at once would have one tag.
        await building.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            var key = $"{text} {healthy} {before}";
            if (!images.TryGetValue(key, out var image))
            {
                var tag = $"{Registry}/portal:v{images.Count + 1}";
                await Manager.BuildService(tag, text, healthy, before, withCurl: true);
                images[key] = image = $"{tag}@{await Manager.Push(tag)}";
            }
            return image;
        }
        finally
        {
            building.Release();
        }
    }

    /// <summary>An image with a check of its own: whether a file is there.</summary>
    internal async Task<string> WithCheck(string image, string file)
    {
        var tag = $"{Registry}/portal:check-{file.Split('/')[^1]}";
        await Manager.Build(tag, $"""
            FROM {image.Split('@')[0]}
            HEALTHCHECK --interval=1s --timeout=30s --retries=2 CMD ["/bin/busybox", "test", "-e", "{file}"]
            """);
        return $"{tag}@{await Manager.Push(tag)}";
    }

    /// <summary>An image of the service in the guarded registry alone.</summary>
    internal async Task<string> GuardedImage(string text)
    {
        var tag = $"{Guarded}/portal:{text.Replace(' ', '-')}";
        await Manager.BuildService(tag, text, withCurl: true);
        var pushed = await Manager.Push(tag, new JsonObject { ["username"] = DockerRegistry.User, ["password"] = DockerRegistry.Password });
        await Manager.RemoveImage(tag);
        return $"{tag}@{pushed}";
    }
}

/// <summary>The tests that share one Swarm: starting it takes seconds.</summary>
[CollectionDefinition(Name)]
public sealed class SharedSwarm : ICollectionFixture<SwarmFixture>
{
    public const string Name = "shared swarm";
}

/// <summary>An app on a real Swarm, a handler on it, and the works that a bridge would give.</summary>
sealed class SwarmScene : IDisposable
{
    static int apps;

    readonly SwarmFixture fixture;
    readonly List<IDisposable> owned = [];
    readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(60) };

    public SwarmScene(SwarmFixture fixture)
    {
        DockerEngine.SkipWhereMissing();
        this.fixture = fixture;
        App = new AppKey($"swarmed-{Interlocked.Increment(ref apps)}", "prod");
        Options = new SwarmClusterOptions("main", [new EngineHostOptions("m1", fixture.Manager.Url, "")], ["prod"]);
        Handler = new ClusterHandler(NewDriver(), TimeProvider.System);
    }

    public AppKey App { get; }

    public SwarmClusterOptions Options { get; set; }

    public ClusterHandler Handler { get; private set; }

    public DockerEngine Manager => fixture.Manager;

    public string ServiceName => $"prod-{App.App}";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public SwarmDriver NewDriver() => new(Options, NewManagers(), TimeProvider.System);

    public ClusterHandler NewHandler() => Handler = new ClusterHandler(NewDriver(), TimeProvider.System);

    public ClusterWatcher NewWatcher() => new(new WatchedSwarm(Options, NewManagers(), TimeProvider.System), TimeProvider.System, NullLogger.Instance);

    public Task<string> Image(string text, bool healthy = true, string before = "echo starting") => fixture.Image(text, healthy, before);

    public static string Specification(int? replicas = null, string more = "", bool check = true) => $"""
        kind: service
        ports: [8080]
        stopSeconds: 1
        {(replicas is null ? "" : $"replicas: {replicas}")}
        {(check ? "health: {path: /health, intervalSeconds: 1, timeoutSeconds: 5, failures: 3}" : "")}
        {more}
        """;

    public Work Rollout(int sequence, string image, string? specification = null, (int Sequence, string Image, string Specification)? previous = null, int seconds = 60, string onFailure = OnFailure.Rollback) =>
        New(sequence, ClusterWorks.Rollout(image, specification ??= Specification(), previous, seconds, onFailure), specification, previous?.Specification);

    public Work Cancel(Work rollout) => New((int)rollout.Item.Sequence, new DeploymentCancelRequested("main", rollout.Item.Id.ToString()));

    public Work Removal(int sequence) => New(sequence, new DeploymentRetireRequested("main", DeploymentRetireRequested.All));

    public async Task<Outcome> Do(Work work, ClusterHandler? handler = null, CancellationToken? process = null)
    {
        var events = await (handler ?? Handler).Handle(work.Item, work.Bridge, process ?? Cancellation);
        ClusterScene.Keep(events.Concat(work.Bridge.Told));
        return new Outcome(events, work.Bridge);
    }

    public async Task<(int Sequence, string Image, string Specification)> Deployed(int sequence, string image, string? specification = null, (int Sequence, string Image, string Specification)? previous = null)
    {
        specification ??= Specification();
        var outcome = await Do(Rollout(sequence, image, specification, previous));
        outcome.End.Content.Should().Match(c => c is ServiceDeployed || c is ServiceUpgraded, "{0}\n{1}", outcome, string.Join('\n', outcome.Bridge.EvidencePut));
        return (sequence, image, specification);
    }

    public Task<JsonNode?> Service() => Manager.Call(HttpMethod.Get, $"services/{ServiceName}");

    public async Task<bool> IsThere()
    {
        var filters = new JsonObject { ["name"] = new JsonArray(ServiceName) }.ToJsonString();
        return (await Manager.Call(HttpMethod.Get, $"services?filters={Uri.EscapeDataString(filters)}"))!.AsArray().Count > 0;
    }

    /// <summary>The tasks that run and are to run.</summary>
    public async Task<List<JsonNode>> Tasks()
    {
        var filters = new JsonObject { ["service"] = new JsonArray(ServiceName), ["desired-state"] = new JsonArray("running") }.ToJsonString();
        return [.. (await Manager.Call(HttpMethod.Get, $"tasks?filters={Uri.EscapeDataString(filters)}"))!.AsArray().Select(t => t!).Where(t => (string)t["Status"]!["State"]! == "running")];
    }

    public async Task<List<string>> TaskIds() => [.. (await Tasks()).Select(t => (string)t["ID"]!).Order(StringComparer.Ordinal)];

    public async Task<List<string>> Answers()
    {
        var nodes = (await Manager.Call(HttpMethod.Get, "nodes"))!.AsArray().ToDictionary(n => (string)n!["ID"]!, n => (string)n!["Status"]!["Addr"]!);
        var answers = new List<string>();
        foreach (var task in await Tasks())
        {
            var port = (int)task["Status"]!["PortStatus"]!["Ports"]![0]!["PublishedPort"]!;
            answers.Add(await http.GetStringAsync(new Uri($"http://{nodes[(string)task["NodeID"]!]}:{port}/"), Cancellation));
        }
        return answers;
    }

    /// <summary>What an endpoint answers.</summary>
    public static async Task<string> Get(ServiceEndpoint endpoint)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        return await http.GetStringAsync(new Uri($"http://{endpoint.Host}:{endpoint.Port}/"), Cancellation);
    }

    public void Dispose()
    {
        owned.ForEach(o => o.Dispose());
        http.Dispose();
    }

    SwarmManagers NewManagers()
    {
        var managers = new SwarmManagers([.. Options.Managers.Select(m => new EngineHost(m))]);
        owned.Add(managers);
        return managers;
    }

    Work New(int sequence, IEventContent content, string? specification = null, string? previous = null) => ClusterWorks.New(App, sequence, content, specification, previous);
}
