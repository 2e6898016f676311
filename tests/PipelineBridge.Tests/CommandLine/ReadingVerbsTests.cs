using System.Text.Json.Nodes;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Timeline;
using PipelineBridge.CommandLine;
using PipelineBridge.Events;
using PipelineBridge.Tests.Bridge;

namespace PipelineBridge.Tests.CommandLine;

/// <summary>The verbs that tell what is, against a bridge.</summary>
public sealed class ReadingVerbsTests : IAsyncLifetime
{
    RunningBridge bridge = null!;
    CommandRun shell = null!;

    public async ValueTask InitializeAsync()
    {
        bridge = await RunningBridge.Start();
        shell = new CommandRun(bridge.Http.BaseAddress!.ToString(), RunningBridge.Key);
    }

    public ValueTask DisposeAsync() => bridge.DisposeAsync();

    [Fact]
    public async Task Before_anything_was_deployed_that_is_said()
    {
        (await shell.Run("status")).ShouldExit(0).Output.Should().Be("Nothing was deployed by this bridge.\n");
        (await shell.Run("status", "--at", "2026-11-01")).ShouldExit(0).Output.Should().Be("Nothing ran by this bridge at 2026-11-01 00:00:00 UTC.\n");
        (await shell.Run("explain", "portal", "prod")).ShouldExit(1).Errors.Should().Be("portal was never deployed to prod by this bridge.\n");
        (await shell.Run("deadletters")).ShouldExit(0).Output.Should().Be("There is no dead letter.\n");
        (await shell.Run("timeline", "--commit", "3f1c2a9")).ShouldExit(0).Output.Should().Be("The bridge knows no story of that.\n");
    }

    [Fact]
    public async Task Status_is_the_matrix_with_what_is_newer_in_a_second_line()
    {
        await bridge.Until(await bridge.Deploy(environment: "test"), "succeeded");
        await bridge.Until(await bridge.Deploy(), "succeeded");
        var before = DateTimeOffset.UtcNow;
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([ScriptedStages.Failed(work)]);
        var failed = await bridge.Until(await bridge.Deploy("registry.internal/portal:413"), "failed");

        var lines = (await shell.Run("status")).ShouldExit(0).Output.TrimEnd().Split('\n');

        lines[0].Should().MatchRegex("^ +prod +test +bare$");
        lines[1].Should().MatchRegex(@"^portal  ● 412 \(sha256:11111111\) \d+ s +● 412 \(sha256:11111111\) \d+ s$");
        lines[2].Should().MatchRegex($"^ +✗ 413 failed #{((string)failed["id"]!)[..8]}$");
        lines.Should().HaveCount(3);
        ((string)JsonNode.Parse((await shell.Run("status", "portal", "prod", "--json")).Output)!["services"]![0]!["state"]!).Should().Be("live", "what serves is not what failed");
        (await shell.Run("status", "portal", "test")).ShouldExit(0).Output.Should().NotContain("prod").And.Contain("412");
        (await shell.Run("status", "--at", before.ToString("O"))).ShouldExit(0).Output.Should().Contain("● 412").And.NotContain("413").And.StartWith("at ");
        (await shell.Run("status", "--at", "yesterday")).ShouldExit(3).Errors.Should().Be("at is \"yesterday\": it must be a day or a time, e.g. 2026-11-01 or 2026-11-01T08:00:00Z.\n");
        JsonNode.Parse((await shell.Run("status", "--json")).Output)!["services"]!.AsArray().Should().HaveCount(2);
    }

    [Fact]
    public void What_is_too_long_ago_to_be_known_is_said_so_and_is_not_nothing()
    {
        var at = new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
        var answer = new ServicesAnswer(at, [new EnvironmentAnswer("prod", "internal")], [new ServiceDocument { App = "portal", Environment = "prod", State = "notknown" }]);
        StatusVerb.Matrix(answer, at).Should().Equal("at 1 Nov 00:00 UTC  prod", "portal              ? too long ago");
    }

    [Fact]
    public async Task Explain_says_what_runs_by_whom_and_why_not_the_newer_one()
    {
        var live = await bridge.Until(await bridge.Deploy(with: b => b["by"] = "ann@example.org"), "succeeded");
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([ScriptedStages.Failed(work)]);
        await bridge.Until(await bridge.Deploy("registry.internal/portal:413", with: b => b["build"] = new JsonObject { ["job"] = "portal", ["number"] = 413 }), "failed");

        var told = (await shell.Run("explain", "portal", "prod")).ShouldExit(0).Output;

        told.Should().MatchRegex(@"^portal runs 412 \(sha256:11111111\) on prod since 20\S+ \S+ UTC, \d+ s ago\.\n")
            .And.Contain($"  brought by   deployment #{((string)live["id"]!)[..8]} by ann@example.org (key everything)\n")
            .And.MatchRegex(@"Not the newer deployment #d-\w{6} by the key everything, build portal #413: failed 413")
            .And.Contain("  why          health: 0 of 3 new tasks became healthy on GET /health.\n")
            .And.Contain("  what to do   mend it, and deploy the new version: pipelinebridge deploy portal prod IMAGE\n");
    }

