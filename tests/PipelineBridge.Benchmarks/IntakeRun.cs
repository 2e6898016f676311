using System.Globalization;

namespace PipelineBridge.Benchmarks;

/// <summary>The intake with its journal beside the same endpoints without, by turns in one run.</summary>
static class IntakeRun
{
    const int Rounds = 3;
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(6);
    static readonly TimeSpan Round = TimeSpan.FromSeconds(4);

    static readonly (string Name, Func<Call> Call)[] Calls =
    [
        ("POST /v1/events", Call.Event),
        ("POST /v1/deployments, new apps", Call.DeploymentOfNewApp),
        ("POST /v1/deployments, 60 apps", Call.DeploymentOfFewApps),
    ];

    public static async Task<int> Run(CancellationToken cancellation)
    {
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        Console.WriteLine($"{Rounds} rounds of {Round.TotalSeconds} s a case by turns, a new journal for each round; bodies of {string.Join(", ", Calls.Select(c => c.Call().BodyBytes))} bytes");
        await using var bridge = ServedProcess.Start("bridge");
        await using var peer = ServedProcess.Start("peer");
        foreach (var (_, call) in Calls)
        {
            foreach (var side in new[] { bridge, peer })
            {
                await Load.Run(await side.Fresh(cancellation), 16, call, WarmUp, cancellation);
            }
        }
        var cases = Calls.SelectMany(c => new[] { 1, 64 }.Select(connections => new Case(c.Name, c.Call, connections))).ToList();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var c in cases)
            {
                c.Bridge.Add(await Measure(bridge, c, cancellation));
                c.Peer.Add(await Measure(peer, c, cancellation));
            }
        }
        Console.WriteLine("""

            | | connections | bridge req/s | p50, p99 ms | CPU µs/req | without journal req/s | p50, p99 ms | CPU µs/req | ratio | by rounds |
            |---|---|---|---|---|---|---|---|---|---|
            """);
        foreach (var c in cases)
        {
            Console.WriteLine(c.Row());
        }
        Console.WriteLine();
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        return 0;
    }

    static async Task<Sample> Measure(ServedProcess side, Case c, CancellationToken cancellation)
    {
        var port = await side.Fresh(cancellation);
        var before = side.Processor();
        var sample = await Load.Run(port, c.Connections, c.Call, Round, cancellation);
        return sample with { Processor = side.Processor() - before };
    }

    sealed record Case(string Name, Func<Call> Call, int Connections)
    {
        public List<Sample> Bridge { get; } = [];

        public List<Sample> Peer { get; } = [];

        public string Row()
        {
            var (bridge, peer) = (Sample.All(Bridge), Sample.All(Peer));
            var byRounds = string.Join(" ", Bridge.Zip(Peer, (b, p) => (b.PerSecond / p.PerSecond).ToString("0.00", CultureInfo.InvariantCulture)));
            return string.Create(CultureInfo.InvariantCulture,
                $"| `{Name}` | {Connections} | {bridge.PerSecond:0} | {Times(bridge)} | {bridge.ProcessorMicroseconds:0} | {peer.PerSecond:0} | {Times(peer)} | {peer.ProcessorMicroseconds:0} | {bridge.PerSecond / peer.PerSecond:0.00} | {byRounds} |");
        }

        static string Times(Sample sample) => string.Create(CultureInfo.InvariantCulture, $"{sample.Milliseconds(0.5):0.00}, {sample.Milliseconds(0.99):0.0}");
    }
}
