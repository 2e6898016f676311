using System.Diagnostics;

namespace PipelineBridge.Benchmarks;

/// <summary>A server that is measured.</summary>
interface IServedSide : IAsyncDisposable
{
    string Url { get; }
}

/// <summary>A side in a process of its own, so that the load is not made in it. Its journal is new for each measurement, its code stays warm.</summary>
sealed class ServedProcess : IAsyncDisposable
{
    static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);
    readonly Process process;

    ServedProcess(Process process) => this.process = process;

    public static ServedProcess Start(params string[] side)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["serve", .. side]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        return new ServedProcess(Process.Start(start)!);
    }

    /// <summary>A server with an empty journal, and its port.</summary>
    public async Task<int> Fresh(CancellationToken cancellation) => new Uri(await Ask("fresh", cancellation)).Port;

    /// <summary>Stops the server; its process stays.</summary>
    public Task Stop(CancellationToken cancellation) => Ask("stop", cancellation);

    /// <summary>The next line that the process writes.</summary>
    public async Task<string> Line(CancellationToken cancellation) =>
        await process.StandardOutput.ReadLineAsync(cancellation).AsTask().WaitAsync(Bound, cancellation)
        ?? throw new InvalidOperationException("The server's process ended; its reason stands above.");

    /// <summary>The processor time that the process has used so far.</summary>
    public TimeSpan Processor()
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    /// <summary>The most memory that the process had at any time.</summary>
    public long PeakBytes
    {
        get
        {
            process.Refresh();
            return process.PeakWorkingSet64;
        }
    }

    /// <summary>In the process itself: a new server for each line "fresh" that is read, none after the last.</summary>
    public static async Task<int> Serve(Func<Task<IServedSide>> start)
    {
        IServedSide? side = null;
        for (var line = await Console.In.ReadLineAsync(); line is not null; line = await Console.In.ReadLineAsync())
        {
            await (side?.DisposeAsync() ?? ValueTask.CompletedTask);
            side = line == "fresh" ? await start() : null;
            Console.WriteLine(side?.Url ?? "stopped");
        }
        await (side?.DisposeAsync() ?? ValueTask.CompletedTask);
        return 0;
    }

    async Task<string> Ask(string what, CancellationToken cancellation)
    {
        await process.StandardInput.WriteLineAsync(what.AsMemory(), cancellation);
        await process.StandardInput.FlushAsync(cancellation);
        return await Line(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Bound);
        }
        catch (TimeoutException)
        {
            process.Kill();
        }
        process.Dispose();
    }
}
