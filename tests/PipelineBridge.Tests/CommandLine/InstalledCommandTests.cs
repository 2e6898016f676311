using PipelineBridge.Events;
using PipelineBridge.Tests.Bridge;

namespace PipelineBridge.Tests.CommandLine;

/// <summary>The executable as a shell meets it: exit codes, completion, what a process list shows.</summary>
public sealed class InstalledCommandTests : IAsyncLifetime
{
    RunningBridge bridge = null!;
    InstalledCommand shell = null!;

    public async ValueTask InitializeAsync()
    {
        bridge = await RunningBridge.Start();
        shell = new InstalledCommand(bridge);
        await bridge.Until(await bridge.Deploy(), "succeeded");
    }

    public async ValueTask DisposeAsync()
    {
        shell.Dispose();
        await bridge.DisposeAsync();
    }

    [Fact]
    public async Task The_exit_code_says_the_end()
    {
        (await shell.Run("pipelinebridge deploy portal prod registry.internal/portal:413")).ShouldExit(0);
        (await shell.Run("pipelinebridge deploy portal")).ShouldExit(2);
        (await shell.Run("pipelinebridge deploy portal nowhere registry.internal/portal:413")).ShouldExit(3);
        (await shell.Run("BRIDGE_URL=http://127.0.0.1:9 pipelinebridge status")).ShouldExit(4);
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([ScriptedStages.Failed(work)]);
        (await shell.Run("pipelinebridge deploy portal prod registry.internal/portal:414")).ShouldExit(1);
    }

    [Fact]
    public async Task An_interrupt_ends_the_command_and_not_the_deployment()
    {
        bridge.Stages.Deploy = async (work, told, stop) =>
        {
            await told.Tell(work.Observed(new DeploymentProgressed("main", "rolling", 1, 3)), stop);
            await Task.Delay(Timeout.Infinite, stop);
            return [];
        };
        // With job control: without it a shell lets what it starts in the background ignore the interrupt.
        var stopped = await shell.Run("""
            set -m
            pipelinebridge deploy portal prod registry.internal/portal:413 >out &
            until grep -q '1 of 3 healthy' out; do sleep 0.1; done
            kill -INT $!
            wait $!
            """);
        stopped.ShouldExit(4).Errors.Should().MatchRegex(@"Stopped here; #d-\w{6} goes on at the bridge\.\nTo wait on: pipelinebridge await d-");
    }

    [Theory]
    [InlineData("pipelinebridge dep", "deploy")]
    [InlineData("pipelinebridge deploy ", "portal")]
    [InlineData("pipelinebridge deploy por", "portal")]
    [InlineData("pipelinebridge deploy portal ", "bare prod test")]
    [InlineData("pipelinebridge rollback portal p", "prod")]
    [InlineData("pipelinebridge status --a", "--at")]
    [InlineData("pipelinebridge rollback portal o", "")]
    [InlineData("pipelinebridge cancel -", "--bridge --by --chain --help --json --key --minutes --no-wait --token-file -h")]
    [InlineData("pipelinebridge deploy portal prod --on-failure ", "keep rollback")]
    public async Task Bash_completes_verbs_options_and_the_names_that_the_bridge_has(string line, string expected)
    {
        shell.Variables["LINE"] = line;
        var completed = await shell.Run("""
            source <(pipelinebridge completion bash)
            COMP_LINE=$LINE COMP_POINT=${#LINE}
            _pipelinebridge pipelinebridge "${LINE##* }"
            printf '%s\n' "${COMPREPLY[@]}"
            """);
        completed.ShouldExit(0).Errors.Should().BeEmpty();
        string.Join(' ', completed.Output.TrimEnd().Split('\n').Order(StringComparer.Ordinal)).Should().Be(expected);
    }

    [Fact]
    public async Task A_completion_without_a_bridge_is_quiet()
    {
        shell.Variables["BRIDGE_URL"] = "http://127.0.0.1:9";
        var quiet = await shell.Run("pipelinebridge '[suggest:22]' 'pipelinebridge deploy '");
        quiet.ShouldExit(0).Errors.Should().BeEmpty();
        quiet.Output.Should().NotContain("portal");
    }

    [Theory]
    [Trait("Needs", "service")]
    [InlineData("pipelinebridge dep", "deploy")]
    [InlineData("pipelinebridge deploy por", "portal")]
    [InlineData("pipelinebridge deploy portal ", "bare prod test")]
    [InlineData("pipelinebridge rollback portal o", "")]
    [InlineData("pipelinebridge status --a", "--at")]
    public async Task Zsh_completes_the_same(string line, string expected)
    {
        shell.Variables["LINE"] = line;
        Assert.SkipUnless(File.Exists("/usr/bin/zsh"), "zsh is not installed");
        var completed = await shell.Run("""
            compdef() { }
            compadd() { print -l -- ${(P)2} }
            source <(pipelinebridge completion zsh)
            _files() { }
            BUFFER=$LINE CURSOR=${#LINE}
            _pipelinebridge
            """, "zsh");
        string.Join(' ', completed.Output.TrimEnd().Split('\n').Order(StringComparer.Ordinal)).Should().Be(expected);
        completed.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task What_the_program_itself_does_tells_wrong_use_as_shortly()
    {
        var wrong = (await shell.Run("pipelinebridge deploi portal")).ShouldExit(2);
        wrong.All.Should().Be("There is no verb deploi. Did you mean deploy?\n");
        (await shell.Run("pipelinebridge bridge --fil bridge.yaml")).ShouldExit(2).All.Should().Be("There is no option --fil of bridge. Did you mean --file?\nUsage: pipelinebridge bridge [options]\n");
        (await shell.Run("pipelinebridge spec convert nofile --to marathon")).ShouldExit(2).All.Should().Be("nofile is not there. Give the file of a specification (kind: service).\n");
    }

    [Fact]
    public async Task Help_of_each_verb_needs_no_bridge()
    {
        shell.Variables["BRIDGE_URL"] = "http://127.0.0.1:9";
        var help = (await shell.Run("pipelinebridge --help && pipelinebridge deploy --help")).ShouldExit(0).Output;
        foreach (var verb in new[] { "push", "tag", "deploy", "rollback", "remove", "await", "cancel", "hold", "status", "explain", "timeline", "notify", "deadletters", "completion" })
        {
            help.Should().MatchRegex($@"(?m)^  {verb}\b");
        }
        help.Should().Contain("pipelinebridge deploy <app> <environment> [<image>] [options]").And.NotContain("--token ");
    }
}
