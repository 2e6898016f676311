using System.Diagnostics;
using System.Text.RegularExpressions;
using PipelineBridge.Tests.Bridge;

namespace PipelineBridge.Tests.Docs;

/// <summary>The examples of the README and of docs/http.md are what a person pastes: each is run as it stands.</summary>
[Trait("Needs", "service")]
public partial class HttpExamplesTests
{
    [Fact]
    public async Task The_curl_lines_of_http_md_are_accepted_and_come_to_their_end()
    {
        await using var bridge = await RunningBridge.Start();
        var lines = Blocks("docs/http.md", "sh").Where(b => b.Contains("curl", StringComparison.Ordinal)).ToList();
        lines.Should().HaveCountGreaterThanOrEqualTo(3);

        // The one that asks how it stands needs a request, so it goes last.
        var receipt = "";
        foreach (var line in lines.OrderBy(l => l.Contains("$ID", StringComparison.Ordinal)))
        {
            var answer = await Bash(bridge, line, ("ID", receipt));
            answer.Should().Contain("\"state\":");
            receipt = Id().Match(answer).Groups[1].Value;
        }
    }

    [Fact]
    public async Task The_jenkinsfile_of_the_readme_pushes_and_deploys()
    {
        await using var bridge = await RunningBridge.Start();
        // Without a specification in bridge.yaml the first deployment brings one; the Jenkinsfile's is the second.
        await bridge.Until(await bridge.Deploy(), "succeeded");
        var steps = Steps().Matches(string.Join("\n", Blocks("README.md", "groovy"))).Select(m => m.Groups[1].Value.Replace("\\\\", "\\", StringComparison.Ordinal)).ToList();
        steps.Should().HaveCount(2);

        foreach (var step in steps)
        {
            (await Bash(bridge, step, ("BUILD_TAG", "jenkins-portal-413"), ("BUILD_NUMBER", "413"))).Should().Contain("\"id\":");
        }

        bridge.Stages.Of<PipelineBridge.Events.ImagePushRequested>().Should().ContainSingle();
    }

    static IEnumerable<string> Blocks(string file, string language) =>
        Block().Matches(File.ReadAllText(Repository.PathOf(file))).Where(m => m.Groups[1].Value == language).Select(m => m.Groups[2].Value);

    static async Task<string> Bash(RunningBridge bridge, string script, params (string Name, string Value)[] variables)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/curl"), "curl is not installed");
        var start = new ProcessStartInfo("bash", ["-c", "curl() { command curl --fail-with-body --max-time 30 \"$@\"; }\n" + script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["BRIDGE_URL"] = start.Environment["BRIDGE"] = bridge.Http.BaseAddress!.ToString().TrimEnd('/');
        start.Environment["BRIDGE_TOKEN"] = RunningBridge.Key;
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.Should().Be(0, $"of {script}: {output} {errors}");
        return output;
    }

    [GeneratedRegex("```(\\w+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("sh '''(.*?)'''", RegexOptions.Singleline)]
    private static partial Regex Steps();

    [GeneratedRegex("\"id\":\"([^\"]+)\"")]
    private static partial Regex Id();
}
