using System.Diagnostics;
using Microsoft.Extensions.Logging;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using RabbitMQ.Client.Exceptions;

namespace PipelineBridge.Bridge.Work.Broker;

/// <summary>
/// Gives open work to its queue as soon as it may be: in a partitioned queue one of a partition at a time, the next only
/// after the end of the one before it. A work counts as given by its own confirmation.
/// </summary>
sealed partial class WorkGiving(EventJournal journal, BridgeOptions options, BrokerParts parts, BrokerStanding standing, Signal signal, TimeProvider clock, ILogger log)
{
    static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);

    /// <summary>What follows a work that was not taken, of its app and environment in its queue, waits until then.</summary>
    readonly Dictionary<(string Queue, string App, string Environment), (long Sequence, int Times, DateTimeOffset Until)> held = [];

    /// <summary>Held while the topology is repaired: nothing is given to queues that are not there yet.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    /// <param name="publishing">Where it is published.</param>
    /// <param name="repair">Declares what is missing on the broker.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task Run(Publishing publishing, Func<CancellationToken, Task> repair, CancellationToken cancellation)
    {
        held.Clear();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            await Turn.WaitAsync(cancellation);
            Round round;
            try
            {
                round = await Give(publishing, cancellation);
            }
            finally
            {
                Turn.Release();
            }
            if (round.Broken is { } broken)
            {
                throw new BrokerException($"The channel of the relay broke: {broken.Message}", true, broken);
            }
            if (round.Returned)
            {
                await repair(cancellation);
            }
            if (round.Given == 0)
            {
                await signal.Wait(Next(), cancellation);
            }
        }
    }

    readonly record struct Round(int Given, bool Returned, Exception? Broken);

    async Task<Round> Give(Publishing publishing, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var work = journal.Read(r => r.DueQueues(now.ToUnixTimeMilliseconds()).Where(parts.Topology.WorkQueues.Contains)
            .SelectMany(q => r.GivableWork(q, Queues.IsPartitioned(q), Publishing.Batch, now.ToUnixTimeMilliseconds())).ToList());
        work.RemoveAll(w => held.TryGetValue(Lane(w), out var before) && before.Until > now && w.Row.Sequence >= before.Sequence);
        if (work.Count == 0)
        {
            return default;
        }
        var spans = new List<Activity?>(work.Count);
        var messages = work.Select(w => Message(w, spans)).ToList();
        var (fates, broken) = await publishing.Publish(messages, cancellation);
        spans.ForEach(s => s?.Dispose());
        await Mark(work, fates);
        var given = fates.Count(f => f is null);
        standing.Given(given);
        var returned = false;
        for (var i = 0; i < work.Count; i++)
        {
            returned |= fates[i] is PublishException { IsReturn: true };
            Judge(work[i], fates[i]);
        }
        return new Round(given, returned, broken);
    }

    static Outgoing Message(OpenWorkEvent work, List<Activity?> spans)
    {
        var e = work.Event;
        var (id, trace) = CdEventReader.ReadEnvelope(e.Body);
        var span = Tracing.Source.StartActivity($"give {work.Row.Queue}", ActivityKind.Producer, trace);
        spans.Add(span);
        return new Outgoing(Topology.WorkExchange, CdEvent.RoutingKeyOf(e.Type, e.App, e.Environment), true,
            BrokerMessage.Properties(id ?? e.Id.ToString(), e.Type, work.Row.Queue, span?.Id ?? trace, work.Row.Attempts), e.Body);
    }

    /// <summary>
    /// A work that was confirmed is given from now on, unless something happened to it meanwhile: its outcome may be here
    /// before its confirmation was written down.
    /// </summary>
    internal static void Given(JournalTransaction tx, WorkRow row, int overdueSeconds, int workSeconds)
    {
        if (tx.Work(row.Sequence, row.Queue) == row)
        {
            var bound = tx.Now.AddSeconds(workSeconds).ToUnixTimeMilliseconds();
            tx.PutWork(row with
            {
                State = WorkRowState.Running,
                Attempts = row.Attempts + 1,
                DueMilliseconds = tx.Now.AddSeconds(overdueSeconds).ToUnixTimeMilliseconds(),
                // Waiting for its turn is not trying: the bound begins with the first time that it is given.
                DeadlineMilliseconds = row.Attempts == 0 ? Math.Max(row.DeadlineMilliseconds, bound) : row.DeadlineMilliseconds,
                Error = null,
            });
        }
    }

    Task<int> Mark(List<OpenWorkEvent> work, IReadOnlyList<Exception?> fates) => BrokerSession.Journaled(journal, tx =>
    {
        for (var i = 0; i < work.Count; i++)
        {
            var row = work[i].Row;
            if (fates[i] is null)
            {
                Given(tx, row, parts.OverdueSeconds, options.WorkSeconds);
            }
            else if (fates[i] is PublishException refused && row.Error != Said(row.Queue, refused) && tx.Work(row.Sequence, row.Queue) == row)
            {
                tx.PutWork(row with { Error = Said(row.Queue, refused) });
            }
        }
        return 0;
    }, e => Log.JournalUnavailable(log, e), clock, CancellationToken.None);

    void Judge(OpenWorkEvent work, Exception? fate)
    {
        var lane = Lane(work);
        if (fate is null)
        {
            held.Remove(lane);
            standing.Unroutable.TryRemove(work.Row.Queue, out _);
        }
        else if (fate is PublishException refused)
        {
            var times = held.TryGetValue(lane, out var before) ? before.Times + 1 : 1;
            if (before.Sequence == 0 || work.Row.Sequence <= before.Sequence || before.Until <= clock.GetUtcNow())
            {
                held[lane] = (work.Row.Sequence, times, clock.GetUtcNow() + EventPublishing.Pause(times));
            }
            if (refused.IsReturn)
            {
                standing.Unroutable[work.Row.Queue] = Said(work.Row.Queue, refused);
            }
            Log.NotTaken(log, work.Row.Queue, work.Row.Sequence, times, Said(work.Row.Queue, refused));
        }
    }

    TimeSpan Next()
    {
        var now = clock.GetUtcNow();
        var next = journal.Read(r => r.NextDue(now.ToUnixTimeMilliseconds())) is { } due ? DateTimeOffset.FromUnixTimeMilliseconds(due) - now : Idle;
        foreach (var lane in held.Values)
        {
            next = lane.Until > now && lane.Until - now < next ? lane.Until - now : next;
        }
        return next < Idle ? next : Idle;
    }

    static (string, string, string) Lane(OpenWorkEvent work) => (work.Row.Queue, work.Event.App, work.Event.Environment);

    static string Said(string queue, PublishException e) => e.IsReturn
        ? $"The broker has no queue {queue}, or it is not bound to {Topology.WorkExchange}."
        : $"The broker did not take it into {queue}: the queue is full, or has no majority of its nodes.";

    static partial class Log
    {
        [LoggerMessage(2311, LogLevel.Warning, "The journal cannot be written; what was given is marked as soon as it can be.")]
        public static partial void JournalUnavailable(ILogger log, Exception e);

        [LoggerMessage(2312, LogLevel.Warning, "Work {Sequence} of {Queue} could not be given, attempt {Attempt}: {Why}")]
        public static partial void NotTaken(ILogger log, string queue, long sequence, int attempt, string why);
    }
}
