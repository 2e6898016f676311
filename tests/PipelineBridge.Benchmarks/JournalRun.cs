using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Benchmarks;

/// <summary>Appends straight to the journal, each answered when it is on disk, beside the bare disk.</summary>
static class JournalRun
{
    const int BodyBytes = 1024;
    const int DiskBytes = 4 << 20;
    const int Rounds = 3;
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);
    static readonly TimeSpan Round = TimeSpan.FromSeconds(4);

    public static async Task<int> Run(CancellationToken cancellation)
    {
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        int[] depths = [1, 64];
        var journal = depths.ToDictionary(d => d, _ => new List<Sample>());
        var disk = new List<Sample>();
        foreach (var depth in depths)
        {
            await Append(depth, WarmUp, cancellation);
        }
        for (var round = 0; round < Rounds; round++)
        {
            disk.Add(BareDisk());
            foreach (var depth in depths)
            {
                journal[depth].Add(await Append(depth, Round, cancellation));
            }
        }
        Console.WriteLine("""

            | | events/s | p50, p99 ms | events/s by rounds |
            |---|---|---|---|
            """);
        Console.WriteLine(Row("bare disk: a write of 4 KiB and fsync, one after the other", disk));
        foreach (var depth in depths)
        {
            Console.WriteLine(Row($"appends of {BodyBytes} bytes, {depth} at once", journal[depth]));
        }
        return 0;
    }

    static async Task<Sample> Append(int depth, TimeSpan during, CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("pipelinebridge-benchmark-");
        try
        {
            await using var journal = EventJournal.Open(new JournalOptions { Path = Path.Combine(directory.FullName, "journal.db") });
            var body = RandomNumberGenerator.GetBytes(BodyBytes);
            var start = Stopwatch.GetTimestamp();
            var loops = Enumerable.Range(0, depth).Select(_ => Task.Run(async () =>
            {
                var ticks = new List<long>(64 * 1024);
                while (Stopwatch.GetElapsedTime(start) < during)
                {
                    var begun = Stopwatch.GetTimestamp();
                    var now = DateTimeOffset.UtcNow;
                    var id = EventId.Random(now.ToUnixTimeMilliseconds());
                    var e = new NewEvent(id, "dev.cdevents.pipelinerun.finished.0.3.0", id.ToString(), now, "portal", "prod", true, body, []);
                    await journal.Write(tx => tx.Append(e), cancellation);
                    ticks.Add(Stopwatch.GetTimestamp() - begun);
                }
                return ticks;
            }, cancellation)).ToList();
            var all = (await Task.WhenAll(loops)).SelectMany(t => t).ToArray();
            return new Sample(all, Stopwatch.GetElapsedTime(start));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    static Sample BareDisk()
    {
        var directory = Directory.CreateTempSubdirectory("pipelinebridge-benchmark-");
        try
        {
            using var file = File.OpenHandle(Path.Combine(directory.FullName, "bare"), FileMode.Create, FileAccess.Write);
            var page = RandomNumberGenerator.GetBytes(4096);
            // Written once before: a place that was never written costs the file system more.
            RandomAccess.Write(file, RandomNumberGenerator.GetBytes(DiskBytes), 0);
            RandomAccess.FlushToDisk(file);
            var ticks = new List<long>();
            var start = Stopwatch.GetTimestamp();
            for (long at = 0; Stopwatch.GetElapsedTime(start) < WarmUp; at = (at + page.Length) % DiskBytes)
            {
                var begun = Stopwatch.GetTimestamp();
                RandomAccess.Write(file, page, at);
                RandomAccess.FlushToDisk(file);
                ticks.Add(Stopwatch.GetTimestamp() - begun);
            }
            return new Sample([.. ticks], Stopwatch.GetElapsedTime(start));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    static string Row(string name, List<Sample> rounds)
    {
        var all = Sample.All(rounds);
        var byRounds = string.Join(" ", rounds.Select(r => r.PerSecond.ToString("0", CultureInfo.InvariantCulture)));
        return string.Create(CultureInfo.InvariantCulture, $"| {name} | {all.PerSecond:0} | {all.Milliseconds(0.5):0.00}, {all.Milliseconds(0.99):0.0} | {byRounds} |");
    }
}
