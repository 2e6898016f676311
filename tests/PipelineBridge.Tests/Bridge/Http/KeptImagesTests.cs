using System.Net;
using System.Text.Json.Nodes;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Http;

public class KeptImagesTests
{
    [Fact]
    public async Task What_runs_and_what_can_be_gone_back_to_is_kept()
    {
        await using var bridge = await RunningBridge.Start();
        foreach (var tag in new[] { "410", "411", "412" })
        {
            await bridge.Until(await Deploy(bridge, $"registry.internal/portal:{tag}@sha256:{new string(tag[^1], 64)}"), "succeeded");
        }

        (await Kept(bridge)).Should().BeEquivalentTo(
            $"registry.internal/portal:412@sha256:{new string('2', 64)} runs as portal on prod",
            $"registry.internal/portal:411@sha256:{new string('1', 64)} portal on prod can go back to it",
            $"registry.internal/portal:410@sha256:{new string('0', 64)} portal on prod can go back to it");
    }

    [Fact]
    public async Task What_waits_behind_a_hold_is_kept()
    {
        await using var bridge = await RunningBridge.Start();
        using var hold = await bridge.Send(HttpMethod.Put, "/v1/holds/portal/prod", $$"""{"reason":"audit","until":"{{DateTimeOffset.UtcNow.AddHours(1):yyyy-MM-dd'T'HH:mm:ss'Z'}}"}""");
        hold.StatusCode.Should().Be(HttpStatusCode.Accepted);
        var receipt = await Deploy(bridge, $"registry.internal/portal:412@sha256:{new string('2', 64)}");

        await bridge.Until(receipt, "waiting");

        (await Kept(bridge)).Should().Equal($"registry.internal/portal:412@sha256:{new string('2', 64)} {receipt["id"]} is to bring it to prod");
    }

    [Fact]
    public async Task What_a_push_is_to_bring_is_kept_until_the_push_is_done()
    {
        await using var bridge = await RunningBridge.Start();
        var done = new TaskCompletionSource<IReadOnlyList<CdEvent>>();
        var usual = bridge.Stages.Push;
        bridge.Stages.Push = async (work, client, stop) =>
        {
            await done.Task;
            return await usual(work, client, stop);
        };
        var push = await bridge.Accepted("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = "registry.internal/portal:412", ["source"] = "registry" });

        (await Kept(bridge)).Should().Equal($"registry.internal/portal:412 {push["id"]} is not done");

        done.SetResult([]);
        await bridge.Until(push, "succeeded");
        (await Kept(bridge)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_key_that_is_not_for_all_apps_is_refused()
    {
        await using var bridge = await RunningBridge.Start(o => o with { Keys = [.. o.Keys.Select(k => k with { Verbs = ["*"], Apps = k.Name == "test" ? k.Apps : ["portal"] })] });

        using var answer = await bridge.Send(HttpMethod.Get, "/v1/images/kept", token: RunningBridge.PortalKey);

        answer.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain("is not for all apps");
    }

    static Task<JsonObject> Deploy(RunningBridge bridge, string image) => bridge.Accepted("/v1/deployments", new JsonObject
    {
        ["app"] = "portal",
        ["environment"] = "prod",
        ["image"] = image,
        ["spec"] = new JsonObject { ["id"] = "portal" },
    });

    static async Task<List<string>> Kept(RunningBridge bridge)
    {
        using var answer = await bridge.Send(HttpMethod.Get, "/v1/images/kept");
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        return [.. body["kept"]!.AsArray().Select(k => $"{k!["image"]} {k["reason"]}")];
    }
}
