using System.Diagnostics;

namespace PipelineBridge.Tests;

public class ScriptsTests
{
    [Fact, Trait("Needs", "service")]
    public async Task Shell_scripts_pass_shellcheck()
    {
        const string Shellcheck = "/usr/bin/shellcheck";
        Assert.SkipUnless(File.Exists(Shellcheck), "shellcheck is not installed");
        using var process = Process.Start(new ProcessStartInfo(Shellcheck, [
            Repository.PathOf("tests", "run"), Repository.PathOf(".ci", "run"), Repository.PathOf("jenkins-shared-lib", "resources", "io", "pipelinebridge", "post.sh"),
            Repository.PathOf("jenkins-shared-lib", "test", "with-groovy"), Repository.PathOf("jenkins-shared-lib", "test", "run-cases"), Repository.PathOf("jenkins-shared-lib", "test", "run-pipeline"),
            Repository.PathOf("compose", "init", "init.sh"), Repository.PathOf("tests", "PipelineBridge.Journeys", "Compose", "images.sh"),
        ])
        {
            RedirectStandardOutput = true,
        })!;
        var findings = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        findings.Should().BeEmpty();
        process.ExitCode.Should().Be(0);
    }

    [Fact]
    public void The_continuous_integration_runs_the_one_test_command_and_nothing_else() =>
        File.ReadLines(Repository.PathOf(".ci", "run")).Where(l => !l.StartsWith('#') && l.Length > 0)
            .Should().Equal("set -euo pipefail", """exec "$(dirname "${BASH_SOURCE[0]}")/../tests/run" """.TrimEnd());
}
