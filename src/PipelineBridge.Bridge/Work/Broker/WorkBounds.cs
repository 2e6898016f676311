using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Work.Broker;

/// <summary>
/// Sees that no open work waits for ever: what was given and has no outcome when its time is over is given again, what has
/// none when its bound is over is ended, and what nobody is there to do says so.
/// </summary>
public sealed partial class WorkBounds(EventJournal journal, Deciders deciders, BridgeOptions options, BrokerParts parts, KnownQueues known, BrokerStanding standing, TimeProvider clock, ILogger<WorkBounds> log) : BackgroundService
{
    const int Most = 500;

    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>What each open work was last said to wait for.</summary>
    readonly Dictionary<(string Queue, long Sequence), string> said = [];

    /// <summary>The queues of which it is known that nothing in them says that it waits.</summary>
    readonly HashSet<string> quiet = [];

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
        foreach (var queue in parts.Topology.WorkQueues)
        {
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
            await Each(journal.Read(r => r.OverdueWork(queue, now, Most)), Overdue, cancellation);
            await Each(journal.Read(r => r.GivableWork(queue, Queues.IsPartitioned(queue), Most, now)).Select(w => w.Row).Where(r => r.DeadlineMilliseconds <= now), NeverTaken, cancellation);
            await Say(queue, now, cancellation);
        }
        foreach (var queue in journal.Read(r => r.RunningQueues()).Where(q => !known.Contains(q)))
        {
            // Who has it may still end it, by the configuration of that time.
            await Each(journal.Read(r => r.OverdueWork(queue, clock.GetUtcNow().ToUnixTimeMilliseconds(), Most)), (tx, row) => DeadWork.EndOfNobody(tx, deciders, row), cancellation);
        }
    }

    /// <summary>Each row in a transaction of its own: one that cannot be decided holds up no other.</summary>
    async Task Each(IEnumerable<WorkRow> rows, Action<JournalTransaction, WorkRow> act, CancellationToken cancellation)
    {
        foreach (var row in rows)
        {
            try
            {
                await journal.Write(tx => { act(tx, row); return 0; }, cancellation);
            }
            catch (Exception e) when (e is not (OperationCanceledException or JournalUnavailableException or JournalBusyException))
            {
                Log.Undecidable(log, e, row.Sequence, row.Queue);
            }
        }
    }

    void Overdue(JournalTransaction tx, WorkRow row)
    {
        if (tx.Work(row.Sequence, row.Queue) != row)
        {
            return;
        }
        var now = tx.Now.ToUnixTimeMilliseconds();
        var unattended = standing.Queues.TryGetValue(row.Queue, out var seen) && seen.Consumers == 0;
        if (row.DeadlineMilliseconds <= now)
        {
            End(tx, row, unattended
                ? $"No worker of {StageOf(row.Queue)} is running; within {options.WorkSeconds} seconds none took it."
                : $"No outcome came from {StageOf(row.Queue)} within {options.WorkSeconds} seconds; it was given {row.Attempts} times.");
        }
        else if (unattended && seen!.Waiting > 0)
        {
            // It stands in its queue still: a second one beside it would help nobody.
            tx.PutWork(row with { DueMilliseconds = Math.Min(tx.Now.AddMinutes(1).ToUnixTimeMilliseconds(), row.DeadlineMilliseconds) });
        }
        else
        {
            Log.Again(log, row.Sequence, row.Queue, row.Attempts);
            tx.PutWork(row with { State = WorkRowState.Ready, DueMilliseconds = now });
        }
    }

    void NeverTaken(JournalTransaction tx, WorkRow row)
    {
        if (tx.Work(row.Sequence, row.Queue) == row)
        {
            var why = row.Error ?? standing.Trouble;
            End(tx, row, $"It could not be given to {StageOf(row.Queue)} within {options.WorkSeconds} seconds.{(why is null ? "" : $" The last reason: {why}")}");
        }
    }

    void End(JournalTransaction tx, WorkRow row, string cause)
    {
        Log.Ended(log, row.Sequence, row.Queue, cause);
        DeadWork.End(tx, deciders, row, cause, cause);
    }

    /// <summary>Says in the requests of a queue's work what they wait for when nobody is there, and takes that back when somebody is.</summary>
    async Task Say(string queue, long now, CancellationToken cancellation)
    {
        var words = Missing(queue);
        if (words is null && quiet.Contains(queue))
        {
            return;
        }
        var rows = journal.Read(r => r.OpenWork(queue, Most)).Where(r => r.State == WorkRowState.Running || r.DueMilliseconds <= now).ToList();
        var unsaid = rows.Where(r => said.GetValueOrDefault((queue, r.Sequence)) != words || words is null).ToList();
        await Each(unsaid, (tx, row) =>
        {
            if (tx.Work(row.Sequence, row.Queue) is not null)
            {
                deciders.Waits(tx, CdEventReader.Read(tx.Body(row.Sequence)!), row.Sequence, words);
            }
        }, cancellation);
        if (words is not null)
        {
            unsaid.ForEach(row => said[(queue, row.Sequence)] = words);
        }
        if (words is null)
        {
            quiet.Add(queue);
            foreach (var key in said.Keys.Where(k => k.Queue == queue).ToList())
            {
                said.Remove(key);
            }
        }
        else
        {
            quiet.Remove(queue);
        }
    }

    string? Missing(string queue)
    {
        var before = clock.GetUtcNow().AddSeconds(-parts.PatienceSeconds);
        return standing.LostSince <= before ? Absence.OfBroker
            : standing.BlockedSince <= before ? Absence.OfRoom
            : standing.Queues.TryGetValue(queue, out var seen) && seen.Unattended <= before ? Absence.OfWorkerOf(StageOf(queue))
            : null;
    }

    static string StageOf(string queue) => queue.Split('.')[0] is var stage && stage == "notify" ? "notifications" : stage;

    static partial class Log
    {
        [LoggerMessage(2341, LogLevel.Warning, "A round of the bounds of work failed; the next one tries again.")]
        public static partial void Failed(ILogger log, Exception e);

        [LoggerMessage(2342, LogLevel.Warning, "Work {Sequence} of {Queue} has no outcome; it was given {Times} times and is given again.")]
        public static partial void Again(ILogger log, long sequence, string queue, int times);

        [LoggerMessage(2343, LogLevel.Error, "Work {Sequence} of {Queue} is ended: {Cause}")]
        public static partial void Ended(ILogger log, long sequence, string queue, string cause);

        [LoggerMessage(2344, LogLevel.Error, "What becomes of work {Sequence} of {Queue} could not be decided; the next round tries again.")]
        public static partial void Undecidable(ILogger log, Exception e, long sequence, string queue);
    }
}
