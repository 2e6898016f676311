using System.Text.Json.Nodes;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Tests.Bridge;

namespace PipelineBridge.Tests.CommandLine;

/// <summary>The verbs that ask for something, against a bridge.</summary>
public sealed class DeliveryVerbsTests : VerbsScene
{
    [Fact]
    public async Task A_deployment_is_followed_until_it_is_live()
    {
        var done = (await Deploy()).ShouldExit(0);

        done.Output.Should().StartWith("accepted  #d-").And.Contain($"portal is live on prod: 412 ({ScriptedStages.Digest[..15]}).").And.NotContain("\x1b");
        done.Errors.Should().Be("warning: spec.healthChecks: there is none.\n");
    }

    [Fact]
    public async Task A_failure_ends_with_1_its_cause_its_evidence_and_what_to_do()
    {
        await Deploy();
        bridge.Stages.Deploy = async (work, told, stop) =>
        {
            var log = await told.PutEvidence("last log", "relation \"orders_v2\" \x1b[31mdoes not exist", stop);
            return [work.Ended(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health, "0 of 3 new tasks passed GET /health in 120 s.", [log])];
        };

        var failed = (await shell.Run("deploy", "portal", "prod", "registry.internal/portal:413")).ShouldExit(1);

        failed.Output.Should().Contain("FAILED  portal → prod  health: 0 of 3 new tasks passed GET /health in 120 s.")
            .And.MatchRegex("""  last log       relation "orders_v2" \[31mdoes not exist""")
            .And.Contain($"  now running    412 ({ScriptedStages.Digest[..15]}), taken back to it")
            .And.MatchRegex("  to see more    http.*/d-")
            .And.Contain("  to retry       pipelinebridge deploy portal prod registry.internal/portal:413")
            .And.NotContain("\x1b", "evidence does not act on a terminal");
    }

    [Fact]
    public async Task Without_an_image_what_runs_is_deployed_again_whatever_failed_or_was_cancelled_since()
    {
        await Deploy();
        var live = (string)(await Newest())["id"]!;
        var usual = bridge.Stages.Deploy;
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([ScriptedStages.Failed(work)]);
        (await Deploy("registry.internal/portal:413")).ShouldExit(1);
        bridge.Stages.Deploy = usual;
        (await shell.Run("hold", "portal", "prod", "--reason", "migration", "--until", "2h")).ShouldExit(0);
        (await Deploy("registry.internal/portal:414", "--no-wait")).ShouldExit(0);
        (await shell.Run("cancel", (string)(await Newest())["id"]!)).ShouldExit(0);
        (await shell.Run("hold", "portal", "prod", "--lift")).ShouldExit(0);

        var again = (await shell.Run("deploy", "portal", "prod")).ShouldExit(0);

        again.Errors.Should().StartWith($"Again what runs: {Image}@{ScriptedStages.Digest} (#{live[..8]}).\n");
        ((string)(await Newest())["image"]!).Should().Be($"{Image}@{ScriptedStages.Digest}");
    }

