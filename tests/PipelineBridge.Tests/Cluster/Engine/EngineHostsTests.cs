using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Cluster.Watching;
using PipelineBridge.Events;
using PipelineBridge.Tests.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Cluster.Engine;

/// <summary>Two machines with an engine each, as one cluster, and a registry.</summary>
public sealed class TwoHosts : IAsyncLifetime
{
    readonly List<DockerEngine> engines = [];
    EngineNetwork? network;
    DockerRegistry? registry;

    internal IReadOnlyList<DockerEngine> Engines => engines;

    internal string AddressOf(int host) => network!.AddressOf(host);

    internal EngineClusterOptions Options => new("main", [.. engines.Select((e, i) => new EngineHostOptions($"h{i + 1}", e.Url, AddressOf(i + 1)))], ["prod"]);

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.IsMissing)
        {
            return;
        }
        network = await EngineNetwork.Make();
        registry = await DockerRegistry.Start("none", CancellationToken.None, network.Here);
        engines.Add(await DockerEngine.Start(network));
        engines.Add(await DockerEngine.Start(network));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in engines)
        {
            await engine.DisposeAsync();
        }
        if (registry is not null)
        {
            await registry.DisposeAsync();
        }
        if (network is not null)
        {
            await network.DisposeAsync();
        }
    }

    /// <summary>An image of the service in the registry; the first host has it too.</summary>
    internal async Task<string> Image(string text, bool healthy = true)
    {
        var tag = $"{registry!.Host}/portal:{text}";
        await engines[0].BuildService(tag, text, healthy);
        return $"{tag}@{await engines[0].Push(tag)}";
    }

    /// <summary>What runs of an app: the host's number, and what is answered there.</summary>
    internal async Task<List<(int Host, string Answer)>> Serving(AppKey app)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        var serving = new List<(int, string)>();
        var filters = new JsonObject { ["label"] = new JsonArray($"pipelinebridge.app={app.App}") }.ToJsonString();
        for (var host = 1; host <= engines.Count; host++)
        {
            foreach (var container in (await engines[host - 1].Call(HttpMethod.Get, $"containers/json?filters={Uri.EscapeDataString(filters)}"))!.AsArray())
            {
                var port = container!["Ports"]!.AsArray().Select(p => p!).First(p => p["PublicPort"] is not null);
                ((string)port["IP"]!).Should().Be(AddressOf(host), "a port is published where the host is reached, and nowhere else");
                serving.Add((host, await http.GetStringAsync(new Uri($"http://{AddressOf(host)}:{(int)port["PublicPort"]!}/"), TestContext.Current.CancellationToken)));
            }
        }
        return serving;
    }
}

[Trait("Needs", "root")]
public sealed class EngineHostsTests(TwoHosts hosts) : IClassFixture<TwoHosts>, IDisposable
{
    readonly List<IDisposable> owned = [];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => owned.ForEach(o => o.Dispose());

    [Fact]
    public async Task Tasks_are_spread_over_the_hosts_and_each_host_pulls_for_itself()
    {
        DockerEngine.SkipWhereMissing();
        var app = new AppKey("spread", "prod");
        var handler = NewHandler();
        var one = await Deployed(handler, app, 1, await hosts.Image("one"), EngineScene.Specification(3));
        (await hosts.Serving(app)).GroupBy(s => s.Host).Select(g => g.Count()).Order().Should().Equal(1, 2);
        await Deployed(handler, app, 2, await hosts.Image("two"), EngineScene.Specification(2), one);
        (await hosts.Serving(app)).Should().BeEquivalentTo([(1, "two"), (2, "two")]);
    }

    [Fact]
    public async Task Apps_of_one_task_are_spread_too_and_stay_where_they_are()
    {
        DockerEngine.SkipWhereMissing();
        var handler = NewHandler();
        var (one, two) = (await hosts.Image("one"), await hosts.Image("two"));
        var at = new List<int>();
        foreach (var name in new[] { "a", "b", "c", "d" })
        {
            var app = new AppKey($"single-{name}", "prod");
            var first = await Deployed(handler, app, 1, one, EngineScene.Specification());
            var host = (await hosts.Serving(app)).Single().Host;
            await Deployed(handler, app, 2, two, EngineScene.Specification(), first);
            (await hosts.Serving(app)).Should().Equal((host, "two"));
            at.Add(host);
        }
        at.Distinct().Should().HaveCount(2);
    }

