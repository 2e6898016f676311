using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Work;

/// <summary>
/// Gives open work to the handlers of this process straight from the journal: outcome and close in one transaction.
/// Killed between any two lines, the work is still open and is given again at the next start.
/// </summary>
public sealed partial class EmbeddedDispatch(
    EventJournal journal, Deciders deciders, IReadOnlyList<StageQueue> queues, IBridgeClient bridge,
    BridgeOptions options, TimeProvider clock, ILogger<EmbeddedDispatch> log) : BackgroundService
{
    /// <summary>How many works of one partitioned queue are handled at once.</summary>
    const int AtOnce = 64;

    /// <summary>How many of a cluster's, where most only watch: a cancel and a newer one must find room beside what rolls.</summary>
    const int AtOnceOnCluster = 1024;

    readonly Channel<bool> signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    readonly ConcurrentDictionary<(long, string), Task> running = new();

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        journal.Committed += Wake;
        try
        {
            await Retry(() => journal.Write(tx => { tx.ResetRunning(); return 0; }, stoppingToken), stoppingToken);
            while (!stoppingToken.IsCancellationRequested)
            {
                var next = await Retry(() => Round(stoppingToken), stoppingToken);
                var wait = next - clock.GetUtcNow();
                await Wait(wait < TimeSpan.FromMilliseconds(10) ? TimeSpan.FromMilliseconds(10) : wait, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The works that run keep their state; the next start gives them again.
        }
        finally
        {
            journal.Committed -= Wake;
            await Task.WhenAll(running.Values).WaitAsync(TimeSpan.FromSeconds(5), CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    void Wake(JournalCommit commit)
    {
        if (commit.Queues.Count > 0)
        {
            signal.Writer.TryWrite(true);
        }
    }

    /// <summary>Takes what may be done now, and says when to look again.</summary>
    async Task<DateTimeOffset> Round(CancellationToken stopping)
    {
        var now = clock.GetUtcNow();
        var ready = journal.Read(r => r.DueQueues(now.ToUnixTimeMilliseconds()));
        var mine = queues.Where(q => ready.Contains(q.Queue)).ToList();
        if (mine.Count > 0)
        {
            var taken = await journal.Write(tx =>
            {
                var all = new List<(StageQueue Queue, WorkRow Row)>();
                foreach (var q in mine)
                {
                    var free = (Queues.IsPartitioned(q.Queue) ? AtOnce : AtOnceOnCluster) - running.Keys.Count(k => k.Item2 == q.Queue);
                    all.AddRange(tx.TakeWork(q.Queue, Queues.IsPartitioned(q.Queue), free, tx.Now).Select(row => (q, row)));
                }
                return all;
            }, stopping);
            foreach (var (queue, row) in taken)
            {
                // The key first: a handler may be done before its task is kept.
                var key = (row.Sequence, row.Queue);
                running[key] = Task.CompletedTask;
                var task = Task.Run(() => HandleAndForget(queue, row, stopping), CancellationToken.None);
                running.TryUpdate(key, task, Task.CompletedTask);
            }
        }
        var due = journal.Read(r => r.NextDue(now.ToUnixTimeMilliseconds()));
        var latest = now.AddSeconds(5);
        return due is { } d && DateTimeOffset.FromUnixTimeMilliseconds(d) < latest ? DateTimeOffset.FromUnixTimeMilliseconds(d) : latest;
    }

    async Task HandleAndForget(StageQueue queue, WorkRow row, CancellationToken stopping)
    {
        try
        {
            await Handle(queue, row, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            // The outcome could not be journaled: the work stays open and is given again, so many times as one that throws.
            Log.OutcomeNotJournaled(log, e, row.Queue, row.Sequence);
            var unavailable = e is JournalUnavailableException or JournalBusyException;
            Task again = Retry(() => journal.Write(tx =>
            {
                if (unavailable)
                {
                    Again(tx, row, "Its outcome could not be journaled.");
                }
                else
                {
                    Threw(tx, row, e);
                }
                return 0;
            }, stopping), stopping);
            await again.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            running.TryRemove((row.Sequence, row.Queue), out _);
            signal.Writer.TryWrite(true);
        }
    }

    async Task Handle(StageQueue queue, WorkRow row, CancellationToken stopping)
    {
        IReadOnlyList<CdEvent> outcome;
        try
        {
            var stored = journal.Read(r => r.Event(row.Sequence)) ?? throw new InvalidOperationException($"The journal has no event {row.Sequence}.");
            var work = new WorkItem(CdEventReader.Read(stored.Body), row.Attempts, queue.Stage, clock);
            // A handler bounds its own waits; this bound is for one that does not.
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            limit.CancelAfter(TimeSpan.FromSeconds(2 * options.WorkSeconds));
            outcome = await queue.Handler.Handle(work, bridge, limit.Token);
            if (outcome.Count == 0 && journal.Read(r => r.Work(row.Sequence, row.Queue)) is not null)
            {
                throw new InvalidOperationException("The handler returned no end.");
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is not (JournalUnavailableException or JournalBusyException))
        {
            Log.HandlerThrew(log, e, queue.Queue, row.Sequence, row.Attempts);
            await journal.Write(tx => { Threw(tx, row, e); return 0; }, CancellationToken.None);
            return;
        }
        foreach (var bad in outcome.Where(e => e.Content is WorkEnded { Result: WorkResult.Failed }))
        {
            Log.EndedFailed(log, queue.Queue, bad.Custom?.RequestId, bad.Custom?.Cause);
        }
        await journal.Write(tx =>
        {
            foreach (var e in outcome)
            {
                deciders.Happened(tx, e, born: false);
            }
            if (tx.Work(row.Sequence, row.Queue) is { State: WorkRowState.Running })
            {
                Threw(tx, row, new InvalidOperationException("Its handler returned neither an end nor a deferral."));
            }
            return 0;
        }, CancellationToken.None);
    }

    void Threw(JournalTransaction tx, WorkRow row, Exception e)
    {
        if (row.Attempts < options.Attempts)
        {
            Again(tx, row, $"{e.GetType().Name}: {e.Message}");
            return;
        }
        DeadWork.End(tx, deciders, row, $"{e.GetType().Name}: {e.Message}", "A mistake of the bridge's own: its stage failed each time it was tried.");
    }

    static void Again(JournalTransaction tx, WorkRow row, string error)
    {
        if (tx.Work(row.Sequence, row.Queue) is { } still)
        {
            var seconds = Math.Min(60, Math.Pow(2, still.Attempts - 1));
            tx.PutWork(still with { State = WorkRowState.Ready, DueMilliseconds = tx.Now.AddSeconds(seconds).ToUnixTimeMilliseconds(), Error = error });
        }
    }

    async Task Wait(TimeSpan most, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var timer = clock.CreateTimer(_ => signal.Writer.TryWrite(true), null, most, Timeout.InfiniteTimeSpan);
        await signal.Reader.ReadAsync(limit.Token);
    }

    /// <summary>Goes on trying while the journal cannot be written; nothing is lost meanwhile, and readiness says it.</summary>
    async Task<T> Retry<T>(Func<Task<T>> act, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                return await act();
            }
            catch (Exception e) when (e is JournalUnavailableException or JournalBusyException)
            {
                Log.JournalUnavailable(log, e);
                await Task.Delay(TimeSpan.FromSeconds(1), clock, stopping);
            }
        }
    }

    static partial class Log
    {
        [LoggerMessage(2001, LogLevel.Error, "The handler of {Queue} threw on work {Sequence}, attempt {Attempt}.")]
        public static partial void HandlerThrew(ILogger log, Exception e, string queue, long sequence, int attempt);

        [LoggerMessage(2002, LogLevel.Error, "The outcome of work {Sequence} of {Queue} could not be journaled; the work stays open.")]
        public static partial void OutcomeNotJournaled(ILogger log, Exception e, string queue, long sequence);

        [LoggerMessage(2004, LogLevel.Warning, "{Queue} failed for {Request}: {Cause}")]
        public static partial void EndedFailed(ILogger log, string queue, string? request, string? cause);

        [LoggerMessage(2003, LogLevel.Warning, "The journal cannot be written; work waits.")]
        public static partial void JournalUnavailable(ILogger log, Exception e);
    }
}
