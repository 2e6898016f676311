using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Work;

/// <summary>The queues that somebody does the work of, in this process or over the broker.</summary>
public sealed class KnownQueues(IEnumerable<string> queues)
{
    readonly HashSet<string> known = [.. queues, Queues.Bridge];

    /// <summary>Whether it is one of them.</summary>
    public bool Contains(string queue) => known.Contains(queue);
}

/// <summary>Hands to the deciders what time decides (a hold's end, a bound), and ends work that no stage here can take.</summary>
public sealed partial class Sweep(EventJournal journal, Deciders deciders, KnownQueues known, TimeProvider clock, ILogger<Sweep> log) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            do
            {
                try
                {
                    await Once(stoppingToken);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    // One row that cannot be decided, or a journal that cannot be written: the next round tries again.
                    Log.Failed(log, e);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>One round.</summary>
    public async Task Once(CancellationToken cancellation)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var ready = journal.Read(r => r.DueQueues(now));
        if (ready.Contains(Queues.Bridge))
        {
            await Each(Queues.Bridge, Due, cancellation);
        }
        foreach (var stray in ready.Where(q => !known.Contains(q)))
        {
            await Each(stray, (tx, row) => DeadWork.EndOfNobody(tx, deciders, row), cancellation);
        }
    }

    /// <summary>Each due row of a queue in a transaction of its own: one that cannot be decided holds up no other.</summary>
    async Task Each(string queue, Action<JournalTransaction, WorkRow> act, CancellationToken cancellation)
    {
        var rows = await journal.Write(tx => tx.DueWork(queue, tx.Now, 100), cancellation);
        Exception? failed = null;
        foreach (var row in rows)
        {
            try
            {
                await journal.Write(tx => { act(tx, row); return 0; }, cancellation);
            }
            catch (Exception e) when (e is not (OperationCanceledException or JournalUnavailableException or JournalBusyException))
            {
                failed = e;
            }
        }
        if (failed is not null)
        {
            throw new InvalidOperationException($"Work of {queue} could not be decided.", failed);
        }
    }

    void Due(JournalTransaction tx, WorkRow row)
    {
        tx.CloseWork(row.Sequence, row.Queue);
        var e = CdEventReader.Read(tx.Body(row.Sequence)!);
        var lane = tx.State(DeploymentLane.Key(e.Custom!.App, e.Custom.Environment!), BridgeJson.Default.DeploymentLane);
        switch (e.Content)
        {
            case DeploymentHeld when lane?.Hold?.EventId == e.Id:
                deciders.Happened(tx, BridgeEvents.Make(e.Key().Then("expired"), new DeploymentHoldLifted("expired"), tx.Now, e.ChainId, e.Key(),
                    new CustomData { App = e.Custom.App, Environment = e.Custom.Environment }), born: true);
                break;
            case DeploymentRequested:
                deciders.PushNeverCame(tx, e);
                break;
        }
    }

    static partial class Log
    {
        [LoggerMessage(2101, LogLevel.Warning, "A round of the sweep failed; the next one tries again.")]
        public static partial void Failed(ILogger log, Exception e);
    }
}
