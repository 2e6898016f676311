using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Watching;
using PipelineBridge.Events;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Cluster.Watching;

public class ClusterWatcherTests
{
    static readonly AppKey First = new("first", "prod");
    static readonly AppKey Second = new("second", "prod");

    readonly ScriptedCluster cluster = new();
    readonly RecordingBridge bridge = new();
    readonly FastTime clock = new(100);
    readonly RecordingLog log = new();

    [Fact]
    public async Task An_app_that_is_not_understood_is_logged_once_and_the_others_are_watched()
    {
        cluster.Shows[First] = Snapshot();
        cluster.Shows[Second] = Snapshot();
        bridge.Expects = (app, _) => app == First.App ? throw new FormatException("a mistake of our own") : null;
        await Watch(() => ClusterScene.Until(() => cluster.Looks > 5 && Told(Second).Any(), "the second app"));
        log.Lines.Should().ContainSingle().Which.Should().Contain("cluster.main.watcher").And.Contain("prod/first").And.Contain("a mistake of our own");
    }

    [Fact]
    public async Task A_cluster_that_is_not_understood_is_an_outage_that_is_told_and_logged_once()
    {
        cluster.Fails = new FormatException("no such state");
        await Watch(async () =>
        {
            await ClusterScene.Until(() => Contents<IncidentDetected>().Any(), "the outage");
            var looks = cluster.Looks;
            await ClusterScene.Until(() => cluster.Looks > looks + 5, "more looks");
            cluster.Fails = null;
            await ClusterScene.Until(() => Contents<IncidentResolved>().Any(), "its end");
        });
        Contents<IncidentDetected>().Should().ContainSingle().Which.Custom!.Cause.Should().Be("What it shows is not understood; the log says more. What runs there is not watched meanwhile.");
        log.Lines.Should().ContainSingle().Which.Should().Contain("no such state");
    }

    [Fact]
    public async Task An_outage_that_ended_while_no_watcher_ran_is_over_at_the_first_good_look_of_the_next()
    {
        cluster.Shows[First] = Snapshot();
        cluster.Fails = new ClusterUnreachableException("The engine h1 cannot be reached.");
        await Watch(() => ClusterScene.Until(() => Contents<IncidentDetected>().Any(), "the outage"));
        Open().Should().ContainSingle().Which.App.Should().Be("-");
        cluster.Fails = null;
        await Watch(() => ClusterScene.Until(() => Told(First).Any(), "the endpoints"));
        Open().Should().BeEmpty();
    }

    [Fact]
    public async Task A_watch_that_is_stopped_while_something_fails_ends_quietly()
    {
        cluster.Shows[First] = Snapshot();
        var stopped = new CancellationTokenSource();
        bridge.Expects = (_, _) =>
        {
            stopped.Cancel();
            throw new FormatException("at the same moment");
        };
        await new ClusterWatcher(cluster, clock, log).Watch(bridge, stopped.Token);
        stopped.Dispose();
    }

    async Task Watch(Func<Task> during)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var watching = new ClusterWatcher(cluster, clock, log).Watch(bridge, stop.Token);
        await during();
        await stop.CancelAsync();
        await watching;
    }

    IEnumerable<CdEvent> Told(AppKey app) => Contents<EndpointsChanged>().Where(e => e.Custom!.App == app.App);

    IEnumerable<CdEvent> Contents<T>() => bridge.Told.Where(e => e.Content is T);

    IReadOnlyList<OpenIncident> Open() => bridge.Told.Aggregate(OpenIncidents.None, (open, e) => open.After(e)).Incidents;

    static WatchedSnapshot Snapshot() => new()
    {
        Now = new AppSnapshot { Definition = "1", WrittenAt = DateTimeOffset.UnixEpoch, Wanted = 0, HasHealthCheck = true, IsMoving = false, Tasks = [], Source = "" },
        Endpoints = [],
    };
}
