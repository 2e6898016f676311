using System.Diagnostics;

namespace PipelineBridge.Tests.Jenkins;

/// <summary>A program of jenkins-shared-lib/test, run in Debian's Groovy to its end or until it is killed.</summary>
static class GroovyProgram
{
    public static string Library { get; } = Repository.PathOf("jenkins-shared-lib");

    public static bool IsThere => File.Exists("/usr/share/java/groovy-all.jar") && Directory.Exists("/usr/lib/jvm");

    public static void SkipUnlessThere() => Assert.SkipUnless(IsThere, "groovy is not installed");

    public static async Task<(int ExitCode, string Output, string Errors)> Run(string program, string[] arguments, TimeSpan bound, CancellationToken cancellation, params (string Name, string Value)[] variables)
    {
        using var process = Process.Start(Of(program, arguments, variables))!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(bound);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    public static ProcessStartInfo Of(string program, string[] arguments, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(Path.Combine(Library, "test", program), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }
        return start;
    }
}
