namespace PipelineBridge.Tests.CommandLine;

/// <summary>What was typed wrongly is told in a line or two, and nobody is asked.</summary>
public sealed class WrongUseTests
{
    const string Status = "Usage: pipelinebridge status [<app>] [<environment>] [options]\n";

    // Nothing answers there: whoever is asked ends with 4.
    readonly CommandRun shell = new("http://127.0.0.1:9", "any");

    [Theory]
    [InlineData("status --jsn", "There is no option --jsn of status. Did you mean --json?\n" + Status)]
    [InlineData("status -x", "There is no option -x of status. pipelinebridge status --help has them all.\n" + Status)]
    [InlineData("status portal prod --jsn", "There is no option --jsn of status. Did you mean --json?\n" + Status)]
    [InlineData("events tail --aftr 3", "There is no option --aftr of events tail. Did you mean --after?\nUsage: pipelinebridge events tail [<patterns>...] [options]\n")]
    [InlineData("deploy hospital", "deploy needs <environment>: The environment.\nUsage: pipelinebridge deploy <app> <environment> [<image>] [options]\n")]
    [InlineData("deploi portal prod", "There is no verb deploi. Did you mean deploy?\n")]
    [InlineData("zzz", "There is no verb zzz. pipelinebridge --help has them all.\n")]
    [InlineData("events tial", "There is no verb tial of events. Did you mean tail?\n")]
    [InlineData("await x --minutes 0", "--minutes must be more than 0 and at most 1440.\nUsage: pipelinebridge await <request-or-app> [<environment>] [options]\n")]
    public async Task It_is_named_with_what_may_be_meant_and_ends_with_2(string line, string told)
    {
        var wrong = (await shell.Run(line.Split(' '))).ShouldExit(2);
        wrong.Errors.Should().Be(told);
        wrong.Output.Should().BeEmpty();
    }

    [Fact]
    public async Task Behind_two_dashes_a_word_is_no_option()
    {
        await using var bridge = await Bridge.RunningBridge.Start();
        (await new CommandRun(bridge.Http.BaseAddress!.ToString(), Bridge.RunningBridge.Key).Run("notify", "--", "portal", "team", "-x")).ShouldExit(0);
    }

    [Fact]
    public async Task Help_answers_also_where_something_is_missing_or_wrong() =>
        (await shell.Run("deploy", "--jsn", "--help")).ShouldExit(0).Output.Should().Contain("--on-failure");
}
