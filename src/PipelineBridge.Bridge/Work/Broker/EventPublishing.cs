using System.Diagnostics;
using Microsoft.Extensions.Logging;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Bridge.Work.Broker;

/// <summary>
/// Publishes what was born in the bridge and is no work, in the order of the journal. Each row is marked by its own
/// confirmation, so that after a crash at any moment what was not confirmed is published, some perhaps a second time.
/// </summary>
sealed partial class EventPublishing(EventJournal journal, BrokerStanding standing, Signal signal, TimeProvider clock, ILogger log)
{
    static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);

    public async Task Run(Publishing publishing, CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var now = clock.GetUtcNow();
            var rows = journal.Read(r => r.Unsent(Publishing.Batch, now.ToUnixTimeMilliseconds()));
            if (rows.Count == 0)
            {
                var next = journal.Read(r => r.NextUnsentDue()) is { } due ? DateTimeOffset.FromUnixTimeMilliseconds(due) - now : Idle;
                await signal.Wait(next < Idle ? next : Idle, cancellation);
                continue;
            }
            var (fates, broken) = await Publish(publishing, rows, cancellation);
            await Mark(rows, fates, cancellation);
            if (broken is not null)
            {
                throw new BrokerException($"The channel of the relay broke: {broken.Message}", true, broken);
            }
        }
    }

    static async Task<(IReadOnlyList<Exception?> Fates, Exception? Broken)> Publish(Publishing publishing, IReadOnlyList<UnsentEvent> rows, CancellationToken cancellation)
    {
        var spans = new List<Activity?>(rows.Count);
        var messages = rows.Select(row =>
        {
            var e = row.Event;
            var (id, trace) = CdEventReader.ReadEnvelope(e.Body);
            var span = Tracing.Source.StartActivity($"publish {e.Type}", ActivityKind.Producer, trace);
            spans.Add(span);
            return new Outgoing(Topology.EventsExchange, CdEvent.RoutingKeyOf(e.Type, e.App, e.Environment), false,
                BrokerMessage.Properties(id ?? e.Id.ToString(), e.Type, traceParent: span?.Id ?? trace), e.Body);
        }).ToList();
        try
        {
            return await publishing.Publish(messages, cancellation);
        }
        finally
        {
            spans.ForEach(s => s?.Dispose());
        }
    }

    async Task Mark(IReadOnlyList<UnsentEvent> rows, IReadOnlyList<Exception?> fates, CancellationToken cancellation)
    {
        var confirmed = fates.Count(f => f is null);
        await BrokerSession.Journaled(journal, tx =>
        {
            for (var i = 0; i < rows.Count; i++)
            {
                if (fates[i] is null)
                {
                    tx.Sent(rows[i].Event.Sequence);
                }
                else if (fates[i] is RabbitMQ.Client.Exceptions.PublishException)
                {
                    tx.NotSent(rows[i].Event.Sequence, tx.Now + Pause(rows[i].Attempts + 1));
                }
            }
            return 0;
        }, e => Log.JournalUnavailable(log, e), clock, CancellationToken.None);
        standing.Published(confirmed);
        for (var i = 0; i < rows.Count; i++)
        {
            if (fates[i] is RabbitMQ.Client.Exceptions.PublishException refused)
            {
                Log.NotTaken(log, rows[i].Event.Type, rows[i].Event.Sequence, rows[i].Attempts + 1, refused.Message);
            }
        }
    }

    /// <summary>How long a row waits that the broker did not take: doubling from a second to a minute.</summary>
    public static TimeSpan Pause(int attempts) => TimeSpan.FromSeconds(Math.Min(60, Math.Pow(2, Math.Min(attempts, 10) - 1)));

    static partial class Log
    {
        [LoggerMessage(2301, LogLevel.Warning, "The journal cannot be written; what was published is marked as soon as it can be.")]
        public static partial void JournalUnavailable(ILogger log, Exception e);

        [LoggerMessage(2302, LogLevel.Warning, "The broker did not take {Type}, event {Sequence}, attempt {Attempt}: {Why} Those of its app and environment wait behind it.")]
        public static partial void NotTaken(ILogger log, string type, long sequence, int attempt, string why);
    }
}