    [Fact]
    public async Task A_version_that_is_unhealthy_is_taken_back_on_every_host()
    {
        DockerEngine.SkipWhereMissing();
        var app = new AppKey("sick", "prod");
        var handler = NewHandler();
        var one = await Deployed(handler, app, 1, await hosts.Image("one"), EngineScene.Specification(2));
        var outcome = await Do(handler, Rollout(app, 2, await hosts.Image("bad", healthy: false), EngineScene.Specification(2), one, seconds: 25));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        (await hosts.Serving(app)).Should().BeEquivalentTo([(1, "one"), (2, "one")]);
    }

    [Fact]
    public async Task The_watch_tells_the_tasks_of_all_hosts_and_a_host_that_does_not_answer_stops_a_deployment_until_it_does()
    {
        DockerEngine.SkipWhereMissing();
        var app = new AppKey("outage", "prod");
        var handler = NewHandler();
        var one = await Deployed(handler, app, 1, await hosts.Image("one"), EngineScene.Specification(2));
        var two = await hosts.Image("two");
        var seen = new WatchedApp(app);
        seen.Expect(one.Image, 1);
        await seen.During(NewWatcher(), async () =>
        {
            await ClusterScene.Until(() => seen.Endpoints?.Select(e => e.Host).Order(StringComparer.Ordinal).SequenceEqual([hosts.AddressOf(1), hosts.AddressOf(2)]) == true, "both endpoints");
            await hosts.Engines[1].Kill();
            var rolling = Do(handler, Rollout(app, 2, two, EngineScene.Specification(2), one, seconds: 60));
            await Task.Delay(3000, Cancellation);
            rolling.IsCompleted.Should().BeFalse("what runs on the host that is away cannot be seen");
            (await hosts.Engines[0].Call(HttpMethod.Get, "containers/json?all=1"))!.AsArray().Should().NotContain(c => (string?)c!["Labels"]!["pipelinebridge.app"] == "outage" && (string?)c["Labels"]!["pipelinebridge.sequence"] == "2");
            await hosts.Engines[1].StartAgain();
            (await rolling).End.Content.Should().BeOfType<ServiceUpgraded>();
            (await Do(handler, ClusterWorks.New(app, 2, new DeploymentRetireRequested("main", DeploymentRetireRequested.Old)))).End.Content.Should().BeOfType<DeploymentRetired>();
            (await hosts.Serving(app)).Should().BeEquivalentTo([(1, "two"), (2, "two")]);
        });
    }

    ClusterHandler NewHandler()
    {
        var (engines, probe) = Parts();
        return new ClusterHandler(new EngineDriver(hosts.Options, engines, probe, TimeProvider.System), TimeProvider.System);
    }

    ClusterWatcher NewWatcher()
    {
        var (engines, probe) = Parts();
        return new ClusterWatcher(new WatchedEngines(hosts.Options, engines, probe, TimeProvider.System), TimeProvider.System, NullLogger.Instance);
    }

    (List<EngineHost>, EngineProbe) Parts()
    {
        var engines = hosts.Options.Hosts.Select(h => new EngineHost(h)).ToList();
        var probe = new EngineProbe();
        owned.AddRange([.. engines, probe]);
        return (engines, probe);
    }

    static Work Rollout(AppKey app, int sequence, string image, string specification, (int Sequence, string Image, string Specification)? previous, int seconds = 180) =>
        ClusterWorks.New(app, sequence, ClusterWorks.Rollout(image, specification, previous, seconds), specification, previous?.Specification);

    static async Task<(int Sequence, string Image, string Specification)> Deployed(ClusterHandler handler, AppKey app, int sequence, string image, string specification, (int Sequence, string Image, string Specification)? previous = null)
    {
        var outcome = await Do(handler, Rollout(app, sequence, image, specification, previous));
        outcome.End.Content.Should().Match(c => c is ServiceDeployed || c is ServiceUpgraded, outcome.ToString());
        (await Do(handler, ClusterWorks.New(app, sequence, new DeploymentRetireRequested("main", DeploymentRetireRequested.Old)))).End.Content.Should().BeOfType<DeploymentRetired>();
        return (sequence, image, specification);
    }

    static async Task<Outcome> Do(ClusterHandler handler, Work work)
    {
        var events = await handler.Handle(work.Item, work.Bridge, Cancellation);
        ClusterScene.Keep(events.Concat(work.Bridge.Told));
        return new Outcome(events, work.Bridge);
    }
}
