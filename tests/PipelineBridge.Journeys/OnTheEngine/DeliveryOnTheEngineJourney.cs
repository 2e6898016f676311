using System.Text.Json.Nodes;
using PipelineBridge.Journeys.Site;

namespace PipelineBridge.Journeys.OnTheEngine;

/// <summary>A delivery on a real Docker engine, from the build on it to the way back.</summary>
[Trait("Needs", "root")]
public sealed class DeliveryOnTheEngineJourney(EngineSite site) : IClassFixture<EngineSite>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_built_on_the_engine_is_pushed_rolled_out_renewed_under_load_taken_back_when_it_is_broken_and_rolled_back_by_one_command()
    {
        EngineSite.SkipWhereMissing();
        const string App = "portal";
        var specification = Path.Combine(site.Bridge.Folder, "portal.yaml");
        await File.WriteAllTextAsync(specification, EngineSite.Specification("replicas: 2"), Stop);

        // Built, pushed, deployed, by the command line.
        var one = await site.Build(App, "one");
        await Command(0, "push", App, one, "--source", "engine: main", "--tag", "latest");
        (await Command(0, "deploy", App, "prod", one, "--spec", specification)).Should().Contain("portal is live on prod: one");
        await site.Serves(App, "one", "one");

        // A new one under steady load: the old tasks stop only once the new ones are healthy.
        await using var load = new SteadyLoad(site.Bridge, App);
        await load.More(50);
        var old = (await site.Containers(App)).Select(c => (string)c["Id"]!).ToList();
        await site.Bridge.Good(await site.Bridge.Deploy(App, "prod", await site.Pushed(App, "two")));
        await site.Serves(App, "two", "two");
        await load.More(50);
        TestContext.Current.TestOutputHelper!.WriteLine($"Renewed under load: {load}.");
        load.Lost.Should().Be(0, $"one that serves is there at any time: {load}\n{site.Said}");
        load.Answers.Keys.Should().BeEquivalentTo("one", "two");
        var healthyAt = (DateTimeOffset)(await site.Bridge.Events("service.upgraded", App)).Single()["time"]!;
        (await Stopped(old)).Should().HaveCount(2).And.OnlyContain(at => at > healthyAt);

        // A broken one is taken back, and says why.
        var broken = await Command(1, "deploy", App, "prod", await site.Pushed(App, "three", healthy: false, before: "echo no database"), "--health-timeout", "25");
        broken.Should().Contain("FAILED").And.Contain("health: 0 of 2 new tasks passed GET /health in 25 s.").And.Contain("404").And.Contain("no database").And.Contain("taken back to it");
        await site.Serves(App, "two", "two");

        // One command goes back.
        (await Command(0, "rollback", App, "prod")).Should().Contain("portal is live on prod: one").And.Contain("was two");
        await site.Serves(App, "one", "one");
        (await Command(0, "status", App, "prod")).Should().Contain("one");
    }

    [Fact]
    public async Task A_port_of_the_host_passes_from_the_old_task_to_the_new_one_in_a_moment_without_answers()
    {
        EngineSite.SkipWhereMissing();
        const string App = "fixed";
        var port = SiteProcess.FreePort();
        var specification = EngineSite.Specification(ports: $"[{{ container: 8080, host: {port} }}]");
        var images = new[] { await site.Pushed(App, "one", before: Obeys), await site.Pushed(App, "two", before: Obeys) };
        await site.Bridge.Good(await site.Bridge.Deploy(App, "prod", images[0], specification));
        await using var load = new SteadyLoad(new Uri($"http://127.0.0.1:{port}/"));
        await load.More(50);

        await site.Bridge.Good(await site.Bridge.Deploy(App, "prod", images[1]));

        await load.More(50);
        TestContext.Current.TestOutputHelper!.WriteLine($"Renewed at a port of the host: {load}.");
        load.Answers.Keys.Should().BeEquivalentTo("one", "two");
        // docs/specification.md says so: whoever needs every answer leaves the port to the engine.
        load.Lost.Should().BeGreaterThan(0);
    }

    // The first process of a container ignores what it has no handler for (kill(2), init): a real service ends when it is told to.
    const string Obeys = "trap 'exit 0' TERM; busybox httpd -f -p 8080 -h /www & wait $!; exit";

    async Task<string> Command(int code, params string[] arguments)
    {
        var (exit, said) = await site.Bridge.Command(arguments);
        exit.Should().Be(code, "{0} said\n{1}\n{2}", string.Join(' ', arguments), said, site.Said);
        return said;
    }

    /// <summary>When containers ended, by the engine's own events.</summary>
    async Task<List<DateTimeOffset>> Stopped(List<string> containers)
    {
        var filters = new JsonObject { ["event"] = new JsonArray("die"), ["container"] = new JsonArray([.. containers.Select(c => (JsonNode)c)]) }.ToJsonString();
        var lines = await site.Engine.Lines($"events?since=0&until={DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1}&filters={Uri.EscapeDataString(filters)}");
        return [.. lines.Select(l => DateTimeOffset.UnixEpoch.AddTicks((long)l["timeNano"]! / 100))];
    }
}
