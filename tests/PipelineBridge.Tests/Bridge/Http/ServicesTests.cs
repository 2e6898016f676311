using System.Text.Json.Nodes;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Timeline;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Http;

public sealed class ServicesTests : IAsyncLifetime
{
    RunningBridge bridge = null!;

    public async ValueTask InitializeAsync() => bridge = await RunningBridge.Start();

    public ValueTask DisposeAsync() => bridge.DisposeAsync();

    [Fact]
    public async Task What_runs_where_is_answered_with_the_environments_and_what_is_newer()
    {
        var live = await bridge.Until(await bridge.Deploy(), "succeeded");
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([ScriptedStages.Failed(work)]);
        var failed = await bridge.Until(await bridge.Deploy("registry.internal/portal:413"), "failed");

        var answer = await Get("");

        answer["environments"]!.AsArray().Select(e => $"{e!["name"]} {e["zone"]}").Should().Equal("prod internal", "test internal", "bare internal");
        var cell = answer["services"]!.AsArray().Should().ContainSingle().Subject!;
        $"{cell["app"]} {cell["environment"]} {cell["state"]} {cell["requestId"]} {cell["newer"]!["id"]}".Should().Be($"portal prod live {live["id"]} {failed["id"]}");
        (await Get("?app=portal&environment=test"))["services"]!.AsArray().Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_wrong_is_answered_for_what_was_named_and_to_who_may_see_it()
    {
        await bridge.Until(await bridge.Deploy(with: b => b["app"] = "other"), "succeeded");
        await bridge.Trouble("prod", "portal", "1 of 2 tasks do not run.");
        await bridge.Trouble("prod", "other", "It crashes.");
        await bridge.Trouble("test", "-", "The cluster does not answer.");

        (await Troubles("")).Should().Equal("test -: The cluster does not answer.", "prod other: It crashes.", "prod portal: 1 of 2 tasks do not run.");
        (await Troubles("?app=portal")).Should().Equal("test -: The cluster does not answer.", "prod portal: 1 of 2 tasks do not run.");
        (await Troubles("?app=portal&environment=prod")).Should().Equal("prod portal: 1 of 2 tasks do not run.");
        (await Troubles("", RunningBridge.PortalKey)).Should().Equal("prod portal: 1 of 2 tasks do not run.");
        (await Get("?at=2026-11-01"))["incidents"].Should().BeNull("what is wrong now was not so then");

        async Task<IEnumerable<string>> Troubles(string query, string? token = null)
        {
            using var response = await bridge.Send(HttpMethod.Get, "/v1/services" + query, token: token);
            var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
            return answer["incidents"]!.AsArray().Select(i => $"{i!["environment"]} {i["app"]}: {i["cause"]}");
        }
    }

    [Fact]
    public async Task At_a_time_it_is_what_served_then()
    {
        var before = DateTimeOffset.UtcNow;
        var first = await bridge.Until(await bridge.Deploy(), "succeeded");
        bridge.Stages.Resolve = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new ImageResolved($"{work.Content<ImageResolveRequested>().Image}@sha256:{new string('2', 64)}"))]);
        var second = await bridge.Until(await bridge.Deploy("registry.internal/portal:413"), "succeeded");
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new ServiceRemoved(new Reference(work.Environment)))]);
        using var removal = await bridge.Send(HttpMethod.Delete, "/v1/deployments/portal/prod");
        var removed = await bridge.Until(JsonNode.Parse(await removal.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsObject(), "succeeded");

        (await At(before)).Should().Be("none ");
        (await At(Ended(first))).Should().Be($"live {first["id"]}");
        (await At(Ended(second))).Should().Be($"live {second["id"]}");
        (await At(Ended(removed))).Should().Be("none ");
    }

    [Fact]
    public async Task What_changed_nothing_does_not_make_it_younger()
    {
        var first = await bridge.Until(await bridge.Deploy(), "succeeded");
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new ServiceUpgraded(new Reference(work.Environment), "pkg:oci/portal"), with: c => c with { AlreadyLive = true })]);
        var again = await bridge.Until(await bridge.Deploy(), "succeeded");
        ((bool)again["alreadyLive"]!).Should().BeTrue();
        (await At(Ended(again))).Should().Be($"live {first["id"]}");
        var cell = (await Get(""))["services"]!.AsArray().Should().ContainSingle().Subject!;
        $"{cell["state"]} {cell["requestId"]} {cell["since"]}".Should().Be($"live {first["id"]} {first["endedAt"]}", "the one that found it live already did not bring it");
    }

    [Fact]
    public async Task What_somebody_else_brought_is_known_since_it_was_found()
    {
        await bridge.Until(await bridge.Deploy(), "succeeded");
        bridge.Stages.Resolve = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new ImageResolved($"{work.Content<ImageResolveRequested>().Image}@sha256:{new string('2', 64)}"))]);
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new ServiceUpgraded(new Reference(work.Environment), "pkg:oci/portal"), with: c => c with { AlreadyLive = true })]);
        var found = await bridge.Until(await bridge.Deploy("registry.internal/portal:413"), "succeeded");
        var cell = (await Get(""))["services"]!.AsArray().Should().ContainSingle().Subject!;
        $"{cell["requestId"]} {cell["since"]}".Should().Be($"{found["id"]} {found["endedAt"]}");
        (await At(Ended(found))).Should().Be($"live {found["id"]}");
    }

    [Fact]
    public async Task What_lies_behind_more_requests_than_are_looked_at_is_not_known_and_never_taken_for_nothing()
    {
        var live = await bridge.Until(await bridge.Deploy(), "succeeded");
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([ScriptedStages.Failed(work)]);
        for (var i = 0; i < 200; i++)
        {
            await bridge.Deploy($"registry.internal/portal:{1000 + i}");
        }
        var now = new ServiceDocument { App = "portal", Environment = "prod", State = "live" };

        bridge.Journal.Read(r => ServiceEndpoints.At(r, now, Ended(live), most: 200)).Should().Match<ServiceDocument>(s => s.State == "notknown" && s.Image == null);
        bridge.Journal.Read(r => ServiceEndpoints.At(r, now, Ended(live), most: 400)).Should().Match<ServiceDocument>(s => s.State == "live" && s.RequestId == (string?)live["id"]);
    }

    [Fact]
    public async Task A_time_that_is_none_is_refused_and_a_key_sees_its_own_apps()
    {
        using var wrong = await bridge.Send(HttpMethod.Get, "/v1/services?at=yesterday");
        ((int)wrong.StatusCode).Should().Be(422);
        using var other = await bridge.Send(HttpMethod.Get, "/v1/services?app=other", token: RunningBridge.PortalKey);
        ((int)other.StatusCode).Should().Be(403);
        await bridge.Until(await bridge.Accepted("/v1/deployments", new JsonObject { ["app"] = "other", ["environment"] = "prod", ["image"] = "registry.internal/other:1", ["spec"] = "{}" }), "succeeded");
        using var own = await bridge.Send(HttpMethod.Get, "/v1/services", token: RunningBridge.PortalKey);
        JsonNode.Parse(await own.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["services"]!.AsArray().Should().BeEmpty();
    }

    static DateTimeOffset Ended(JsonObject document) => (DateTimeOffset)document["endedAt"]!;

    async Task<string> At(DateTimeOffset time)
    {
        var cell = (await Get($"?at={Uri.EscapeDataString(time.ToString("O"))}"))["services"]!.AsArray().Single()!;
        return $"{cell["state"]} {cell["requestId"]}";
    }

    async Task<JsonNode> Get(string query)
    {
        using var response = await bridge.Send(HttpMethod.Get, "/v1/services" + query);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        ((int)response.StatusCode).Should().Be(200, text);
        return JsonNode.Parse(text)!;
    }
}
