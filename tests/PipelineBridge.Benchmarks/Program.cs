using PipelineBridge.Benchmarks;
using PipelineBridge.Benchmarks.Broker;
using PipelineBridge.Benchmarks.Deliveries;
using PipelineBridge.Benchmarks.Hosts;
using PipelineBridge.Benchmarks.Pages;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) => { e.Cancel = true; stop.Cancel(); };
try
{
    return args switch
    {
        ["intake"] => await IntakeRun.Run(stop.Token),
        ["journal"] => await JournalRun.Run(stop.Token),
        ["pushes"] => await PushesRun.Run(stop.Token),
        ["hosts"] => await HostsRun.Run(samples: 60, stop.Token),
        ["hosts", var n] when int.TryParse(n, out var samples) && samples > 0 => await HostsRun.Run(samples, stop.Token),
        ["intake-broker"] => await OverBroker(b => IntakeBrokerRun.Run(b, seconds: 4, stop.Token)),
        ["intake-broker", var n] when int.TryParse(n, out var seconds) && seconds > 0 => await OverBroker(b => IntakeBrokerRun.Run(b, seconds, stop.Token)),
        ["relay"] => await OverBroker(b => RelayRun.Run(b, rows: 20_000, stop.Token)),
        ["relay", var n] when int.TryParse(n, out var rows) && rows >= 1000 => await OverBroker(b => RelayRun.Run(b, rows, stop.Token)),
        ["handler"] => await OverBroker(b => HandlerRun.Run(b, samples: 500, stop.Token)),
        ["handler", var n] when int.TryParse(n, out var samples) && samples > 0 => await OverBroker(b => HandlerRun.Run(b, samples, stop.Token)),
        ["deliveries"] => await OverBroker(b => DeliveriesRun.Run(b, deliveries: 1000, stop.Token)),
        ["deliveries", var n] when int.TryParse(n, out var deliveries) && deliveries > 0 => await OverBroker(b => DeliveriesRun.Run(b, deliveries, stop.Token)),
        ["page"] => await PageRun.Run(events: 500_000, stop.Token),
        ["page", var n] when int.TryParse(n, out var events) && events > 0 => await PageRun.Run(events, stop.Token),
        ["serve", "page", var n] when int.TryParse(n, out var events) => await ServedProcess.Serve(() => PageSide.Start(events)),
        ["serve", "bridge"] => await ServedProcess.Serve(() => BridgeSide.Start()),
        ["serve", "bridge", var broker] => await ServedProcess.Serve(() => BridgeSide.Start(new Uri(broker))),
        ["serve", "peer"] => await ServedProcess.Serve(() => PeerSide.Start()),
        ["serve", "worker", var broker, var bridge] => await WorkerSide.Serve(new Uri(broker), new Uri(bridge)),
        ["serve", "simulators", var images] => await SimulatorsSide.Serve(images, stop.Token),
        _ => Usage(),
    };
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
catch (Exception e) when (e is InvalidOperationException or TimeoutException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

async Task<int> OverBroker(Func<BenchmarkBroker, Task<int>> run)
{
    if (BenchmarkBroker.Missing is { } missing)
    {
        Console.Error.WriteLine(missing);
        return 2;
    }
    await using var broker = await BenchmarkBroker.Start(stop.Token);
    return await run(broker);
}

static int Usage()
{
    Console.Error.WriteLine("""
        usage: intake                     requests/s of the bridge beside the same endpoints without a journal
               journal                    events/s of the journal alone
               pushes                     pushes from an engine and retags beside docker push and skopeo
               page [EVENTS]              first byte of the first page over a long journal beside an answer of its size
               hosts [SAMPLES]            40 apps at once on one Docker engine, and the time from serving to told
               intake-broker [SECONDS]    requests/s of the bridge beside RabbitMQ's management API; seconds of a round
               relay [ROWS]               events/s from the journal to RabbitMQ beside confirmed publishing without a journal
               handler [SAMPLES]          time from a POST to the first line of a worker's handler
               deliveries [COUNT]         deliveries/s of a whole installation, and where their time goes
        """);
    return 2;
}
