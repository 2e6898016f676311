using System.Text.Json.Nodes;
using PipelineBridge.Journal;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Simulators.Slack;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Processes;

/// <summary>The promise, on the real executable: killed at any moment, every accepted request has one end and one effect.</summary>
[Trait("Needs", "process")]
public class KilledTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    [InlineData(150)]
    [InlineData(400)]
    [InlineData(900)]
    [InlineData(1600)]
    public async Task A_delivery_that_works_is_done_once_when_the_process_is_killed_in_the_middle(int millisecondsToTheKill)
    {
        await using var registry = await RegistrySimulator.Start(new RegistrySimulatorOptions { Announce = _ => { } }, TestContext.Current.CancellationToken);
        await using var marathon = await MarathonSimulator.Start(new MarathonSimulatorOptions { Announce = _ => { } }, TestContext.Current.CancellationToken);
        await using var slack = await SlackSimulator.Start(new SlackSimulatorOptions { Announce = _ => { }, LimitsRate = false }, TestContext.Current.CancellationToken);
        registry.SeedImage("portal", "412");
        await using var bridge = new BridgeProcess(url => Configuration(url, registry, marathon, slack));
        await bridge.Start();
        var push = Push(registry);
        var deployment = Deployment(registry);

        var pushed = await bridge.Accepted("/v1/pushes", push, "412-push");
        var deployed = await bridge.Accepted("/v1/deployments", deployment, "412-prod");
        await Task.Delay(TimeSpan.FromMilliseconds(millisecondsToTheKill), TestContext.Current.CancellationToken);
        await bridge.Kill();
        await bridge.Start();

        // Who got no answer sends it again with its key: the same requests.
        ((string)(await bridge.Accepted("/v1/pushes", push, "412-push"))["id"]!).Should().Be((string)pushed["id"]!);
        ((string)(await bridge.Accepted("/v1/deployments", deployment, "412-prod"))["id"]!).Should().Be((string)deployed["id"]!);
        (await bridge.End(pushed))["state"]!.ToString().Should().Be("succeeded", bridge.ToString());
        (await bridge.End(deployed))["state"]!.ToString().Should().Be("succeeded", bridge.ToString());

        await Told(slack, "live");
        slack.Messages("deploys").Should().ContainSingle("a delivery has one message");
        registry.Digest("portal", "latest").Should().Be(registry.Digest("portal", "412"));
        Writes(marathon).Should().Be(1, "the app was written once");
        await bridge.Kill();
        Ends(bridge.JournalFile, "deployment-succeeded").Should().Be(1);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(2600)]
    [InlineData(3400)]
    [InlineData(4200)]
    public async Task A_delivery_that_fails_is_taken_back_once_and_never_rolled_forward_again(int millisecondsToTheKill)
    {
        await using var registry = await RegistrySimulator.Start(new RegistrySimulatorOptions { Announce = _ => { } }, TestContext.Current.CancellationToken);
        await using var marathon = await MarathonSimulator.Start(new MarathonSimulatorOptions { Announce = _ => { } }, TestContext.Current.CancellationToken);
        await using var slack = await SlackSimulator.Start(new SlackSimulatorOptions { Announce = _ => { }, LimitsRate = false }, TestContext.Current.CancellationToken);
        registry.SeedImage("portal", "412", "good");
        var broken = registry.SeedImage("portal", "413", "broken");
        marathon.Script(new TaskBehavior { Image = broken, NeverHealthy = true });
        await using var bridge = new BridgeProcess(url => Configuration(url, registry, marathon, slack));
        await bridge.Start();
        (await bridge.End(await bridge.Accepted("/v1/deployments", Deployment(registry, "412"), "412-prod")))["state"]!.ToString().Should().Be("succeeded", bridge.ToString());

        var bad = Deployment(registry, "413");
        bad["healthTimeoutSeconds"] = 3;
        var failed = await bridge.Accepted("/v1/deployments", bad, "413-prod");
        await Task.Delay(TimeSpan.FromMilliseconds(millisecondsToTheKill), TestContext.Current.CancellationToken);
        await bridge.Kill();
        await bridge.Start();

        var end = await bridge.End(failed);
        end["state"]!.ToString().Should().Be("failed", bridge.ToString());
        end["effect"]!.ToString().Should().Be("takenback");
        await Told(slack, "failed 413");
        Writes(marathon).Should().Be(2, "the good one and the broken one were each written once; the way back is Marathon's revert");
        await bridge.Kill();
        Ends(bridge.JournalFile, "deployment-failed").Should().Be(1);
    }

    static async Task Told(SlackSimulator slack, string word)
    {
        var until = DateTime.UtcNow + Patience.Bound;
        while (!slack.Messages("deploys").Any(m => m.Text.Contains(word, StringComparison.Ordinal)))
        {
            DateTime.UtcNow.Should().BeBefore(until, $"the chat is told \"{word}\"");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>How often the app was written: PUT of the app, as the simulator answered it.</summary>
    static int Writes(MarathonSimulator marathon) => marathon.Log.Requests.Count(r => r.Method == "PUT" && r.Path.StartsWith("/v2/apps/", StringComparison.Ordinal) && r.Status is 200 or 201);

    static int Ends(string journal, string dashed)
    {
        var verified = JournalVerifier.Verify(journal);
        verified.Wrong.Should().BeNull();
        var opened = EventJournal.Open(new JournalOptions { Path = journal });
        try
        {
            var type = "dev.cdeventsx.pipelinebridge-" + dashed.Replace('-', '.') + ".0.1.0";
            return opened.Read(r => r.EventsAfter(0, 5000)).Events.Count(e => e.Type == type);
        }
        finally
        {
            opened.DisposeAsync().AsTask().Wait();
        }
    }

    static string Configuration(string url, RegistrySimulator registry, MarathonSimulator marathon, SlackSimulator slack)
    {
        // The token stands in a file, as in a real configuration.
        var token = Path.Combine(Directory.CreateTempSubdirectory("pipelinebridge-token-").FullName, "token");
        File.WriteAllText(token, "xoxb-simulator");
        return $$"""
            listen: {{url}}
            registries:
              "{{registry.Host}}": { url: {{registry.Url}} }
            clusters:
              main: { marathon: { url: {{marathon.Url}} } }
            environments:
              prod: { zone: internal, cluster: main, group: /prod, notify: [team] }
            targets:
              team: { slack: { channel: "#deploys", token: { file: {{token}} }, url: {{slack.ApiUrl}} } }
            """;
    }

    static JsonObject Push(RegistrySimulator registry) => new() { ["app"] = "portal", ["image"] = $"{registry.Host}/portal:412", ["tags"] = new JsonArray("latest") };

    static JsonObject Deployment(RegistrySimulator registry, string tag = "412") => new()
    {
        ["app"] = "portal",
        ["environment"] = "prod",
        ["image"] = $"{registry.Host}/portal:{tag}",
        ["spec"] = new JsonObject
        {
            ["id"] = "/prod/portal",
            ["instances"] = 2,
            ["cpus"] = 0.1,
            ["mem"] = 64,
            ["container"] = new JsonObject
            {
                ["type"] = "DOCKER",
                ["docker"] = new JsonObject { ["image"] = "x/portal" },
                ["portMappings"] = new JsonArray(new JsonObject { ["containerPort"] = 8080, ["hostPort"] = 0 }),
            },
            ["networks"] = new JsonArray(new JsonObject { ["mode"] = "container/bridge" }),
            ["healthChecks"] = new JsonArray(new JsonObject { ["protocol"] = "MESOS_HTTP", ["path"] = "/health", ["portIndex"] = 0, ["gracePeriodSeconds"] = 30, ["intervalSeconds"] = 1, ["maxConsecutiveFailures"] = 3 }),
        },
    };
}