    [Fact]
    public async Task Without_an_image_what_was_removed_is_deployed_again_and_what_never_ran_is_not()
    {
        await Deploy();
        var usual = bridge.Stages.Deploy;
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new ServiceRemoved(new Reference(work.Environment)))]);
        (await shell.Run("remove", "portal", "prod")).ShouldExit(0);
        bridge.Stages.Deploy = usual;
        (await shell.Run("deploy", "portal", "prod")).ShouldExit(0).Errors.Should().StartWith($"Again what ran last: {Image}@{ScriptedStages.Digest} (#d-");

        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([ScriptedStages.Failed(work)]);
        (await shell.Run("deploy", "portal", "test", Image, "--spec", spec.FullName)).ShouldExit(1);
        (await shell.Run("deploy", "portal", "test")).ShouldExit(2).Errors.Should().Contain("No image is given, and portal was never live on test.");
    }

    [Fact]
    public async Task One_that_is_superseded_ends_with_3_and_names_the_newer_one()
    {
        await Deploy();
        await shell.Run("hold", "portal", "prod", "--reason", "migration", "--until", "2h");
        var older = Deploy("registry.internal/portal:413");
        await Until(1, "waiting", "the hold");
        (await Deploy("registry.internal/portal:414", "--no-wait")).ShouldExit(0).Output.Should().Contain("to follow it   pipelinebridge await d-");
        await Until(2, "waiting", "the hold");

        (await shell.Run("hold", "portal", "prod", "--lift")).ShouldExit(0);

        (await older).ShouldExit(3).Output.Should().Contain("SUPERSEDED  portal → prod  413 superseded by d-");
    }

    [Fact]
    public async Task A_specification_that_is_wrong_is_refused_with_its_line_and_ends_with_3()
    {
        await File.WriteAllTextAsync(spec.FullName, "wrong", TestContext.Current.CancellationToken);
        (await Deploy()).ShouldExit(3).Errors.Should().Be("spec.cmd (line 3, column 7) is \"wrong\": it is wrong; it must be right.\n");
    }

    [Fact]
    public async Task All_mistakes_are_told_one_a_line()
    {
        (await shell.Run("deploy", "portal", "nowhere", "portal", "--on-failure", "pray")).ShouldExit(3).Errors.TrimEnd().Split('\n').Should().HaveCount(3)
            .And.Contain("onFailure is \"pray\": it must be rollback or keep.");
    }

    [Fact]
    public async Task The_same_key_is_the_same_ask_and_another_body_under_it_is_refused()
    {
        var first = (await Deploy(Image, "--key", "portal-412", "--json")).ShouldExit(0);
        var second = (await Deploy(Image, "--key", "portal-412", "--json")).ShouldExit(0);
        ((string)JsonNode.Parse(second.Output)!["id"]!).Should().Be((string)JsonNode.Parse(first.Output)!["id"]!);
        bridge.Stages.Of<DeploymentRolloutRequested>().Should().ContainSingle();
        (await Deploy("registry.internal/portal:413", "--key", "portal-412")).ShouldExit(3).Errors.Should().Contain("Idempotency-Key: it was used for another body");
    }

    [Fact]
    public async Task Json_is_the_bridges_own_document_and_nothing_else()
    {
        var done = (await Deploy(Image, "--json")).ShouldExit(0);
        var document = JsonNode.Parse(done.Output)!;
        ((string)document["state"]!).Should().Be(RequestState.Succeeded);
        ((string)JsonNode.Parse((await Deploy(Image, "--json", "--no-wait")).ShouldExit(0).Output)!["statusUrl"]!).Should().Contain("/v1/requests/d-");
    }

    [Fact]
    public async Task Who_asks_and_the_build_and_the_chain_are_told()
    {
        await Deploy();
        (await bridge.Request((await Newest())))["by"]!["person"]!.ToString().Should().Be("ann");
        shell.Variables["BUILD_URL"] = "https://jenkins.internal/job/portal/412/";
        shell.Variables["BUILD_NUMBER"] = "412";
        shell.Variables["JOB_NAME"] = "portal";
        shell.Variables["BRIDGE_CHAIN_ID"] = (await bridge.Request(await Newest()))["chainId"]!.ToString();
        await Deploy();
        var document = await bridge.Request(await Newest());
        document["by"]!["person"].Should().BeNull("a build asks, and the user of its machine is nobody");
        document["build"]!.ToJsonString().Should().Be("""{"url":"https://jenkins.internal/job/portal/412/","number":412,"job":"portal"}""");
        document["chainId"]!.ToString().Should().Be(shell.Variables["BRIDGE_CHAIN_ID"]);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("a\"b'$HOME`id`\n")]
    [InlineData("Größe/../..?x=1#y")]
    [InlineData("")]
    public async Task A_name_that_is_none_is_refused_in_every_place(string name)
    {
        string[][] commands =
        [
            ["deploy", name, "prod", Image], ["deploy", "portal", name, Image], ["deploy", "portal", "prod", name], ["rollback", name, "prod"], ["rollback", "portal", name],
            ["remove", name, "prod"], ["cancel", name], ["await", name], ["push", name, Image], ["push", "portal", name], ["tag", "portal", name, "latest"], ["tag", "portal", Image, name],
            ["hold", name, "prod", "--reason", "x", "--until", "1h"], ["notify", "portal", name, "title"],
        ];
        foreach (var command in commands)
        {
            var refused = await shell.Run(command);
            refused.ExitCode.Should().BeOneOf([2, 3], "{0}: {1}", string.Join(' ', command), refused.All);
            refused.Errors.TrimEnd().Should().NotBeEmpty().And.NotContain("   at ");
        }
        bridge.Stages.Given.Should().BeEmpty();
    }

    [Fact]
    public async Task A_rollback_goes_back_and_says_what_served()
    {
        await Deploy();
        bridge.Stages.Resolve = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new ImageResolved($"{work.Content<ImageResolveRequested>().Image}@sha256:{new string('2', 64)}"))]);
        (await Deploy("registry.internal/portal:413")).ShouldExit(0).Output.Should().Contain(", was 412 (");

        (await shell.Run("rollback", "portal", "prod")).ShouldExit(0).Output.Should().Contain("portal is live on prod: 412 (");
        (await shell.Run("rollback", "portal", "test")).ShouldExit(3).Errors.Should().Contain("Nothing served before");
    }

    [Fact]
    public async Task What_waits_is_cancelled_and_what_is_live_is_not()
    {
        await Deploy();
        (await shell.Run("hold", "portal", "prod", "--reason", "database migration", "--until", "2h")).ShouldExit(0).Output.Should().Contain("portal → prod is held until ").And.Contain("database migration");
        await Deploy(Image, "--no-wait");
        var id = (string)(await Newest())["id"]!;

        (await shell.Run("cancel", id[..8])).ShouldExit(0).Output.Should().Contain("CANCELLED  portal → prod");
        (await shell.Run("cancel", id)).ShouldExit(3).Errors.Should().Contain("pipelinebridge rollback portal prod");
        (await shell.Run("hold", "portal", "prod", "--lift")).ShouldExit(0).Output.Should().Be("portal → prod is held no longer.\n");
        (await shell.Run("hold", "portal", "prod", "--lift")).ShouldExit(3).Errors.Should().Be("Nothing holds portal on prod.\n");
    }

    [Fact]
    public async Task A_removal_a_tag_and_a_message_come_to_their_ends()
    {
        await Deploy();
        (await shell.Run("tag", "portal", Image, "stable", "latest")).ShouldExit(0);
        bridge.Stages.Of<ImageTagRequested>().Should().ContainSingle().Which.Content<ImageTagRequested>().Tags.Should().Equal("stable", "latest");
        (await shell.Run("notify", "portal", "team", "Migration done", "--text", "All rows.", "--mood", "good")).ShouldExit(0);
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new ServiceRemoved(new Reference(work.Environment)))]);
        (await shell.Run("remove", "portal", "prod")).ShouldExit(0).Output.Should().Contain("remove portal → prod  removed in");
    }
}
