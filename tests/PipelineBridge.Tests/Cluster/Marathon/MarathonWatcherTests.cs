using System.Text.Json.Nodes;
using PipelineBridge.Cluster.Marathon;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Cluster.Marathon;

public class MarathonWatcherTests
{
    [Fact]
    public async Task Each_snapshot_names_only_healthy_tasks_with_their_digest_and_sequence()
    {
        await using var scene = await ClusterScene.Start();
        await using var watch = new Watching(scene);
        watch.Begin();

        await scene.Deployed(1);
        await watch.Until<EndpointsChanged>(e => e.Tasks.Count == 2);
        await scene.Deployed(2, previous: 1);
        await watch.Until<EndpointsChanged>(e => e.Tasks.Count == 2 && e.Tasks.All(t => t.Sequence == 2));

        watch.Told<EndpointsChanged>().Should().AllSatisfy(e => e.Cluster.Should().Be("main"));
        watch.Told<EndpointsChanged>().SelectMany(e => e.Tasks).Should().AllSatisfy(t => t.Digest.Should().Be(ClusterScene.Digest((int)t.Sequence!.Value)));
        var app = (await scene.App())!;
        watch.Told<EndpointsChanged>()[^1].Tasks.Select(t => $"{t.Host}:{t.Port}").Should().BeEquivalentTo(
            app["tasks"]!.AsArray().Select(t => $"{t!["host"]!.GetValue<string>()}:{t["ports"]![0]!.GetValue<int>()}"));
        watch.Told<EndpointsChanged>().Zip(watch.Told<EndpointsChanged>().Skip(1)).Should().AllSatisfy(p => p.First.Tasks.Should().NotEqual(p.Second.Tasks));

        scene.Marathon.Script(new TaskBehavior { NeverHealthy = true });
        scene.Marathon.EndTasks(ClusterScene.Id, "TASK_FAILED", "gone");
        await watch.Until<EndpointsChanged>(e => e.Tasks.Count == 1);
        watch.Bridge.Told.Where(e => e.Content is EndpointsChanged).Select(e => e.SubjectId).Distinct().Should().Equal("prod/portal");
    }

