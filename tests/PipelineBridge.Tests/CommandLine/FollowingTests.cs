using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Tests.Bridge;

namespace PipelineBridge.Tests.CommandLine;

/// <summary>How a verb follows what it asked for, to its end or until its time is over.</summary>
public sealed class FollowingTests : VerbsScene
{
    [Fact]
    public async Task What_changes_is_a_line_and_what_does_not_is_none()
    {
        var healthy = new TaskCompletionSource();
        bridge.Stages.Deploy = async (work, told, stop) =>
        {
            foreach (var count in new[] { 1, 1, 2 })
            {
                await told.Tell(work.Observed(new DeploymentProgressed("main", "rolling", count, 3)), stop);
            }
            await healthy.Task.WaitAsync(stop);
            return [ScriptedStages.Live(work)];
        };

        var running = Deploy();
        await shell.Printed.Until("2 of 3 healthy", TestContext.Current.CancellationToken);
        // Seconds in which nothing changes.
        await Task.Delay(TimeSpan.FromSeconds(1.5), TestContext.Current.CancellationToken);
        healthy.SetResult();

        var lines = (await running).ShouldExit(0).Output.Split('\n');
        lines.Where(l => l.Contains("2 of 3 healthy", StringComparison.Ordinal)).Should().ContainSingle().Which.Should().MatchRegex(@"^  \d+:\d\d rolling out 412, 2 of 3 healthy$");
        lines.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task Await_takes_a_prefix_or_the_newest_of_an_app()
    {
        (await shell.Run("await", "portal", "prod")).ShouldExit(3).Errors.Should().Contain("never deployed to prod");
        await Deploy(Image, "--no-wait");
        (await shell.Run("await", "portal", "prod")).ShouldExit(0).Output.Should().Contain("portal is live on prod");
        (await shell.Run("await", ((string)(await Newest())["id"]!)[..6])).ShouldExit(0).Output.Should().Contain("portal is live on prod");
        (await shell.Run("await", "d-0000")).ShouldExit(3).Errors.Should().Be("There is no request d-0000.\n");
    }

    [Fact]
    public async Task A_wait_that_is_over_ends_with_4_and_says_how_to_wait_on()
    {
        bridge.Stages.Deploy = async (_, _, stop) =>
        {
            await Task.Delay(Timeout.Infinite, stop);
            return [];
        };
        var late = (await Deploy(Image, "--minutes", "0.02")).ShouldExit(4);
        late.Errors.Should().MatchRegex(@"portal → prod has no end yet: .*\. It goes on\.\nTo wait on: pipelinebridge await d-\w{6}\.\n$");
    }

    [Fact]
    public async Task What_is_tried_again_later_is_said_with_one_full_stop()
    {
        bridge.Stages.Push = async (work, told, stop) =>
        {
            await told.Tell(work.Deferred(DateTimeOffset.UtcNow.AddMinutes(10), FailureCategory.Registry, "The registry answers 503."), stop);
            await Task.Delay(Timeout.Infinite, stop);
            return [];
        };
        var receipt = JsonNode.Parse((await shell.Run("push", "portal", Image, "--no-wait", "--json")).ShouldExit(0).Output)!.AsObject();
        await Bridge.Work.BrokerScene.Until(async () => (await bridge.Request(receipt))["waitingFor"] is not null, "it is to be tried again later");
        (await shell.Run("await", (string)receipt["id"]!, "--minutes", "0.05")).ShouldExit(4).Errors.Should()
            .MatchRegex(@"The registry answers 503\. It is tried again at \d\d:\d\d:\d\d UTC\. It goes on\.\n");
    }

    [Fact]
    public async Task A_command_that_is_stopped_says_that_it_goes_on()
    {
        bridge.Stages.Deploy = async (_, _, stop) =>
        {
            await Task.Delay(Timeout.Infinite, stop);
            return [];
        };
        using var stop = new CancellationTokenSource();
        var running = shell.Run(stop.Token, "deploy", "portal", "prod", Image, "--spec", spec.FullName);
        await Until(1, "running");
        await stop.CancelAsync();
        (await running).ShouldExit(4).Errors.Should().Contain("goes on at the bridge.").And.Contain("pipelinebridge cancel d-");
    }
}
