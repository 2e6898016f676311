using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Tests.Bridge.Pages;

public class ActionTests
{
    const string ReadingKey = "test-key-that-only-reads";
    const string BillingKey = "test-key-of-billing";

    [Fact]
    public async Task A_rollback_is_asked_by_two_clicks_and_its_receipt_is_shown()
    {
        await using var bridge = await Start();
        using var visitor = await PageVisitor.SignedIn(bridge);
        var id = await TwoVersions(bridge);

        var (_, delivery) = await visitor.Get($"/{id}");
        delivery.Should().Contain($"href=\"/actions/rollback?app=portal&amp;environment=prod&amp;back=%2F{id}\"");
        var page = $"/actions/rollback?app=portal&environment=prod&back=%2F{id}";
        (await visitor.Get(page)).Html.Should().Contain("From <strong>413</strong> to <strong>412</strong>");

        var to = await visitor.Press(page);
        to.Should().MatchRegex("^/d-[0-9a-z]{26}\\?asked=d-[0-9a-z]{26}$");
        (await visitor.Get(to)).Html.Should().Contain("Accepted, <a href=").And.Contain("rollback portal → prod");
        await bridge.Until(Receipt(to), "succeeded");
        var ask = bridge.Journaled<DeploymentRequested>().Single(e => e.Read<DeploymentRequested>().Rollback == true);
        ask.Custom!.By.Should().Be(new Actor("Grace Hopper", "everything"));
        (await bridge.Request(Receipt(to)))["image"]!.ToString().Should().Contain(":412@");
    }

    [Fact]
    public async Task A_form_that_is_sent_twice_is_one_ask_and_both_lead_to_its_receipt()
    {
        await using var bridge = await Start();
        using var visitor = await PageVisitor.SignedIn(bridge);
        await TwoVersions(bridge);
        var form = await visitor.Form("/actions/rollback?app=portal&environment=prod");
        using var first = await visitor.Post("/actions/rollback", form);
        using var second = await visitor.Post("/actions/rollback", form);
        first.StatusCode.Should().Be(HttpStatusCode.SeeOther);
        second.Headers.Location.Should().Be(first.Headers.Location);
        bridge.Journaled<DeploymentRequested>().Count(e => e.Read<DeploymentRequested>().Rollback == true).Should().Be(1);
    }