    [Fact]
    public async Task Tasks_without_a_health_check_are_in_no_snapshot()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1, ClusterScene.Specification(check: false));
        await using var watch = new Watching(scene);

        await watch.Until<EndpointsChanged>(e => e.Tasks.Count == 0);

        watch.Told<EndpointsChanged>().Should().AllSatisfy(e => e.Tasks.Should().BeEmpty());
    }

    [Fact]
    public async Task An_app_that_was_never_ours_is_not_watched()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.ChangeApp("/prod/other", new JsonObject { ["cmd"] = "x" });
        await scene.Deployed(1);
        await using var watch = new Watching(scene);

        await watch.Until<EndpointsChanged>(e => e.Tasks.Count == 2);

        watch.Bridge.Told.Should().AllSatisfy(e => e.Custom!.App.Should().Be("portal"));
    }

    [Fact]
    public async Task Health_that_is_lost_is_told_once_and_its_return_too()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { UnhealthyAfterMilliseconds = 4_000 });
        await scene.Deployed(1);
        scene.Marathon.ClearScript();
        await using var watch = new Watching(scene) { Expects = Expected(1) };

        var detected = await watch.Until<IncidentDetected>(_ => true);
        detected.Description.Should().Contain("fail their health check");
        var resolved = await watch.Until<IncidentResolved>(_ => true);

        resolved.Service!.Id.Should().Be("prod/portal");
        watch.Told<IncidentDetected>().Should().ContainSingle();
        watch.Bridge.Told.Where(e => e.Content is IncidentDetected or IncidentResolved).Select(e => e.SubjectId).Distinct().Should().ContainSingle("the message of the one is that of the other");
        watch.Bridge.Told.First(e => e.Content is IncidentDetected).ChainId.Should().Be("chain");
    }

    [Fact]
    public async Task Tasks_that_crash_again_and_again_are_told()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        await using var watch = new Watching(scene) { Expects = Expected(1) };
        await watch.Until<EndpointsChanged>(e => e.Tasks.Count == 2);
        scene.Marathon.Script(new TaskBehavior { CrashAfterMilliseconds = 200 });

        scene.Marathon.EndTasks(ClusterScene.Id, "TASK_FAILED", "Container exited with status 1", 2);

        (await watch.Until<IncidentDetected>(_ => true)).Description.Should().MatchRegex("end again and again|are gone");
    }

    [Fact]
    public async Task While_a_rollout_moves_nothing_is_an_incident()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { NeverHealthy = true });
        await using var watch = new Watching(scene) { Expects = (_, _) => new ExpectedDeployment(ClusterScene.Image(1), 1, "d-x", true, null) };
        watch.Begin();

        await scene.Do(scene.Rollout(1, seconds: 60));

        watch.Told<IncidentDetected>().Should().BeEmpty();
    }

    [Fact]
    public async Task Somebody_elses_image_is_told_and_left_alone()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        await using var watch = new Watching(scene) { Expects = Expected(1) };
        watch.Begin();

        scene.Marathon.ChangeApp(ClusterScene.Id, JsonNode.Parse("""{"container":{"type":"DOCKER","docker":{"image":"registry.internal/portal:hand"}}}""")!.AsObject());

        (await watch.Until<IncidentDetected>(_ => true)).Description.Should().Contain("changed its image");
        watch.Bridge.Told.Single(e => e.Content is IncidentDetected).Custom!.Category.Should().Be(FailureCategory.Cluster);
        scene.Writes.Should().ContainSingle();
    }

    [Fact]
    public async Task Somebody_who_scales_or_takes_our_labels_away_is_told_of_and_the_way_back_too()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        await using var watch = new Watching(scene) { Expects = Expected(1) };
        watch.Begin();

        scene.Marathon.ChangeApp(ClusterScene.Id, new JsonObject { ["instances"] = 3 });
        (await watch.Until<IncidentDetected>(_ => true)).Description.Should().Contain("from 2 to 3");
        scene.Marathon.ChangeApp(ClusterScene.Id, new JsonObject { ["instances"] = 2 });
        await watch.Until<IncidentResolved>(_ => true);

        scene.Marathon.ChangeApp(ClusterScene.Id, new JsonObject { ["labels"] = new JsonObject { ["mine"] = "1" } });
        await watch.Until<IncidentDetected>(i => i.Description!.Contains("no label", StringComparison.Ordinal));
        scene.Writes.Should().ContainSingle();
    }

    [Fact]
    public async Task An_app_that_somebody_else_removed_is_told_with_an_empty_snapshot()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        await using var watch = new Watching(scene) { Expects = Expected(1) };
        await watch.Until<EndpointsChanged>(e => e.Tasks.Count == 2);

        using var http = new HttpClient();
        await http.DeleteAsync(new Uri(scene.Marathon.Url, $"v2/apps{ClusterScene.Id}"), TestContext.Current.CancellationToken);

        (await watch.Until<IncidentDetected>(_ => true)).Description.Should().Contain("removed");
        await watch.Until<EndpointsChanged>(e => e.Tasks.Count == 0);
    }

    [Fact]
    public async Task An_older_one_of_ours_that_slipped_past_is_told_and_set_right()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        var first = (await scene.App())!["version"]!.GetValue<string>();
        await scene.Deployed(2, previous: 1);
        await using var watch = new Watching(scene) { Expects = Expected(2) };
        await watch.Until<EndpointsChanged>(e => e.Tasks.Count == 2);

        // A worker that was frozen wakes and writes its old version.
        scene.Marathon.ChangeApp(ClusterScene.Id, new JsonObject { ["version"] = first });

        (await watch.Until<IncidentDetected>(_ => true)).Description.Should().Contain("number 1").And.Contain("number 2");
        await ClusterScene.Until(async () => await scene.RunningImage() == ClusterScene.Pinned(2), "the way back");
        await watch.Until<IncidentResolved>(_ => true);
    }

    [Fact]
    public async Task An_outage_of_Marathon_is_told_once_and_its_end_too()
    {
        await using var scene = await ClusterScene.Start(times: 30);
        await scene.Deployed(1);
        await using var watch = new Watching(scene) { Expects = Expected(1) };
        await watch.Until<EndpointsChanged>(e => e.Tasks.Count == 2);

        scene.Marathon.Faults.Add(new Fault { PathPrefix = "/", Status = 502, Times = 100_000 });
        var told = await watch.Until<IncidentDetected>(_ => true);
        await Task.Delay(TimeSpan.FromSeconds(60), scene.Time, TestContext.Current.CancellationToken);
        scene.Marathon.Faults.Clear();
        await watch.Until<IncidentResolved>(_ => true);

        told.Description.Should().Contain("no leader");
        watch.Told<IncidentDetected>().Should().ContainSingle();
        watch.Told<EndpointsChanged>().Should().NotContain(e => e.Tasks.Count == 0, "what is not seen is not gone");
    }

    [Fact]
    public async Task An_app_that_is_not_understood_is_logged_once_and_the_others_are_watched()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        scene.Marathon.ChangeApp("/prod/aside", new JsonObject { ["cmd"] = "x" });
        await using var watch = new Watching(scene) { Expects = (app, _) => app == "aside" ? throw new FormatException("a mistake of our own") : null };

        await watch.Until<EndpointsChanged>(e => e.Tasks.Count == 2);
        scene.Marathon.Script(new TaskBehavior { NeverHealthy = true });
        scene.Marathon.EndTasks(ClusterScene.Id, "TASK_FAILED", "gone");
        await watch.Until<EndpointsChanged>(e => e.Tasks.Count == 1);

        watch.Log.Lines.Should().ContainSingle().Which.Should().Contain("prod/aside").And.Contain("a mistake of our own");
    }

    [Fact]
    public async Task A_bridge_that_does_not_take_it_is_told_at_the_next_look()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        var refusals = 3;
        await using var watch = new Watching(scene) { Refuses = () => Interlocked.Decrement(ref refusals) >= 0 };

        await watch.Until<EndpointsChanged>(e => e.Tasks.Count == 2);

        refusals.Should().BeNegative();
    }

    static Func<string, string, ExpectedDeployment?> Expected(int version) => (_, _) =>
        new ExpectedDeployment(ClusterScene.Image(version), version, new RequestId(RequestId.Deployment, EventId.Derive(1_000_000 + version, "ask")).ToString(), false, "chain");

    sealed class Watching : IAsyncDisposable
    {
        readonly CancellationTokenSource over = new();
        readonly Task watching;

        public Watching(ClusterScene scene)
        {
            var watcher = new MarathonWatcher(scene.NewClient(), scene.Time, Log);
            watcher.Name.Should().Be("cluster.main.watcher");
            watching = Task.Run(async () =>
            {
                // The initializer comes first.
                await started.Task;
                await watcher.Watch(Bridge, over.Token);
            });
        }

        readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public RecordingBridge Bridge { get; } = new();

        public RecordingLog Log { get; } = new();

        public Func<string, string, ExpectedDeployment?> Expects
        {
            init => Bridge.Expects = value;
        }

        public Func<bool> Refuses
        {
            init => Bridge.Refuses = value;
        }

        public void Begin() => started.TrySetResult();

        public IReadOnlyList<T> Told<T>() => [.. Bridge.Told.Select(e => e.Content).OfType<T>()];

        public async Task<T> Until<T>(Func<T, bool> isIt)
        {
            Begin();
            await ClusterScene.Until(() => Told<T>().Any(isIt), typeof(T).Name);
            return Told<T>().First(isIt);
        }

        public async ValueTask DisposeAsync()
        {
            started.TrySetResult();
            await over.CancelAsync();
            await watching;
            over.Dispose();
            ClusterScene.Keep(Bridge.Told);
        }
    }
}
