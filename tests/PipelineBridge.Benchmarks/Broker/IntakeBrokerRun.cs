using System.Globalization;
using PipelineBridge.Messaging;
using RabbitMQ.Client;

namespace PipelineBridge.Benchmarks.Broker;

/// <summary>The intake of a bridge with its relay running beside what one would call else: the management API of the same RabbitMQ, by turns in one run.</summary>
static class IntakeBrokerRun
{
    const int Rounds = 3;

    static readonly (string Name, Func<Call> Call, int Connections, string Queue, double Goal)[] Cases =
    [
        ("POST /v1/events", Call.Event, 1, BenchmarkBroker.Subscriber, 8),
        ("POST /v1/events", Call.Event, 64, BenchmarkBroker.Subscriber, 15),
        ("POST /v1/deployments, new apps", Call.DeploymentOfNewApp, 64, Queues.RegistryResolve, 10),
    ];

    public static async Task<int> Run(BenchmarkBroker broker, int seconds, CancellationToken cancellation)
    {
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        Console.WriteLine($"{Rounds} rounds of {seconds} s a case by turns; bodies of {string.Join(", ", Cases.Select(c => c.Call().BodyBytes).Distinct())} bytes");
        await Setting.Topology.Declare(broker.Options, "benchmark", cancellation);
        await using var connection = await broker.Connect(cancellation);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        await BenchmarkBroker.Subscribe(channel, cancellation);
        await using var bridge = ServedProcess.Start("bridge", broker.Options.Url.OriginalString);
        var measured = Cases.Select(_ => (Bridge: new List<Sample>(), Peer: new List<Sample>(), Carried: new List<double>())).ToList();
        for (var round = -1; round < Rounds; round++)
        {
            for (var i = 0; i < Cases.Length; i++)
            {
                var c = Cases[i];
                var during = TimeSpan.FromSeconds(seconds);
                var port = await bridge.Fresh(cancellation);
                var before = (bridge.Processor(), broker.Node.Processor);
                var ours = await Load.Run(port, c.Connections, c.Call, during, cancellation);
                ours = ours with { Processor = bridge.Processor() - before.Item1 + broker.Node.Processor - before.Processor };
                var carried = (double)await channel.MessageCountAsync(c.Queue, cancellation) / ours.Ticks.Length;
                await bridge.Stop(cancellation);
                await Empty(channel, cancellation);
                var beforePeer = broker.Node.Processor;
                var peer = await Load.Run(broker.ManagementPort, c.Connections, () => Call.Published(c.Call()), during, cancellation);
                peer = peer with { Processor = broker.Node.Processor - beforePeer };
                await Empty(channel, cancellation);
                // The first one is for warming up.
                if (round >= 0)
                {
                    measured[i].Bridge.Add(ours);
                    measured[i].Peer.Add(peer);
                    measured[i].Carried.Add(carried);
                }
            }
        }
        Console.WriteLine("""

            | | connections | bridge req/s | p50, p99 ms | CPU µs/req | on the broker at the end | management API req/s | p50, p99 ms | CPU µs/req | ratio | goal | by rounds |
            |---|---|---|---|---|---|---|---|---|---|---|---|
            """);
        for (var i = 0; i < Cases.Length; i++)
        {
            var (c, m) = (Cases[i], measured[i]);
            var (ours, peer) = (Sample.All(m.Bridge), Sample.All(m.Peer));
            var byRounds = string.Join(" ", m.Bridge.Zip(m.Peer, (b, p) => (b.PerSecond / p.PerSecond).ToString("0.0", CultureInfo.InvariantCulture)));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| `{c.Name}` | {c.Connections} | {ours.PerSecond:0} | {Times(ours)} | {ours.ProcessorMicroseconds:0} | {m.Carried.Average():P0} | {peer.PerSecond:0} | {Times(peer)} | {peer.ProcessorMicroseconds:0} | {ours.PerSecond / peer.PerSecond:0.0} | {c.Goal:0} | {byRounds} |"));
        }
        Console.WriteLine();
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        return 0;
    }

    static string Times(Sample sample) => string.Create(CultureInfo.InvariantCulture, $"{sample.Milliseconds(0.5):0.00}, {sample.Milliseconds(0.99):0.0}");

    static async Task Empty(IChannel channel, CancellationToken cancellation)
    {
        foreach (var queue in (string[])[BenchmarkBroker.Subscriber, Queues.RegistryResolve])
        {
            await channel.QueuePurgeAsync(queue, cancellation);
        }
    }
}
