using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;
using RabbitMQ.Client;

namespace PipelineBridge.Bridge.Work.Broker;

/// <summary>
/// Takes what the stages say from its queue into the journal, in order and in batches, and acknowledges only what is on
/// disk. What comes twice is heard once; what is no outcome is a dead letter and holds up nobody.
/// </summary>
public sealed partial class OutcomeIntake(EventJournal journal, Deciders deciders, BrokerParts parts, BrokerStanding standing, TimeProvider clock, ILogger<OutcomeIntake> log) : BackgroundService
{
    const ushort Batch = 256;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BrokerSession.KeepUp(parts.Options, "bridge outcomes", Session, e => Log.Lost(log, e.Message), clock, stoppingToken);

    async Task Session(IConnection connection, CancellationToken lost)
    {
        var inbox = await Inbox.Open(connection, Queues.Outcomes, Batch, lost);
        while (true)
        {
            var batch = await inbox.Next(lost);
            await Take([.. batch.Select(d => Outcomes.Read(d.Body))], lost);
            await inbox.Acknowledge(batch, lost);
        }
    }

    async Task Take(IReadOnlyList<ReadOutcome> batch, CancellationToken lost)
    {
        try
        {
            var taken = await Write(tx => batch.Count(o => Take(tx, o)), lost);
            standing.Took(taken, batch.Count - taken);
        }
        catch (Exception e) when (e is not OperationCanceledException && batch.Count > 1)
        {
            // One of them cannot be decided: each alone, so that it is known which.
            Log.OneByOne(log, e, batch.Count);
            foreach (var outcome in batch)
            {
                await Take([outcome], lost);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.Undecidable(log, e, batch[0].Event?.Type, batch[0].Event?.Custom?.RequestId);
            await Write(tx => { Outcomes.Keep(tx, Queues.Outcomes, $"A mistake of the bridge's own: {e.GetType().Name}: {e.Message}", batch[0].Body); return 0; }, lost);
            standing.Took(0, 1);
        }
    }

    bool Take(JournalTransaction tx, ReadOutcome outcome)
    {
        using var span = outcome is { Wrong: null, Event: { } e } ? Tracing.Source.StartActivity($"journal {e.EventType!.ShortName}", ActivityKind.Consumer, e.TraceParent) : null;
        var taken = Outcomes.Take(tx, deciders, outcome, Queues.Outcomes);
        if (!taken)
        {
            Log.NoOutcome(log, outcome.Wrong ?? "The journal does not know its work.");
        }
        return taken;
    }

    Task<T> Write<T>(Func<JournalTransaction, T> change, CancellationToken lost) =>
        BrokerSession.Journaled(journal, change, e => Log.JournalUnavailable(log, e), clock, lost);

    static partial class Log
    {
        [LoggerMessage(2351, LogLevel.Warning, "Outcomes wait in the broker; nothing is lost meanwhile. {Why}")]
        public static partial void Lost(ILogger log, string why);

        [LoggerMessage(2352, LogLevel.Warning, "The journal cannot be written; outcomes are held and not acknowledged.")]
        public static partial void JournalUnavailable(ILogger log, Exception e);

        [LoggerMessage(2353, LogLevel.Error, "One of {Count} outcomes could not be decided; each is taken alone.")]
        public static partial void OneByOne(ILogger log, Exception e, int count);

        [LoggerMessage(2354, LogLevel.Error, "A {Type} of {Request} could not be decided; it is a dead letter.")]
        public static partial void Undecidable(ILogger log, Exception e, string? type, string? request);

        [LoggerMessage(2355, LogLevel.Warning, "A message among the outcomes is none; it is a dead letter. {Why}")]
        public static partial void NoOutcome(ILogger log, string why);
    }
}
