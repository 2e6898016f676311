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
    static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    readonly Process process;

    ServedProcess(Process process) => this.process = process;

    public static ServedProcess Start(string side)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["serve", side]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        return new ServedProcess(Process.Start(start)!);
    }

    /// <summary>A server with an empty journal, and its port.</summary>
    public async Task<int> Fresh(CancellationToken cancellation)
    {
        await process.StandardInput.WriteLineAsync("fresh".AsMemory(), cancellation);
        await process.StandardInput.FlushAsync(cancellation);
        var url = await process.StandardOutput.ReadLineAsync(cancellation).AsTask().WaitAsync(Bound, cancellation);
        return new Uri(url ?? throw new InvalidOperationException("The server's process ended; its reason stands above.")).Port;
    }

    /// <summary>The processor time that the process has used so far.</summary>
    public TimeSpan Processor()
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    /// <summary>In the process itself: a new server for each line that is read, none after the last.</summary>
    public static async Task Serve(Func<Task<IServedSide>> start)
    {
        IServedSide? side = null;
        while (await Console.In.ReadLineAsync() is not null)
        {
            await (side?.DisposeAsync() ?? ValueTask.CompletedTask);
            side = await start();
            Console.WriteLine(side.Url);
        }
        await (side?.DisposeAsync() ?? ValueTask.CompletedTask);
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
