using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace PipelineBridge.Messaging.Broker;

/// <summary>
/// Listens to the exchange of events by an exclusive queue of its own, which goes with its connection: what is published
/// before it is bound, or after the connection was lost, is not given.
/// </summary>
/// <param name="options">How the broker is reached.</param>
/// <param name="patterns">The keys that are wanted.</param>
public sealed class EventSubscription(BrokerOptions options, IReadOnlyList<KeyPattern> patterns)
{
    /// <summary>
    /// How many events are held for a reader that is slow, such as a terminal that stands still. They are held here, so
    /// that they never fill the broker; what is beyond is left out and counted.
    /// </summary>
    public const int MostHeld = 10_000;

    /// <summary>Listens until the connection is lost.</summary>
    /// <param name="bound">Called once everything that is published from then on is given.</param>
    /// <param name="each">Takes the key and the body of an event.</param>
    /// <param name="leftOut">Told how many events were left out before the next.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="BrokerException">The broker cannot be had, or was lost; the message says why.</exception>
    public async Task Listen(Func<Task> bound, Func<string, ReadOnlyMemory<byte>, Task> each, Action<long> leftOut, CancellationToken cancellation)
    {
        var held = Channel.CreateBounded<(string Key, byte[] Body)>(MostHeld);
        long beyond = 0;
        await using var connection = await BrokerConnection.Open(options, "events tail", cancellation);
        try
        {
            var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
            connection.ConnectionShutdownAsync += (_, why) => Ended($"closed the connection: {why.ReplyText.TrimEnd('.')}");
            channel.ChannelShutdownAsync += (_, why) => Ended($"closed the channel: {why.ReplyText.TrimEnd('.')}");
            var queue = "subscriber." + Guid.NewGuid().ToString("N")[..12];
            await channel.QueueDeclareAsync(queue, durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellation);
            foreach (var pattern in patterns)
            {
                await channel.QueueBindAsync(queue, Topology.EventsExchange, pattern.Text, cancellationToken: cancellation);
            }
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += (_, message) =>
            {
                if (!held.Writer.TryWrite((message.RoutingKey, message.Body.ToArray())))
                {
                    Interlocked.Increment(ref beyond);
                }
                return Task.CompletedTask;
            };
            consumer.UnregisteredAsync += (_, _) => Ended("has no queue of ours any more: somebody deleted it");
            await channel.BasicConsumeAsync(queue, autoAck: true, consumer, cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            throw BrokerConnection.Said(options, e);
        }
        await bound();
        await foreach (var (key, body) in held.Reader.ReadAllAsync(cancellation))
        {
            if (Interlocked.Exchange(ref beyond, 0) is > 0 and var count)
            {
                leftOut(count);
            }
            await each(key, body);
        }

        Task Ended(string why)
        {
            held.Writer.TryComplete(new BrokerException($"The broker at {options.Shown} {why}.", true));
            return Task.CompletedTask;
        }
    }
}
