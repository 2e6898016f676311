using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;
using RabbitMQ.Client;

namespace PipelineBridge.Bridge.Work.Broker;

/// <summary>
/// Takes from the dead queue what no queue could handle: a work that is still open ends as failed with its reason, an
/// outcome that only came to its last delivery is journaled after all, the rest is kept to be looked at.
/// </summary>
public sealed partial class DeadQueueDrain(EventJournal journal, Deciders deciders, BrokerParts parts, BrokerStanding standing, TimeProvider clock, ILogger<DeadQueueDrain> log) : BackgroundService
{
    const ushort AtOnce = 32;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BrokerSession.KeepUp(parts.Options, "bridge dead letters", Session, e => Log.Lost(log, e.Message), clock, stoppingToken);

    async Task Session(IConnection connection, CancellationToken lost)
    {
        var inbox = await Inbox.Open(connection, Queues.Dead, AtOnce, lost);
        while (true)
        {
            foreach (var delivery in await inbox.Next(lost))
            {
                var (queue, reason) = Reason(delivery.Properties.Headers);
                Log.Dead(log, queue, reason);
                await Take(delivery, queue, reason, lost);
                await inbox.Acknowledge([delivery], lost);
                standing.Buried();
            }
        }
    }

    async Task Take(Delivery delivery, string queue, string reason, CancellationToken lost)
    {
        try
        {
            await Write(tx => { Bury(tx, delivery.Body, queue, reason); return 0; }, lost);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.Undecidable(log, e, queue);
            await Write(tx => { Outcomes.Keep(tx, queue, $"{reason} Its end could not be decided: {e.GetType().Name}: {e.Message}", delivery.Body); return 0; }, lost);
        }
    }

    void Bury(JournalTransaction tx, byte[] body, string queue, string reason)
    {
        if (queue == Queues.Outcomes)
        {
            var outcome = Outcomes.Read(body);
            Outcomes.Take(tx, deciders, outcome with { Wrong = outcome.Wrong is null ? null : $"{reason} {outcome.Wrong}" }, queue);
            return;
        }
        // By its id, and not by what the message says of itself: a worker of another version has another word for it.
        var sequence = Read(body) is { } read ? tx.Find(read.Key()) : null;
        var work = sequence is { } found && CdEventReader.Read(tx.Body(found)!) is { EventType.Role: EventRole.Work } known ? known : null;
        if (work is null)
        {
            Outcomes.Keep(tx, queue, reason, body);
        }
        else if ((tx.Work(sequence!.Value, queue) ?? tx.Work(sequence.Value, WorkQueues.Of(work))) is { } open)
        {
            DeadWork.End(tx, deciders, open, reason, $"A mistake of the bridge's own: {queue} could not handle it.");
        }
        // A work that has its end already has been told; its message is of no more use to anybody.
    }

    static CdEvent? Read(byte[] body)
    {
        try
        {
            return body.Length <= Outcomes.LongestBytes ? CdEventReader.Read(body) : null;
        }
        catch (EventFormatException)
        {
            return null;
        }
    }

    Task<T> Write<T>(Func<JournalTransaction, T> change, CancellationToken lost) =>
        BrokerSession.Journaled(journal, change, e => Log.JournalUnavailable(log, e), clock, lost);

    /// <summary>
    /// Which queue gave up and why: what MassTransit writes on a message that its consumer could not handle, else what
    /// RabbitMQ writes on one that it dead-lettered ("x-death", Dead Letter Exchanges).
    /// </summary>
    internal static (string Queue, string Reason) Reason(IDictionary<string, object?>? headers)
    {
        if (Text(headers, "MT-Fault-Message") is { } message)
        {
            var address = Text(headers, "MT-Fault-InputAddress");
            var path = Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri.AbsolutePath : address ?? "";
            var type = Text(headers, "MT-Fault-ExceptionType") is { } name ? $"{name.Split('.')[^1]}: " : "";
            return (Named(path[(path.LastIndexOf('/') + 1)..]), $"{type}{message}");
        }
        if (headers?.TryGetValue("x-death", out var deaths) == true && deaths is IList<object> { Count: > 0 } list && list[0] is IDictionary<string, object?> death)
        {
            var why = Text(death, "reason");
            return (Named(Text(death, "queue") ?? ""), why switch
            {
                "delivery_limit" => "It was given too often without an acknowledgement: its worker died, or lost its connection, each time.",
                "rejected" => "Its consumer rejected it.",
                "expired" => "It was older than the queue lets a message become.",
                "maxlen" => "The queue was full.",
                _ => $"The broker gave it up: {why ?? "it does not say why"}.",
            });
        }
        return ("-", "It stood in the dead queue without a word of who put it there.");
    }

    static string Named(string queue) => queue.Length == 0 ? "-" : queue;

    static string? Text(IDictionary<string, object?>? headers, string name) => headers?.TryGetValue(name, out var value) == true
        ? value switch { byte[] bytes => Encoding.UTF8.GetString(bytes), string text => text, _ => null }
        : null;

    static partial class Log
    {
        [LoggerMessage(2361, LogLevel.Warning, "Dead letters wait in the broker; nothing is lost meanwhile. {Why}")]
        public static partial void Lost(ILogger log, string why);

        [LoggerMessage(2362, LogLevel.Warning, "The journal cannot be written; dead letters are held and not acknowledged.")]
        public static partial void JournalUnavailable(ILogger log, Exception e);

        [LoggerMessage(2363, LogLevel.Warning, "{Queue} could not handle a message: {Reason}")]
        public static partial void Dead(ILogger log, string queue, string reason);

        [LoggerMessage(2364, LogLevel.Error, "The end of a dead work of {Queue} could not be decided; it is kept as a dead letter.")]
        public static partial void Undecidable(ILogger log, Exception e, string queue);
    }
}