    [Fact]
    public async Task Explain_advises_by_what_went_wrong_and_never_to_deploy_what_runs_already()
    {
        await bridge.Until(await bridge.Deploy(), "succeeded");
        await Fails(FailureCategory.Image, "registry.internal/portal has no tag 413.");
        (await shell.Run("explain", "portal", "prod")).Output.Should().Contain("  what to do   push the tag first: pipelinebridge push portal registry.internal/portal:413; then pipelinebridge deploy portal prod registry.internal/portal:413\n");
        await Fails(FailureCategory.Cluster, "The cluster refuses it.");
        (await shell.Run("explain", "portal", "prod")).Output.Should().MatchRegex(@"  what to do   look at the delivery: pipelinebridge timeline d-\w{6}\n");

        async Task Fails(string category, string cause)
        {
            bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Ended(WorkResult.Failed, WorkEffect.None, category, cause)]);
            await bridge.Until(await bridge.Deploy("registry.internal/portal:413"), "refused");
        }
    }

    [Fact]
    public async Task What_is_not_there_is_said_by_its_name_and_ends_with_1()
    {
        await bridge.Until(await bridge.Deploy(), "succeeded");

        (await shell.Run("status", "nosuch")).ShouldExit(1).Errors.Should().Be("nosuch was never deployed by this bridge.\n");
        (await shell.Run("status", "portl")).ShouldExit(1).Errors.Should().Be("portl was never deployed by this bridge.\nDid you mean \"portal\"?\n");
        (await shell.Run("status", "portal", "test")).ShouldExit(1).Errors.Should().Be("portal was never deployed to test by this bridge.\n");
        (await shell.Run("status", "portal", "prd")).ShouldExit(1).Errors.Should().Be("The bridge has no environment prd. Did you mean \"prod\"?\n");
        (await shell.Run("status", "portal", "prod", "--at", "2026-11-01")).ShouldExit(1).Errors.Should().Be("portal did not run on prod by this bridge at 2026-11-01 00:00:00 UTC.\n");
        (await shell.Run("explain", "portal", "nowhere")).ShouldExit(1).Errors.Should().Be("The bridge has no environment nowhere. Known are: prod, test, bare.\n");
        (await shell.Run("status", "nosuch", "--json")).ShouldExit(1).Output.Should().Contain("\"services\":[]");
        (await shell.Run("explain", "portal", "nowhere", "--json")).ShouldExit(1).Output.Should().Contain("\"services\":[]");
    }

    [Fact]
    public async Task An_incident_that_is_open_shows_in_status_explain_and_json()
    {
        await bridge.Until(await bridge.Deploy(), "succeeded");
        (await shell.Run("status")).ShouldExit(0).Output.Should().NotContain("trouble");
        await bridge.Trouble("prod", "portal", "1 of 2 tasks do not run.");

        var lines = (await shell.Run("status", "portal")).ShouldExit(0).Output.TrimEnd().Split('\n');
        lines.Should().HaveCount(4);
        lines[1].Should().StartWith("portal  ● 412 ");
        lines[2].Should().MatchRegex("^ +✗ in trouble$");
        lines[3].Should().MatchRegex(@"^✗ portal → prod: 1 of 2 tasks do not run\. \(\d+ s ago\)$");
        (await shell.Run("explain", "portal", "prod")).ShouldExit(0).Output.Should()
            .MatchRegex(@"(?m)^In trouble since 20\S+ \S+ UTC, \d+ s ago: portal → prod: 1 of 2 tasks do not run\.$").And.Contain("to set right what runs: pipelinebridge deploy portal prod\n");
        ((string)JsonNode.Parse((await shell.Run("status", "--json")).Output)!["incidents"]![0]!["cause"]!).Should().Be("1 of 2 tasks do not run.");
    }

    [Fact]
    public async Task Explain_names_the_hold_that_a_newer_one_waits_for()
    {
        await bridge.Until(await bridge.Deploy(), "succeeded");
        (await shell.Run("hold", "portal", "prod", "--reason", "migration", "--until", "2h")).ShouldExit(0);
        await shell.Run("deploy", "portal", "prod", "registry.internal/portal:413", "--no-wait");
        (await shell.Run("explain", "portal", "prod")).ShouldExit(0).Output.Should().MatchRegex(@"  held         until 20\S+ \S+ UTC by ann \(key everything\): migration\n").And.MatchRegex("  what to do   pipelinebridge await d-");
    }

    [Fact]
    public async Task Status_shows_a_hold_also_when_something_waits_behind_it()
    {
        await bridge.Until(await bridge.Deploy(), "succeeded");
        (await shell.Run("hold", "portal", "prod", "--reason", "migration", "--until", "2h")).ShouldExit(0);
        await shell.Run("deploy", "portal", "prod", "registry.internal/portal:413", "--no-wait");

        (await shell.Run("status")).Output.Should().MatchRegex(@"● 412 .*\n +○ 413 waiting #d-\w{6}\n +‖ held until ");
    }

    [Fact]
    public async Task Timeline_tells_the_story_of_a_request_an_app_and_a_digest()
    {
        var live = await bridge.Until(await bridge.Deploy(), "succeeded");
        var id = (string)live["id"]!;

        var story = (await shell.Run("timeline", id[..8])).ShouldExit(0).Output;

        story.Should().StartWith($"chain {live["chainId"]}\n  ✓ portal → prod  #{id[..8]}  live 412 in ")
            .And.Contain(" UTC  asked to deploy portal → prod: registry.internal/portal:412\n")
            .And.Contain("released to the cluster main");
        (await shell.Run("timeline", "portal", "prod")).ShouldExit(0).Output.Should().StartWith($"chain {live["chainId"]}\n");
        (await shell.Run("timeline", "--digest", ScriptedStages.Digest)).ShouldExit(0).Output.Should().StartWith("chain ");
        (await shell.Run("timeline")).ShouldExit(2).Errors.Should().Contain("Give one of: a request; an app and its environment; --commit; --digest.");
        (await shell.Run("timeline", "d-0000")).ShouldExit(3);
    }

    [Fact]
    public async Task A_dead_letter_is_listed_with_what_to_do_replayed_and_dropped()
    {
        bridge.Stages.Push = (_, _, _) => throw new InvalidOperationException("a mistake of the stage");
        await bridge.Until(await bridge.Accepted("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = "registry.internal/portal:412" }), "failed");
        await bridge.Until(await bridge.Accepted("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = "registry.internal/portal:413" }), "failed");

        var list = (await shell.Run("deadletters")).ShouldExit(0).Output;
        list.Should().MatchRegex(@"(?m)^2  20\S+ \S+  portal  registry\.push  #p-\w{6}$").And.Contain("pipelinebridge deadletters replay 2, or pipelinebridge deadletters drop 2");

        bridge.Stages.Push = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new ArtifactPublished(), with: c => c with { Image = work.Event.Custom!.Image + "@" + ScriptedStages.Digest })]);
        (await shell.Run("deadletters", "replay", "1")).ShouldExit(0).Output.Should().Contain("push portal");
        (await shell.Run("deadletters", "drop", "2")).ShouldExit(0).Output.Should().Be("Dead letter 2 is dropped.\n");
        (await shell.Run("deadletters", "drop", "2")).ShouldExit(3).Errors.Should().Be("2 was replayed or dropped already.\n");
        (await shell.Run("deadletters", "drop", "77")).ShouldExit(3).Errors.Should().Be("There is no dead letter 77.\n");
        (await shell.Run("deadletters")).Output.Should().Be("There is no dead letter.\n");
        (await shell.Run("deadletters", "--all")).Output.Should().Contain("replayed").And.Contain("dropped");
    }

    [Theory]
    [InlineData("30m", 30)]
    [InlineData("2h", 120)]
    [InlineData("3d", 4320)]
    [InlineData("2026-11-25T08:00Z", 480)]
    [InlineData("2026-11-25T09:00+01:00", 480)]
    public void A_hold_ends_after_a_while_or_at_a_time(string until, int minutes) =>
        PipelineBridge.CommandLine.HoldVerb.Until(until, new DateTimeOffset(2026, 11, 25, 0, 0, 0, TimeSpan.Zero)).Should().Be(new DateTimeOffset(2026, 11, 25, 0, 0, 0, TimeSpan.Zero).AddMinutes(minutes));

    [Theory]
    [InlineData("2026-11-25T08:00", "no time with its zone")]
    [InlineData("tomorrow", "no time with its zone")]
    [InlineData("0h", "not between a minute and a year")]
    [InlineData("999999999d", "not between a minute and a year")]
    public async Task A_hold_without_a_right_end_is_refused(string until, string why) =>
        (await shell.Run("hold", "portal", "prod", "--reason", "x", "--until", until)).ShouldExit(2).Errors.Should().Contain(why).And.Contain("30m, 2h or 3d");
}
