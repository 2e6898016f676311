using System.Diagnostics;
using PipelineBridge.Demo;

namespace PipelineBridge.Tests.Processes;

public sealed class DemoTests
{
    [Fact, Trait("Needs", "process")]
    public async Task The_lines_to_try_make_a_newer_version_live_and_go_back_to_the_one_before()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(TimeSpan.FromMinutes(5));
        var printed = new StringWriter();
        var output = TextWriter.Synchronized(printed);
        var demo = new DemoRun(output) { Port = 0 }.Run(stop.Token);
        while (!Text().Contains("Ctrl-C ends it.", StringComparison.Ordinal))
        {
            demo.IsCompleted.Should().BeFalse(Text());
            await Task.Delay(50, stop.Token);
        }

        var lines = Text()[Text().IndexOf("Try it yourself", StringComparison.Ordinal)..].Split('\n').Where(l => l.StartsWith("  ", StringComparison.Ordinal)).Select(l => l.Trim()).ToList();
        var program = $"dotnet {Path.Combine(AppContext.BaseDirectory, "pipelinebridge.dll")}";
        // A person looks at the page before going back; here the matrix says when it is live.
        var typed = string.Join('\n', lines).Replace("dotnet run --project src/PipelineBridge --", program, StringComparison.Ordinal)
            .Replace($"\n{program} rollback", $"\nuntil {program} status | grep -q '● 1[.]2'; do sleep 1; done\n{program} rollback", StringComparison.Ordinal);
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", typed]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (said, errors) = (bash.StandardOutput.ReadToEndAsync(stop.Token), bash.StandardError.ReadToEndAsync(stop.Token));
        try
        {
            await bash.WaitForExitAsync(stop.Token);
        }
        finally
        {
            if (!bash.HasExited)
            {
                bash.Kill(entireProcessTree: true);
            }
        }
        bash.ExitCode.Should().Be(0, await said + await errors);

        (await said).Should().MatchRegex(@"hello .*\b1\.2\b").And.MatchRegex(@"live .*\b1\.0\b.*was .*1\.2", "it is gone back to 1.0");
        await stop.CancelAsync();
        (await demo).Should().Be(0);

        string Text()
        {
            lock (output)
            {
                return printed.ToString();
            }
        }
    }
}
