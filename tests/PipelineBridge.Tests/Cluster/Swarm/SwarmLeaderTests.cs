using System.Text.Json.Nodes;
using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Cluster.Swarm;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Cluster.Swarm;

[Trait("Needs", "root")]
public class SwarmLeaderTests
{
    [Fact]
    public async Task A_write_that_too_few_managers_answer_is_never_called_refused_and_is_made_once_when_there_is_a_leader_again()
    {
        DockerEngine.SkipWhereMissing();
        var stop = TestContext.Current.CancellationToken;
        await using var network = await EngineNetwork.Make();
        await using var first = await DockerEngine.Start(network);
        await using var second = await DockerEngine.Start(network);
        await using var third = await DockerEngine.Start(network);
        await first.Call(HttpMethod.Post, "swarm/init", new JsonObject { ["ListenAddr"] = $"{network.AddressOf(1)}:2377", ["AdvertiseAddr"] = network.AddressOf(1) });
        foreach (var (engine, number) in new[] { (second, 2), (third, 3) })
        {
            await engine.Send(HttpMethod.Post, "swarm/join", new JsonObject
            {
                ["ListenAddr"] = $"{network.AddressOf(number)}:2377", ["AdvertiseAddr"] = network.AddressOf(number), ["RemoteAddrs"] = new JsonArray($"{network.AddressOf(1)}:2377"),
                ["JoinToken"] = (string)(await first.Call(HttpMethod.Get, "swarm"))!["JoinTokens"]!["Manager"]!,
            });
            await ClusterScene.Until(async () => (await first.Call(HttpMethod.Get, "nodes"))!.AsArray().Count(n => (string?)n!["ManagerStatus"]?["Reachability"] == "reachable") == number, $"manager {number}");
        }
        EngineHostOptions[] hosts = [new("m2", second.Url, "")];
        using var managers = new SwarmManagers([.. hosts.Select(h => new EngineHost(h))]);
        var driver = new SwarmDriver(new SwarmClusterOptions("main", hosts, ["prod"]), managers, TimeProvider.System);
        var plan = ClusterPlan.Of(new AppKey("led", "prod"), 1, ClusterScene.Image(1), "kind: service\nports: [8080]");
        await first.Kill();
        await third.Kill();
        var said = new List<string>();
        await ClusterScene.Until(async () =>
        {
            try
            {
                // Only what was called unknown is looked for, as a rollout does.
                if (said.Count == 0 || await driver.Look(plan.App, stop) is null)
                {
                    await driver.Write(plan, null, stop);
                }
                return true;
            }
            catch (ClusterUnreachableException e)
            {
                said.Add($"{e.Message} {(e.InnerException as ClusterRefusedException)?.Answer}");
                if (said.Count == 1)
                {
                    await third.StartAgain();
                }
                return false;
            }
        }, "a new leader");
        said.Should().NotBeEmpty();
        (await second.Call(HttpMethod.Get, "services"))!.AsArray().Should().ContainSingle(string.Join('\n', said));
    }
}
