using PipelineBridge.Benchmarks;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) => { e.Cancel = true; stop.Cancel(); };
try
{
    switch (args)
    {
        case ["intake"]:
            return await IntakeRun.Run(stop.Token);
        case ["journal"]:
            return await JournalRun.Run(stop.Token);
        case ["serve", "bridge"]:
            await ServedProcess.Serve(() => BridgeSide.Start());
            return 0;
        case ["serve", "peer"]:
            await ServedProcess.Serve(() => PeerSide.Start());
            return 0;
        default:
            Console.Error.WriteLine("""
                usage: intake    requests/s of the bridge beside the same endpoints without a journal
                       journal   events/s of the journal alone
                """);
            return 2;
    }
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
