using System.Diagnostics;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Tests.Processes;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Jenkins;

/// <summary>What a pipeline is told when things go wrong, on a bridge process.</summary>
[Trait("Needs", "service")]
public class PipelineTroubleTests(JenkinsScene scene) : IClassFixture<JenkinsScene>
{
    [Fact]
    public async Task A_failed_build_is_told_in_chat()
    {
        GroovyProgram.SkipUnlessThere();
        var (file, workspace) = scene.Workspace("node('linux') { bridgeBuild(app: 'portal', title: 'Fix date of birth sort', author: 'ann@example.org') { sh 'make image' } }", "510");
        JenkinsScene.Program(workspace, "make", "#!/bin/sh\nexit 2\n");
        var (exitCode, log, _) = await GroovyProgram.Run("run-pipeline", ["--number", "510", "--workspace", workspace, "--fast", file], TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken, scene.Variables);

        exitCode.Should().Be(1, log);
        log.Should().Contain("script returned exit code 2").And.Contain("#510 finished   told");
        var until = DateTime.UtcNow + Patience.Bound;
        while (!scene.Slack.Messages("deploys").Any(m => m.Text.Contains("510", StringComparison.Ordinal)))
        {
            DateTime.UtcNow.Should().BeBefore(until, "the chat is told of the failed build: " + string.Join("\n", scene.Slack.Messages("deploys").Select(m => m.Text)));
            await Task.Delay(TimeSpan.FromMilliseconds(50), TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_deployment_that_fails_ends_the_build_with_cause_and_evidence()
    {
        scene.Seed("511");
        await scene.Deployed("511");
        var broken = scene.Registry.SeedImage("portal", "512", "512");
        scene.Marathon.Script(new TaskBehavior { Image = broken, NeverHealthy = true, ProbeAnswer = "503 database migrations pending" });
        var (exitCode, log) = await scene.Run("""
            bridgeDeploy app: 'portal', environment: 'prod', image: 'registry.internal/portal:512', healthTimeoutSeconds: 6
            bridgeAwait app: 'portal', environment: 'prod'
            echo 'never'
            """, "512");

        exitCode.Should().Be(1, log);
        log.Should().Contain("[bridge] FAILED  portal → prod  health: 0 of 1 new tasks").And.Contain("503 database migrations pending")
            .And.MatchRegex(@"now running   sha256:\w{8}, the new one was taken back").And.Contain($"to see more   {scene.Bridge.Url}/d-").And.NotContain("never");
    }

    [Fact]
    public async Task Jenkins_killed_in_the_wait_goes_on_in_a_new_process_and_deploys_once()
    {
        GroovyProgram.SkipUnlessThere();
        var slow = scene.Registry.SeedImage("portal", "513", "513");
        scene.Marathon.Script(new TaskBehavior { Image = slow, HealthyAfterMilliseconds = 4000 });
        var (file, workspace) = scene.Workspace("""
            def receipt = bridgeDeploy app: 'portal', environment: 'prod', image: 'registry.internal/portal:513'
            bridgeAwait app: 'portal', environment: 'prod', minutes: 5
            echo "that was ${receipt.id}"
            """, "513");
        var state = Path.Combine(workspace, "state");
        string[] arguments = ["--number", "513", "--workspace", workspace, "--state", state, file];
        var first = await LogUntilKilled(arguments, line => line.Contains("rolling out", StringComparison.Ordinal) || line.Contains("handed to", StringComparison.Ordinal));
        var (exitCode, log, errors) = await GroovyProgram.Run("run-pipeline", arguments, TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken, scene.Variables);

        exitCode.Should().Be(0, first + "\n--\n" + log + errors);
        first.Should().Contain("accepted  #d-");
        log.Should().Contain("portal is live on prod").And.Contain("that was d-").And.NotContain("accepted  #d-").And.NotContain("cannot be asked");
        (await scene.Deployments()).Count(d => d!["build"]?["number"]?.GetValue<int>() == 513).Should().Be(1);
        (await File.ReadAllTextAsync(state, TestContext.Current.CancellationToken)).Should().NotContain(BridgeProcess.Key, "a key is never in a saved build");
    }

    [Fact]
    public async Task Without_the_plugin_curl_sends_whatever_is_in_a_name_and_shows_no_key_to_other_processes()
    {
        scene.Seed("514");
        var (file, workspace) = scene.Workspace("""
            node('linux') {
              def odd = 'Z\u00fcrich "a" \'b\' $HOME `id` ; rm \\ %PATH% \n end'
              bridgeDeploy app: 'portal', environment: 'prod', image: odd
              bridgePush app: 'portal', image: 'registry.internal/portal:514', by: odd
              def done = bridgeAwait app: odd, environment: 'prod', minutes: 1, failOnError: false
            }
            """, "514");
        JenkinsScene.Program(workspace, "curl", "#!/bin/sh\nprintf '%s\\n' \"$@\" >>\"$0.seen\"\nexec /usr/bin/curl \"$@\"\n");
        var (exitCode, log, errors) = await GroovyProgram.Run("run-pipeline", ["--number", "514", "--workspace", workspace, "--fast", "--without", "httpRequest", file], TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken, scene.Variables);

        exitCode.Should().Be(0, log + errors);
        log.Should().Contain("refused: image: ").And.MatchRegex("push   portal  registry.internal/portal:514   accepted").And.Contain("(422)").And.NotContain("not sent");
        var seen = await File.ReadAllTextAsync(Path.Combine(workspace, "bin", "curl.seen"), TestContext.Current.CancellationToken);
        seen.Should().Contain("--config").And.NotContain(BridgeProcess.Key).And.NotContain("Bearer");
        Directory.GetFiles(workspace + "@tmp").Should().BeEmpty("a call leaves no file behind");
    }

    /// <summary>Runs a build until its log has a line, and kills it there; gives the log so far.</summary>
    async Task<string> LogUntilKilled(string[] arguments, Func<string, bool> there)
    {
        using var process = Process.Start(GroovyProgram.Of("run-pipeline", arguments, scene.Variables))!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        var log = "";
        try
        {
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                log += line + "\n";
                if (there(line))
                {
                    return log;
                }
            }
            throw new InvalidOperationException("The build ended by itself: " + log + await process.StandardError.ReadToEndAsync(limit.Token));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }
}
