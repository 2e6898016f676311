using System.Diagnostics;
using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Cluster.Engine;

[Trait("Needs", "root")]
public class EngineWatcherTests(EngineFixture fixture) : IClassFixture<EngineFixture>
{
    static IReadOnlyList<ServiceEndpoint>? Last(RecordingBridge bridge, EngineScene scene) =>
        bridge.Told.Where(e => e.SubjectId == $"{scene.App}").Select(e => e.Content).OfType<EndpointsChanged>().LastOrDefault()?.Tasks;

    // The watch sees the apps of the other tests too.
    static IEnumerable<CdEvent> Of(RecordingBridge bridge, EngineScene scene) => bridge.Told.Where(e => e.Custom!.App == scene.App.App);

    static Func<string, string, ExpectedDeployment?> Expecting(EngineScene scene, string image, int sequence) =>
        (app, environment) => app == scene.App.App ? new ExpectedDeployment(image, sequence, "d-x", false, "chain") : null;

    static async Task Watching(EngineScene scene, RecordingBridge bridge, Func<Task> during)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var watching = scene.NewWatcher().Watch(bridge, stop.Token);
        try
        {
            await during();
        }
        finally
        {
            await stop.CancelAsync();
            await watching;
        }
    }

    [Fact]
    public async Task Endpoints_are_told_old_and_new_and_again_when_a_port_changes()
    {
        using var scene = new EngineScene(fixture);
        var bridge = new RecordingBridge();
        var one = await scene.Deployed(1, await scene.Image("one"));
        bridge.Expects = Expecting(scene, one.Image, 1);
        await Watching(scene, bridge, async () =>
        {
            await ClusterScene.Until(() => Last(bridge, scene) is [{ Host: "127.0.0.1", Sequence: 1 }], "the endpoint");
            Last(bridge, scene)!.Single().Digest.Should().Be(ImageReference.Parse(one.Image).Digest);
            var port = Last(bridge, scene)!.Single().Port;
            await scene.Engine.Call(HttpMethod.Post, $"containers/{(await scene.Running()).Single()}/restart?t=0");
            await ClusterScene.Until(() => Last(bridge, scene) is [var e] && e.Port != port, "the new port");
            var two = await scene.Deployed(2, await scene.Image("two"), previous: one, retire: false);
            bridge.Expects = Expecting(scene, two.Image, 2);
            await ClusterScene.Until(() => Last(bridge, scene)?.Select(e => e.Sequence).Order().SequenceEqual([1L, 2L]) == true, "both");
            await scene.Do(scene.Retire(2));
            await ClusterScene.Until(() => Last(bridge, scene) is [{ Sequence: 2 }], "the new one alone");
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public async Task Tasks_that_end_again_and_again_are_an_incident_whatever_the_clock_of_the_engine(int minutes)
    {
        using var scene = new EngineScene(fixture) { Clock = new ShiftedTime(TimeSpan.FromMinutes(minutes)) };
        scene.NewHandler();
        var bridge = new RecordingBridge();
        var image = await scene.Image("fragile", before: "busybox sleep 10; echo giving up; exit 4");
        var one = await scene.Deployed(1, image, EngineScene.Specification(check: false));
        bridge.Expects = Expecting(scene, one.Image, 1);
        await Watching(scene, bridge, async () =>
        {
            await ClusterScene.Until(() => Of(bridge, scene).Any(e => e.Content is IncidentDetected), "the incident");
            // On a busy machine it may be that one stands still for so long that this is told.
            Of(bridge, scene).First(e => e.Content is IncidentDetected).Custom!.Cause.Should().Match(c => c.StartsWith("Its tasks end again and again, last with exit code 4: ", StringComparison.Ordinal)
                || c == "1 of 1 tasks do not run; the last ended with exit code 4.");
        });
    }

    [Fact]
    public async Task Tasks_that_are_ended_for_the_memory_they_use_are_an_incident_that_says_so()
    {
        using var scene = new EngineScene(fixture);
        var bridge = new RecordingBridge();
        var image = await scene.Image("hungry", before: "busybox sleep 4; x=0123456789; while true; do x=$x$x; done");
        var one = await scene.Deployed(1, image, EngineScene.Specification(check: false, more: "resources: {memoryMiB: 16}"));
        bridge.Expects = Expecting(scene, one.Image, 1);
        await Watching(scene, bridge, async () =>
        {
            await ClusterScene.Until(() => Of(bridge, scene).Any(e => e.Content is IncidentDetected), "the incident");
            // Where the engine is late to tell of the memory, it is what is likely.
            Of(bridge, scene).First(e => e.Content is IncidentDetected).Custom!.Cause.Should()
                .MatchRegex("^(Its tasks end again and again, last|1 of 1 tasks do not run; the last ended) (with exit code 137, probably )?because it used more memory than it may[.:]");
        });
    }

    [Fact]
    public async Task A_container_that_somebody_made_with_our_labels_of_an_images_id_hides_nothing()
    {
        using var scene = new EngineScene(fixture);
        using var other = new EngineScene(fixture);
        var bridge = new RecordingBridge();
        await scene.Deployed(1, await scene.Image("one"));
        var copied = (await scene.Engine.Call(HttpMethod.Get, $"containers/{(await scene.Running()).Single()}/json"))!;
        var labels = copied["Config"]!["Labels"]!.DeepClone();
        labels["pipelinebridge.app"] = other.App.App;
        var made = await scene.Engine.Call(HttpMethod.Post, "containers/create", new JsonObject
        {
            ["Image"] = (string)copied["Image"]!, ["Labels"] = labels, ["Cmd"] = copied["Config"]!["Cmd"]?.DeepClone(), ["StopTimeout"] = 1,
            ["ExposedPorts"] = new JsonObject { ["8080/tcp"] = new JsonObject() },
            ["HostConfig"] = new JsonObject { ["PublishAllPorts"] = true },
        });
        await scene.Engine.Call(HttpMethod.Post, $"containers/{(string)made!["Id"]!}/start");
        try
        {
            await Watching(scene, bridge, async () =>
            {
                await ClusterScene.Until(() => Last(bridge, other) is [{ Digest: null, Sequence: 1 }], "the endpoint of the copy, of which no digest is known");
                await ClusterScene.Until(() => Last(bridge, scene) is [{ Sequence: 1 }], "the endpoint");
            });
        }
        finally
        {
            await scene.Engine.Call(HttpMethod.Delete, $"containers/{(string)made["Id"]!}?force=true");
        }
    }

    [Fact]
    public async Task A_task_that_turns_unhealthy_is_an_incident_that_is_over_when_it_is_well()
    {
        using var scene = new EngineScene(fixture);
        var bridge = new RecordingBridge();
        var one = await scene.Deployed(1, await scene.Image("one"));
        bridge.Expects = Expecting(scene, one.Image, 1);
        var name = (await scene.Running()).Single();
        await Watching(scene, bridge, async () =>
        {
            await ClusterScene.Until(() => Last(bridge, scene) is [_], "the endpoint");
            await scene.Engine.Call(HttpMethod.Post, $"containers/{name}/pause");
            await ClusterScene.Until(() => Last(bridge, scene) is [], "no endpoint");
            await ClusterScene.Until(() => Of(bridge, scene).Any(e => e.Content is IncidentDetected), "the incident");
            Of(bridge, scene).First(e => e.Content is IncidentDetected).Custom!.Cause.Should().Be("1 of 1 tasks fail their health check.");
            await scene.Engine.Call(HttpMethod.Post, $"containers/{name}/unpause");
            await ClusterScene.Until(() => Of(bridge, scene).Any(e => e.Content is IncidentResolved), "its end");
        });
    }

    [Fact]
    public async Task A_live_task_stays_told_until_as_many_checks_failed_as_its_specification_says_one_an_interval()
    {
        using var scene = new EngineScene(fixture);
        var bridge = new RecordingBridge();
        var specification = EngineScene.Specification(check: false, more: "health: {path: /health, timeoutSeconds: 30, intervalSeconds: 15, failures: 2}");
        var one = await scene.Deployed(1, await scene.Image("one"), specification);
        bridge.Expects = Expecting(scene, one.Image, 1);
        await Watching(scene, bridge, async () =>
        {
            await ClusterScene.Until(() => Last(bridge, scene) is [_], "the endpoint");
            var began = Stopwatch.GetTimestamp();
            await scene.Run((await scene.Running()).Single(), "/bin/busybox", "mv", "/www/health", "/www/away");
            await ClusterScene.Until(() => Last(bridge, scene) is [], "no endpoint");
            Stopwatch.GetElapsedTime(began).Should().BeGreaterThan(TimeSpan.FromSeconds(11));
            await scene.Run((await scene.Running()).Single(), "/bin/busybox", "mv", "/www/away", "/www/health");
            await ClusterScene.Until(() => Last(bridge, scene) is [_], "the endpoint again");
        });
    }

    [Fact]
    public async Task What_somebody_removed_is_told_and_what_slipped_past_is_ended()
    {
        using var scene = new EngineScene(fixture);
        var bridge = new RecordingBridge();
        var one = await scene.Deployed(1, await scene.Image("one"));
        var two = await scene.Deployed(2, await scene.Image("two"), previous: one);
        bridge.Expects = Expecting(scene, two.Image, 2);
        await Watching(scene, bridge, async () =>
        {
            await ClusterScene.Until(() => Last(bridge, scene) is [{ Sequence: 2 }], "the endpoint");
            var labels = new JsonObject
            {
                ["pipelinebridge.cluster"] = "main", ["pipelinebridge.app"] = scene.App.App, ["pipelinebridge.environment"] = "prod", ["pipelinebridge.request"] = "d-old", ["pipelinebridge.sequence"] = "1",
                ["pipelinebridge.image"] = ImageReference.Parse(one.Image).Pinned, ["pipelinebridge.number"] = "1", ["pipelinebridge.replicas"] = "1",
            };
            var made = await scene.Engine.Call(HttpMethod.Post, "containers/create", new JsonObject { ["Image"] = ImageReference.Parse(one.Image).Pinned, ["Labels"] = labels, ["StopTimeout"] = 1 });
            await scene.Engine.Call(HttpMethod.Post, $"containers/{(string)made!["Id"]!}/start");
            await ClusterScene.Until(async () => (await scene.Containers()).Count == 1, "the late one to be ended");
            await ClusterScene.Until(() => Of(bridge, scene).Any(e => e.Content is IncidentDetected), "the incident");
            Of(bridge, scene).First(e => e.Content is IncidentDetected).Custom!.Cause.Should().Be("An older deployment of ours, number 1, came to the cluster after number 2; its tasks are ended.");
            await ClusterScene.Until(() => Of(bridge, scene).Any(e => e.Content is IncidentResolved), "the end of that");
            await scene.Engine.Call(HttpMethod.Delete, $"containers/{(await scene.Running()).Single()}?force=true");
            await ClusterScene.Until(() => Of(bridge, scene).Any(e => e.Custom!.Cause == "Somebody else removed it from the cluster."), "the removal");
            Last(bridge, scene).Should().BeEmpty();
        });
    }
}