    [Fact]
    public async Task A_hold_that_is_sent_twice_is_one_though_its_end_is_counted_from_now()
    {
        await using var bridge = await Start();
        using var visitor = await PageVisitor.SignedIn(bridge);
        await TwoVersions(bridge);
        var form = (await visitor.Form("/actions/hold?app=portal&environment=prod")).Where(f => f.Name is not "reason").Append(("reason", "month's end")).ToArray();
        using var first = await visitor.Post("/actions/hold", form);
        using var second = await visitor.Post("/actions/hold", form);
        first.StatusCode.Should().Be(HttpStatusCode.SeeOther);
        second.Headers.Location.Should().Be(first.Headers.Location);
        bridge.Journaled<DeploymentHeld>().Should().ContainSingle().Which.Read<DeploymentHeld>().Until.Should().BeCloseTo(DateTimeOffset.UtcNow.AddHours(4), TimeSpan.FromMinutes(1));

        (await visitor.Get(first.Headers.Location!.OriginalString)).Html.Should().Contain("portal → prod is held until").And.Contain("month&#39;s end").And.Contain("/actions/lift?app=portal&amp;environment=prod");
        (await visitor.Get("/actions/lift?app=portal&environment=prod")).Html.Should().Contain("No deployment waits for it.").And.NotContain("released at once");
        var waits = await bridge.Deploy("registry.internal/portal:414");
        await Cluster.ClusterScene.Until(async () => ((string?)(await bridge.Request(waits))["waitingFor"])?.StartsWith("the hold", StringComparison.Ordinal) == true, "the deployment to wait for the hold");
        (await visitor.Get("/actions/lift?app=portal&environment=prod")).Html.Should().Contain($"The newest deployment that waits is released at once: <a href=\"/{waits["id"]}\"");
        var to = await visitor.Press("/actions/lift?app=portal&environment=prod");
        (await visitor.Get(to)).Html.Should().Contain("the hold on portal → prod ended").And.NotContain("/actions/lift");
        (await visitor.Get("/actions/lift?app=portal&environment=prod")).Status.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_hold_without_sense_is_said_and_what_was_filled_in_stays()
    {
        await using var bridge = await Start();
        using var visitor = await PageVisitor.SignedIn(bridge);
        await TwoVersions(bridge);
        var form = (await visitor.Form("/actions/hold?app=portal&environment=prod")).Where(f => f.Name is not ("reason" or "hours")).Append(("reason", "month's end")).Append(("hours", "-3")).ToArray();
        using var answer = await visitor.Post("/actions/hold", form);
        answer.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain("hours: it must be a number").And.Contain("value=\"month&#39;s end\"");
        bridge.Journaled<DeploymentHeld>().Should().BeEmpty();
    }

    [Fact]
    public async Task What_rolls_can_be_cancelled_and_what_has_its_end_is_refused_in_words()
    {
        await using var bridge = await Start();
        using var visitor = await PageVisitor.SignedIn(bridge);
        var id = await TwoVersions(bridge);
        (await visitor.Get($"/{id}")).Html.Should().NotContain("/actions/cancel");
        var (status, html) = await visitor.Get($"/actions/cancel?request={id}");
        status.Should().Be(HttpStatusCode.Conflict);
        html.Should().Contain("It has its end already.");

        var waiting = await Waiting(bridge);
        (await visitor.Get("/")).Html.Should().Contain($"/actions/cancel?request={waiting["id"]}");
        var to = await visitor.Press($"/actions/cancel?request={waiting["id"]}");
        to.Should().StartWith($"/{waiting["id"]}?asked=");
        await bridge.Until(waiting, "cancelled");
    }

    [Fact]
    public async Task A_dead_letter_is_replayed_or_dropped_once_and_the_second_click_says_the_same()
    {
        await using var bridge = await Start();
        using var visitor = await PageVisitor.SignedIn(bridge);
        var (replayed, dropped) = (await DeadLetter(bridge, "412"), await DeadLetter(bridge, "413"));
        bridge.Stages.Push = new ScriptedStages().Push;
        (await visitor.Get("/")).Html.Should().Contain($"/actions/replay?letter={replayed}").And.Contain("2 dead letters");

        var form = await visitor.Form($"/actions/replay?letter={replayed}");
        using var first = await visitor.Post("/actions/replay", form);
        using var second = await visitor.Post("/actions/replay", form);
        first.StatusCode.Should().Be(HttpStatusCode.SeeOther);
        second.Headers.Location.Should().Be(first.Headers.Location);
        await bridge.Until(Receipt(first.Headers.Location!.OriginalString), "succeeded");

        form = await visitor.Form($"/actions/drop?letter={dropped}");
        for (var click = 0; click < 2; click++)
        {
            using var answer = await visitor.Post("/actions/drop", form);
            answer.Headers.Location!.OriginalString.Should().Be($"/?dropped={dropped}");
        }
        (await visitor.Get($"/?dropped={dropped}")).Html.Should().Contain($"Dead letter {dropped} is dropped.").And.NotContain("could not be handled");
        (await visitor.Get($"/actions/drop?letter={dropped}")).Status.Should().Be(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task Buttons_are_for_keys_that_may_and_a_form_of_another_key_is_refused()
    {
        await using var bridge = await Start();
        var id = await TwoVersions(bridge);
        await Waiting(bridge);
        using var reader = await PageVisitor.SignedIn(bridge, ReadingKey);
        foreach (var page in new[] { "/", $"/{id}" })
        {
            (await reader.Get(page)).Html.Should().Contain("portal").And.NotContain("/actions/");
        }
        using var billing = await PageVisitor.SignedIn(bridge, BillingKey);
        foreach (var path in new[] { "/actions/rollback?app=portal&environment=prod", "/actions/hold?app=portal&environment=prod", $"/actions/cancel?request={id}" })
        {
            (await reader.Get(path)).Status.Should().Be(HttpStatusCode.Forbidden, path);
            (await billing.Get(path)).Status.Should().Be(HttpStatusCode.Forbidden, path);
        }
        using var operating = await PageVisitor.SignedIn(bridge);
        var form = await operating.Form("/actions/rollback?app=portal&environment=prod");
        var token = Token((await billing.Get("/")).Html);
        using var answer = await billing.Post("/actions/rollback", [.. form.Where(f => f.Name != "token"), ("token", token)]);
        answer.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        bridge.Journaled<DeploymentRequested>().Should().NotContain(e => e.Read<DeploymentRequested>().Rollback == true);
    }

    [Fact]
    public async Task A_form_of_another_site_or_without_the_token_or_without_a_session_does_nothing()
    {
        await using var bridge = await Start();
        await TwoVersions(bridge);
        using var visitor = await PageVisitor.SignedIn(bridge);
        var form = await visitor.Form("/actions/rollback?app=portal&environment=prod");

        async Task Refused(PageVisitor who, HttpStatusCode status, params (string, string)[] fields)
        {
            using var answer = await who.Post("/actions/rollback", fields);
            answer.StatusCode.Should().Be(status);
            (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain("Nothing was done");
        }
        await Refused(visitor, HttpStatusCode.Forbidden, [.. form.Where(f => f.Name != "token")]);
        await Refused(visitor, HttpStatusCode.Forbidden, [.. form.Where(f => f.Name != "token"), ("token", "x")]);
        await Refused(visitor, HttpStatusCode.UnprocessableEntity, [.. form.Where(f => f.Name != "key")]);
        foreach (var origin in new[] { "https://elsewhere.example", "null", null })
        {
            visitor.Origin = origin;
            await Refused(visitor, HttpStatusCode.Forbidden, form);
        }
        using var nobody = new PageVisitor(bridge);
        await Refused(nobody, HttpStatusCode.Unauthorized, form);
        bridge.Journaled<DeploymentRequested>().Should().NotContain(e => e.Read<DeploymentRequested>().Rollback == true);
    }

    [Fact]
    public async Task A_link_changes_nothing()
    {
        await using var bridge = await Start();
        await TwoVersions(bridge);
        using var visitor = await PageVisitor.SignedIn(bridge);
        foreach (var path in new[] { "/actions/rollback?app=portal&environment=prod", "/actions/hold?app=portal&environment=prod&reason=x&hours=1" })
        {
            (await visitor.Get(path)).Status.Should().Be(HttpStatusCode.OK);
        }
        bridge.Journaled<DeploymentRequested>().Should().HaveCount(2);
        bridge.Journaled<DeploymentHeld>().Should().BeEmpty();
    }

    [Fact]
    public async Task No_key_and_no_token_stands_in_an_address_and_no_key_in_a_page()
    {
        await using var bridge = await Start();
        var id = await TwoVersions(bridge);
        using var visitor = await PageVisitor.SignedIn(bridge);
        foreach (var path in new[] { "/", $"/{id}", "/actions/rollback?app=portal&environment=prod" })
        {
            var (_, html) = await visitor.Get(path);
            html.Should().NotContain(RunningBridge.Key);
            html.Split('"').Where(part => part.StartsWith('/')).Should().NotContain(a => a.Contains("token=", StringComparison.Ordinal) || a.Contains("key=", StringComparison.Ordinal));
        }
    }

    static Task<RunningBridge> Start() => RunningBridge.Start(o => o with
    {
        Keys = [.. o.Keys, new KeyOptions("reading", [Hash(ReadingKey)], [Verb.Read], ["*"]), new KeyOptions("billing", [Hash(BillingKey)], ["*"], ["billing"])],
    });

    /// <summary>412 and then 413 live; gives the newer one's name.</summary>
    static async Task<string> TwoVersions(RunningBridge bridge)
    {
        await bridge.Until(await bridge.Deploy(), "succeeded");
        var second = await bridge.Deploy("registry.internal/portal:413@sha256:" + new string('2', 64));
        await bridge.Until(second, "succeeded");
        return (string)second["id"]!;
    }

    static Task<JsonObject> Waiting(RunningBridge bridge) =>
        bridge.Accepted("/v1/deployments", new JsonObject { ["app"] = "portal", ["environment"] = "prod", ["after"] = "a push that does not come", ["spec"] = new JsonObject { ["id"] = "/prod/portal" } });

    static async Task<long> DeadLetter(RunningBridge bridge, string tag)
    {
        bridge.Stages.Push = (_, _, _) => throw new InvalidOperationException("a bug");
        await bridge.Until(await bridge.Accepted("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = $"registry.internal/portal:{tag}" }), "failed");
        return bridge.Journal.Read(r => r.DeadLetters(DeadLetterState.Open, 1)).Single().Id;
    }

    static JsonObject Receipt(string page) => new() { ["id"] = page[1..].Split('?')[0] };

    static string Token(string html) => html[(html.IndexOf("name=\"token\" value=\"", StringComparison.Ordinal) + 20)..][..32];

    static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
