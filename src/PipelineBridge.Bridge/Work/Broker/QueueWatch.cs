using Microsoft.Extensions.Logging;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace PipelineBridge.Bridge.Work.Broker;

/// <summary>
/// Looks at the queues now and then: one that is gone is declared again, and what was given to it is given again; one that
/// nobody consumes is known, so that what waits can say for whom.
/// </summary>
sealed partial class QueueWatch(EventJournal journal, BrokerParts parts, BrokerStanding standing, TimeProvider clock, ILogger log)
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>What was absent when it was last looked for, and could not be declared since: it is lost once, not at each look.</summary>
    HashSet<string> missing = [];

    /// <summary>Makes the broker whole, and makes given work ready again where what was given to it is lost.</summary>
    /// <exception cref="BrokerException">The broker cannot be had, or something differs or may not be declared.</exception>
    public async Task Repair(IConnection connection, CancellationToken cancellation)
    {
        HashSet<string> absent = [];
        foreach (var queue in parts.Topology.All)
        {
            if (await Look(connection, queue, cancellation) is null)
            {
                absent.Add(queue);
            }
        }
        // Before anything is declared: afterwards nobody could tell that it was lost.
        await Lose([.. absent.Except(missing)], cancellation);
        missing = absent;
        BrokerException? refused = null;
        try
        {
            await parts.Topology.Declare(connection, parts.Options, cancellation);
        }
        catch (BrokerException e) when (!e.WaitingHelps)
        {
            refused = e;
        }
        foreach (var queue in parts.Topology.All)
        {
            try
            {
                await Witness(connection, queue, cancellation);
                missing.Remove(queue);
            }
            catch (OperationInterruptedException e)
            {
                refused ??= BrokerConnection.Said(parts.Options, e);
            }
        }
        if (refused is not null)
        {
            throw refused;
        }
    }

    static async Task Witness(IConnection connection, string queue, CancellationToken cancellation)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        // The broker deletes it with its last binding, that is with the queue; a worker declares the queue alone.
        await channel.ExchangeDeclareAsync(Queues.Witness(queue), ExchangeType.Fanout, durable: true, autoDelete: true, cancellationToken: cancellation);
        await channel.QueueBindAsync(queue, Queues.Witness(queue), "", cancellationToken: cancellation);
    }

    async Task Lose(HashSet<string> lost, CancellationToken cancellation)
    {
        // Without these two what came of any work may be lost.
        if (lost.Overlaps([Queues.Outcomes, Queues.Dead]))
        {
            lost.UnionWith(parts.Topology.WorkQueues);
        }
        if (lost.Count == 0)
        {
            return;
        }
        var again = await BrokerSession.Journaled(journal, tx => tx.ResetRunning(lost), e => Log.JournalUnavailable(log, e), clock, cancellation);
        if (again > 0)
        {
            Log.Lost(log, again, string.Join(", ", lost));
        }
    }

    /// <summary>Looks until the connection is lost.</summary>
    /// <param name="connection">A connection that nothing is published on.</param>
    /// <param name="repair">Called when a queue is gone.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task Run(IConnection connection, Func<CancellationToken, Task> repair, CancellationToken cancellation)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            var gone = false;
            foreach (var queue in parts.Topology.All)
            {
                if (await Look(connection, queue, cancellation) is { } found)
                {
                    standing.Seen(queue, found.MessageCount, found.ConsumerCount);
                    told.Remove(queue);
                }
                else
                {
                    gone = true;
                    standing.Queues.TryRemove(queue, out _);
                    if (told.Add(queue))
                    {
                        Log.Gone(log, queue);
                    }
                }
            }
            if (gone)
            {
                await repair(cancellation);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    /// <summary>A queue as it is; null when there is none of that name, or another than there was.</summary>
    static async Task<QueueDeclareOk?> Look(IConnection connection, string queue, CancellationToken cancellation)
    {
        // What is not there closes the channel (AMQP 0-9-1, 404 not-found).
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        try
        {
            var found = await channel.QueueDeclarePassiveAsync(queue, cancellation);
            await channel.ExchangeDeclarePassiveAsync(Queues.Witness(queue), cancellation);
            return found;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == 404)
        {
            return null;
        }
    }

    static partial class Log
    {
        [LoggerMessage(2321, LogLevel.Warning, "The journal cannot be written; work is given again as soon as it can be.")]
        public static partial void JournalUnavailable(ILogger log, Exception e);

        [LoggerMessage(2322, LogLevel.Warning, "The broker lost what {Count} works were given by: {Queues}. They are given again.")]
        public static partial void Lost(ILogger log, int count, string queues);

        [LoggerMessage(2323, LogLevel.Warning, "The queue {Queue} was deleted on the broker; it is declared again.")]
        public static partial void Gone(ILogger log, string queue);
    }
}
