using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Work.Broker;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging.Broker;
using RabbitMQ.Client;

namespace PipelineBridge.Benchmarks.Broker;

/// <summary>The relay, which reads rows of the journal, publishes them and marks each when it is confirmed, beside confirmed publishing of the same bodies from memory.</summary>
static class RelayRun
{
    const int Rounds = 3;
    const double Goal = 0.8;
    const string Type = "dev.cdevents.pipelinerun.finished.0.3.0";
    const string App = "portal";
    const string Place = "prod";
    static readonly int[] Windows = [256, 1000];
    static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);

    public static async Task<int> Run(BenchmarkBroker broker, int rows, CancellationToken cancellation)
    {
        var bodies = Enumerable.Repeat(Call.Event(), rows).Select(c => c.NextBody()).ToList();
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        Console.WriteLine($"{Rounds} rounds by turns, {rows} events of {bodies[0].Length} bytes each, to a durable quorum queue");
        await Setting.Topology.Declare(broker.Options, "benchmark", cancellation);
        await using var connection = await broker.Connect(cancellation);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        await BenchmarkBroker.Subscribe(channel, cancellation);
        var relay = new List<Sample>();
        var raw = Windows.ToDictionary(w => w, _ => new List<Sample>());
        for (var round = -1; round < Rounds; round++)
        {
            var ours = await Relayed(broker, bodies, cancellation);
            await Arrived(channel, rows, cancellation);
            var peers = new List<Sample>();
            foreach (var window in Windows)
            {
                peers.Add(await Raw(broker, bodies, window, cancellation));
                await Arrived(channel, rows, cancellation);
            }
            // The first one is for warming up.
            if (round >= 0)
            {
                relay.Add(ours);
                for (var i = 0; i < Windows.Length; i++)
                {
                    raw[Windows[i]].Add(peers[i]);
                }
            }
        }
        Console.WriteLine($"""

            | | events/s | CPU µs/event | relay to it (goal {Goal.ToString(CultureInfo.InvariantCulture)}) | events/s by rounds |
            |---|---|---|---|---|
            """);
        Console.WriteLine(Row("relay", relay, relay));
        foreach (var window in Windows)
        {
            Console.WriteLine(Row($"confirms in a window of {window}", raw[window], relay));
        }
        Console.WriteLine();
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        return 0;
    }

    /// <summary>From the first batch that is confirmed to the last one that is marked, so that connecting is no part of it.</summary>
    static async Task<Sample> Relayed(BenchmarkBroker broker, List<byte[]> bodies, CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("pipelinebridge-benchmark-");
        try
        {
            await using var journal = EventJournal.Open(new JournalOptions { Path = Path.Combine(directory.FullName, "journal.db"), Published = true });
            foreach (var chunk in bodies.Chunk(500))
            {
                await Task.WhenAll(chunk.Select(body =>
                {
                    var now = DateTimeOffset.UtcNow;
                    var id = EventId.Random(now.ToUnixTimeMilliseconds());
                    return journal.Write(tx => tx.Append(new NewEvent(id, Type, id.ToString(), now, App, Place, true, body, [])), cancellation);
                }));
            }
            var standing = new BrokerStanding(TimeProvider.System);
            using var relay = new Relay(journal, Setting.Options, new BrokerParts(broker.Options, Setting.Topology), standing, TimeProvider.System, NullLogger<Relay>.Instance);
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            bound.CancelAfter(Bound);
            await relay.StartAsync(bound.Token);
            await Published(standing, 1, bound.Token);
            var (first, start, processor) = (standing.EventsPublished, Stopwatch.GetTimestamp(), Used());
            await Published(standing, bodies.Count, bound.Token);
            var sample = new Sample(new long[bodies.Count - first], Stopwatch.GetElapsedTime(start)) { Processor = Used() - processor };
            await relay.StopAsync(CancellationToken.None);
            return sample;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    static async Task Published(BrokerStanding standing, long count, CancellationToken cancellation)
    {
        while (standing.EventsPublished < count)
        {
            await Task.Delay(1, cancellation);
        }
    }

    /// <summary>As many unconfirmed as the window holds, the next one when any is confirmed.</summary>
    static async Task<Sample> Raw(BenchmarkBroker broker, List<byte[]> bodies, int window, CancellationToken cancellation)
    {
        await using var connection = await broker.Connect(cancellation);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);
        using var room = new SemaphoreSlim(window, window);
        var key = CdEvent.RoutingKeyOf(Type, App, Place);
        var confirmed = new List<Task>(bodies.Count);
        var (start, processor) = (Stopwatch.GetTimestamp(), Used());
        foreach (var body in bodies)
        {
            await room.WaitAsync(cancellation);
            confirmed.Add(Publish(body));
        }
        await Task.WhenAll(confirmed).WaitAsync(Bound, cancellation);
        return new Sample(new long[bodies.Count], Stopwatch.GetElapsedTime(start)) { Processor = Used() - processor };

        async Task Publish(byte[] body)
        {
            await channel.BasicPublishAsync(Topology.EventsExchange, key, mandatory: false, BrokerMessage.Properties("benchmark", Type), body, cancellation);
            room.Release();
        }
    }

    static TimeSpan Used()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    static async Task Arrived(IChannel channel, int rows, CancellationToken cancellation)
    {
        var purged = await channel.QueuePurgeAsync(BenchmarkBroker.Subscriber, cancellation);
        if (purged < rows)
        {
            throw new InvalidOperationException($"Of {rows} events {purged} are in the queue.");
        }
    }

    static string Row(string name, List<Sample> rounds, List<Sample> relay)
    {
        var all = Sample.All(rounds);
        var ratio = rounds == relay ? "" : (Sample.All(relay).PerSecond / all.PerSecond).ToString("0.00", CultureInfo.InvariantCulture);
        var byRounds = string.Join(" ", rounds.Select(r => r.PerSecond.ToString("0", CultureInfo.InvariantCulture)));
        return string.Create(CultureInfo.InvariantCulture, $"| {name} | {all.PerSecond:0} | {all.ProcessorMicroseconds:0} | {ratio} | {byRounds} |");
    }
}
