using System.Diagnostics;
using System.Text;
using System.Threading.Channels;

namespace PipelineBridge.Tests.Docs;

/// <summary>A program that prints what it is told, such as an example of the docs, as a process of its own; it is ended with the test.</summary>
sealed class ExampleProgram : IAsyncDisposable
{
    static readonly TimeSpan Bound = TimeSpan.FromSeconds(120);

    readonly Process process;
    readonly Channel<string> lines = Channel.CreateUnbounded<string>();
    readonly StringBuilder errors = new();

    public ExampleProgram(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => _ = line.Data is { } text ? lines.Writer.TryWrite(text) : lines.Writer.TryComplete();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (errors)
            {
                errors.AppendLine(line.Data);
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Whether it ended.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>What it wrote to standard error.</summary>
    public string Errors
    {
        get
        {
            lock (errors)
            {
                return errors.ToString();
            }
        }
    }

    /// <summary>The lines up to one that begins so.</summary>
    public async Task<IReadOnlyList<string>> LinesTo(string last)
    {
        using var bound = new CancellationTokenSource(Bound);
        var read = new List<string>();
        try
        {
            await foreach (var line in lines.Reader.ReadAllAsync(bound.Token))
            {
                read.Add(line);
                if (line.StartsWith(last, StringComparison.Ordinal))
                {
                    return read;
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
        throw new InvalidOperationException($"It did not write {last}, but: {string.Join("\n", read)}\n{Errors}");
    }

    /// <summary>Presses Ctrl-C.</summary>
    public async Task Interrupt()
    {
        using var kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>The code with which it ends.</summary>
    public async Task<int> Exit()
    {
        using var bound = new CancellationTokenSource(Bound);
        await process.WaitForExitAsync(bound.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
        process.Dispose();
    }
}
