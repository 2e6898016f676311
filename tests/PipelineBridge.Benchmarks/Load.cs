using System.Diagnostics;

namespace PipelineBridge.Benchmarks;

/// <summary>A closed loop: each connection has one request on its way, and sends the next when the answer is there.</summary>
static class Load
{
    /// <summary>Loads a server for a while, and gives how long each answer took, in ticks of <see cref="Stopwatch"/>.</summary>
    /// <exception cref="InvalidOperationException">An answer was not the good one.</exception>
    public static async Task<Sample> Run(int port, int connections, Func<Call> call, TimeSpan during, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var end = start + (long)(during.TotalSeconds * Stopwatch.Frequency);
        var loops = Enumerable.Range(0, connections).Select(_ => Task.Run(() => Connection(port, call(), end, cancellation), cancellation)).ToList();
        var ticks = (await Task.WhenAll(loops)).SelectMany(t => t).ToArray();
        return new Sample(ticks, Stopwatch.GetElapsedTime(start));
    }

    static async Task<List<long>> Connection(int port, Call call, long end, CancellationToken cancellation)
    {
        using var connection = new LoadConnection(port);
        var ticks = new List<long>(64 * 1024);
        while (true)
        {
            var sent = Stopwatch.GetTimestamp();
            if (sent >= end)
            {
                return ticks;
            }
            await connection.Send(call, cancellation);
            ticks.Add(Stopwatch.GetTimestamp() - sent);
        }
    }
}
