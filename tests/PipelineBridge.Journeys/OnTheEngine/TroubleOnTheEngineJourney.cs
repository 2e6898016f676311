using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace PipelineBridge.Journeys.OnTheEngine;

/// <summary>What goes wrong on a real Docker engine: each delivery has one end, the right one, with its cause.</summary>
[Trait("Needs", "root")]
public sealed class TroubleOnTheEngineJourney(EngineSite site) : IClassFixture<EngineSite>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_that_is_gone_from_the_registry_refuses_the_deployment_and_nothing_changes()
    {
        EngineSite.SkipWhereMissing();
        const string App = "gone";
        await site.Bridge.Good(await site.Bridge.Deploy(App, "prod", await site.Pushed(App, "one"), EngineSite.Specification()));
        var two = await site.Pushed(App, "two");
        await site.Forget(two);
        await site.Engine.RemoveImage(site.Image(App, "two"));

        var byTag = await site.Bridge.End(await site.Bridge.Deploy(App, "prod", site.Image(App, "two")));
        var byDigest = await site.Bridge.End(await site.Bridge.Deploy(App, "prod", two));

        foreach (var end in new[] { byTag, byDigest })
        {
            ((string)end["state"]!, (string)end["category"]!).Should().Be(("refused", "image"), end.ToJsonString());
            ((string)end["cause"]!).Should().Contain(site.Image(App, "two").Split('/')[0]);
        }
        await site.Serves(App, "one");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_with_its_host()
    {
        EngineSite.SkipWhereMissing();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var specification = EngineSite.Specification(ports: $"[{{ container: 8080, host: {((IPEndPoint)taken.LocalEndpoint).Port} }}]");

        var end = await site.Bridge.End(await site.Bridge.Deploy("taken", "prod", await site.Pushed("taken", "one"), specification, healthTimeoutSeconds: 300));

        ((string)end["state"]!, (string)end["category"]!).Should().Be(("failed", "resources"), end.ToJsonString());
        ((string)end["cause"]!).Should().Be("A port that a new task needs is taken on h1 by something else.");
        (await site.Containers("taken", all: true)).Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_never_healthy_ends_at_its_time_and_what_is_slow_within_it_is_live()
    {
        EngineSite.SkipWhereMissing();
        var images = new[] { await site.Pushed("never", "one", healthy: false), await site.Pushed("slow", "one", before: "echo warming up; busybox sleep 4") };
        var never = await site.Bridge.Deploy("never", "prod", images[0], EngineSite.Specification(), healthTimeoutSeconds: 25);
        var slow = await site.Bridge.Deploy("slow", "prod", images[1], EngineSite.Specification(), healthTimeoutSeconds: 180);

        var end = await site.Bridge.End(never);
        ((string)end["state"]!, (string)end["effect"]!, (string)end["category"]!).Should().Be(("failed", "takenback", "health"), end.ToJsonString());
        ((string)end["cause"]!).Should().Be("0 of 1 new tasks passed GET /health in 25 s.");
        (await site.Bridge.Evidence(end, "last answer")).Should().Contain("404");
        (await site.Bridge.Evidence(end, "last log")).Should().Contain("starting");
        (await site.Containers("never", all: true)).Should().BeEmpty();
        ((double)(await site.Bridge.Good(slow))["phases"]!["healthySeconds"]!).Should().BeInRange(3, 180);
        await site.Serves("slow", "one");
    }

    [Fact]
    public async Task What_crashes_after_it_was_live_is_told_as_an_incident_and_its_end()
    {
        EngineSite.SkipWhereMissing();
        const string App = "fragile";
        var image = await site.Pushed(App, "one", before: "busybox httpd -f -p 8080 -h /www & busybox sleep 15; echo out of ideas; exit 4");
        await site.Bridge.Good(await site.Bridge.Deploy(App, "prod", image, EngineSite.Specification()));

        await site.Bridge.Until(async () => (await site.Bridge.Events("incident.detected", App)).Count > 0, "the incident");

        var incident = (await site.Bridge.Events("incident.detected", App))[0]["data"]!["customData"]!;
        ((string)incident["cause"]!).Should().Contain("with exit code 4");
        ((string)incident["image"]!).Should().Be(image);
        await site.Bridge.Good(await site.Bridge.Deploy(App, "prod", await site.Pushed(App, "two")));
        await site.Bridge.Until(async () => (await site.Bridge.Events("incident.resolved", App)).Count > 0, "its end");
    }

    [Fact]
    public async Task The_engine_may_be_killed_in_the_middle_of_a_rollout()
    {
        EngineSite.SkipWhereMissing();
        const string App = "survivor";
        await site.Bridge.Good(await site.Bridge.Deploy(App, "prod", await site.Pushed(App, "one"), EngineSite.Specification("replicas: 2")));
        var rollout = await site.Bridge.Deploy(App, "prod", await site.Pushed(App, "two", before: "echo warming up; busybox sleep 3"), healthTimeoutSeconds: 300);
        await site.Bridge.Until(async () => (await site.Containers(App)).Count == 4, "old and new tasks");

        await site.Engine.Kill();
        await Task.Delay(1000, Stop);
        await site.Engine.StartAgain();

        await site.Bridge.Good(rollout);
        await site.Serves(App, "two", "two");
        await site.Keeps(App, 2);
        (await Ends(App, rollout)).Should().Be(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_bridge_may_be_killed_in_the_middle_of_a_rollout(bool healthy)
    {
        EngineSite.SkipWhereMissing();
        var app = healthy ? "interrupted" : "interrupted-sick";
        await site.Bridge.Good(await site.Bridge.Deploy(app, "prod", await site.Pushed(app, "one"), EngineSite.Specification("replicas: 2")));
        var rollout = await site.Bridge.Deploy(app, "prod", await site.Pushed(app, "two", healthy, "echo warming up; busybox sleep 2"), healthTimeoutSeconds: healthy ? 60 : 6);
        await site.Bridge.Until(async () => (await site.Containers(app, all: true)).Count > 2, "a new task");

        await site.Bridge.Process.Kill();
        await site.Bridge.Process.Start();

        ((string)(await site.Bridge.End(rollout))["state"]!).Should().Be(healthy ? "succeeded" : "failed", site.Said);
        await site.Serves(app, healthy ? ["two", "two"] : ["one", "one"]);
        await site.Keeps(app, 2);
        (await Ends(app, rollout)).Should().Be(1);
    }

    [Fact]
    public async Task A_full_disk_of_an_engine_is_the_cause_that_is_told_of_a_push_and_of_a_deployment()
    {
        EngineSite.SkipWhereMissing();
        const string App = "large";
        // Nothing that a compressor could make small.
        var content = new byte[12_000_000];
        new Random(1).NextBytes(content);
        await site.Small.Build(site.Image(App, "built-here"), "FROM scratch\nCOPY content /content\n", ("content", content));
        var images = new[] { await site.Pushed(App, "one"), await site.Pushed(App, "two") };
        await site.Bridge.Good(await site.Bridge.Deploy(App, "tiny", images[0], EngineSite.Specification()));
        var filled = Path.Combine(site.SmallDisk, "filled");
        await site.Fill(filled, free: 1_000_000);

        var push = await site.Bridge.End(await site.Bridge.Ask("/v1/pushes", new JsonObject { ["app"] = App, ["image"] = site.Image(App, "built-here"), ["source"] = "engine: small" }));
        var pull = await site.Bridge.End(await site.Bridge.Deploy(App, "tiny", images[1]));
        await site.Fill(filled + "-to-the-end", free: 0);
        var create = await site.Bridge.End(await site.Bridge.Deploy(App, "tiny", images[0], EngineSite.Specification("replicas: 2")));

        ((string)push["state"]!, (string)push["category"]!, (string)push["cause"]!).Should().Be(("failed", "resources", "The disk of the engine small is full: it could not give an image."), site.Said);
        (await site.Bridge.Evidence(push, "last answer")).Should().Contain("no space left on device");
        ((string)pull["state"]!, (string)pull["category"]!, (string)pull["cause"]!).Should().Be(("refused", "resources", "The engine s1 could not pull the image: its disk is full."), site.Said);
        ((string)create["state"]!, (string)create["category"]!, (string)create["cause"]!).Should().Be(("refused", "resources", "The disk of the engine s1 is full."), site.Said);
        File.Delete(filled);
        File.Delete(filled + "-to-the-end");
        await site.Bridge.Good(await site.Bridge.Deploy(App, "tiny", images[1]));
    }

    /// <summary>How many ends a request has in the journal.</summary>
    async Task<int> Ends(string app, JsonObject receipt)
    {
        var ends = new List<JsonObject>();
        foreach (var word in new[] { "deployment.succeeded", "deployment.failed", "deployment.superseded", "deployment.refused", "deployment.cancelled" })
        {
            ends.AddRange(await site.Bridge.Events(word, app));
        }
        return ends.Count(e => (string)e["data"]!["customData"]!["requestId"]! == (string)receipt["id"]!);
    }
}
