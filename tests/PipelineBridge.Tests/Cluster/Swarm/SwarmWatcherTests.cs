using System.Text.Json.Nodes;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Cluster.Swarm;

[Collection(SharedSwarm.Name), Trait("Needs", "root")]
public class SwarmWatcherTests(SwarmFixture fixture)
{
    [Fact]
    public async Task Endpoints_are_told_with_the_addresses_of_their_nodes_and_follow_an_update()
    {
        using var scene = new SwarmScene(fixture);
        var seen = new WatchedApp(scene.App);
        var one = await scene.Deployed(1, await scene.Image("one"), SwarmScene.Specification(2));
        seen.Expect(one.Image, 1);
        await seen.During(scene.NewWatcher(), async () =>
        {
            await ClusterScene.Until(() => seen.Endpoints is [{ Sequence: 1 }, { Sequence: 1 }], "both endpoints");
            seen.Endpoints!.Select(e => e.Host).Should().BeEquivalentTo(fixture.Addresses);
            seen.Endpoints!.Select(e => e.Digest).Should().AllBe(ImageReference.Parse(one.Image).Digest);
            foreach (var endpoint in seen.Endpoints!)
            {
                (await SwarmScene.Get(endpoint)).Should().Be("one");
            }
            var two = await scene.Deployed(2, await scene.Image("two"), SwarmScene.Specification(2), one);
            seen.Expect(two.Image, 2);
            await ClusterScene.Until(() => seen.Endpoints is [{ Sequence: 2 }, { Sequence: 2 }], "the new ones");
            seen.Bridge.Expects = (_, _) => null;
            (await scene.Do(scene.Removal(3))).End.Content.Should().BeOfType<ServiceRemoved>();
            await ClusterScene.Until(() => seen.Endpoints is [], "none");
        });
        seen.Incidents.Should().BeEmpty();
    }

    [Fact]
    public async Task Tasks_that_end_again_and_again_are_an_incident_that_says_how_they_ended()
    {
        // Each lives so long that a busy machine sees it healthy in time. The second is healthy, and then no more: the Swarm ends such a task and starts another one.
        await Task.WhenAll(
            Ends("busybox sleep 15; x=0123456789; while true; do x=$x$x; done", SwarmScene.Specification(check: false, more: "resources: {memoryMiB: 16}"), "with exit code 137, probably for using more memory than it may"),
            Ends("busybox sleep 15; echo giving up; exit 4", SwarmScene.Specification(check: false), "with exit code 4"),
            Ends("(busybox sleep 15; busybox rm /www/health) & echo starting", SwarmScene.Specification().Replace("failures: 3", "failures: 1", StringComparison.Ordinal), "for its health check"));
    }

    async Task Ends(string before, string specification, string how)
    {
        using var scene = new SwarmScene(fixture);
        var seen = new WatchedApp(scene.App);
        var one = await scene.Deployed(1, await scene.Image("fragile", before: before), specification);
        seen.Expect(one.Image, 1);
        await seen.During(scene.NewWatcher(), async () =>
        {
            await ClusterScene.Until(() => seen.Incidents.Count > 0, "the incident");
            // On a busy machine it may be that one stands still for so long that this is told.
            seen.Incidents[0].Should().Match(c => c.StartsWith($"Its tasks end again and again, last {how}: ", StringComparison.Ordinal) || c == $"1 of 1 tasks do not run; the last ended {how}.");
        });
    }

    [Fact]
    public async Task What_somebody_scaled_changed_or_removed_is_told_and_over_when_it_is_as_deployed()
    {
        using var scene = new SwarmScene(fixture);
        var seen = new WatchedApp(scene.App);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var other = ImageReference.Parse(await scene.Image("two")).Pinned;
        seen.Expect(one.Image, 1);
        await seen.During(scene.NewWatcher(), async () =>
        {
            await ClusterScene.Until(() => seen.Endpoints is [_], "the endpoint");
            await Change(scene, s => s["Mode"]!["Replicated"]!["Replicas"] = 2);
            await ClusterScene.Until(() => seen.Incidents.Contains("Somebody else scaled it on the cluster from 1 to 2 tasks."), "the scale");
            await Change(scene, s => s["Mode"]!["Replicated"]!["Replicas"] = 1);
            await ClusterScene.Until(() => seen.Resolved == 1, "the end of that");
            await Change(scene, s => s["TaskTemplate"]!["ContainerSpec"]!["Image"] = other);
            await ClusterScene.Until(() => seen.Incidents.Contains("Somebody else changed its image on the cluster."), "the image");
            await scene.Deployed(2, one.Image, previous: one);
            seen.Expect(one.Image, 2);
            await ClusterScene.Until(() => seen.Resolved == 2, "the end of that");
            await scene.Manager.Call(HttpMethod.Delete, $"services/{scene.ServiceName}");
            await ClusterScene.Until(() => seen.Incidents.Contains("Somebody else removed it from the cluster."), "the removal");
        });
    }

    static async Task Change(SwarmScene scene, Action<JsonObject> change)
    {
        var service = (await scene.Service())!;
        var spec = service["Spec"]!.DeepClone().AsObject();
        change(spec);
        await scene.Manager.Call(HttpMethod.Post, $"services/{scene.ServiceName}/update?version={service["Version"]!["Index"]}", spec);
    }
}
