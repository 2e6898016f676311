using System.Diagnostics;
using System.Text;

namespace PipelineBridge.Journeys.Site;

/// <summary>A build of Jenkins as the library's harness runs it, in a process of its own, and its log.</summary>
sealed class JenkinsBuild : IAsyncDisposable
{
    static readonly TimeSpan Bound = TimeSpan.FromMinutes(4);

    readonly StringBuilder log = new();
    readonly Process process;

    public JenkinsBuild(string program, string bridge, string token, IEnumerable<string> arguments)
    {
        process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["BRIDGE_URL"] = bridge, ["BRIDGE_TOKEN"] = token },
        })!;
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Waits until the log has a word.</summary>
    public async Task Says(string word)
    {
        var until = DateTime.UtcNow + Bound;
        while (!ToString().Contains(word, StringComparison.Ordinal))
        {
            (process.HasExited || DateTime.UtcNow > until).Should().BeFalse($"the build is to say \"{word}\"\n{this}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits for its end; the exit code.</summary>
    public async Task<int> End()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Bound);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The build did not end within {Bound.TotalMinutes} minutes.\n{this}");
        }
        return process.ExitCode;
    }

    /// <summary>kill -9, as a controller that dies.</summary>
    public async Task Kill()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
    }

    public override string ToString()
    {
        lock (log)
        {
            return $"--- build\n{log}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await Kill();
        }
        process.Dispose();
    }

    void Keep(string? line)
    {
        lock (log)
        {
            log.AppendLine(line);
        }
    }
}
