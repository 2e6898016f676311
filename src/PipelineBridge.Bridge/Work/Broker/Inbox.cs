using System.Threading.Channels;
using PipelineBridge.Messaging.Broker;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace PipelineBridge.Bridge.Work.Broker;

/// <summary>A message that a queue gave and that is not acknowledged yet.</summary>
sealed record Delivery(ulong Tag, IReadOnlyBasicProperties Properties, byte[] Body);

/// <summary>Consumes a queue, and hands out in order what is there.</summary>
sealed class Inbox
{
    readonly Channel<Delivery> arrived = Channel.CreateUnbounded<Delivery>(new UnboundedChannelOptions { SingleReader = true });
    readonly IChannel channel;
    readonly int most;

    Inbox(IChannel channel, int most)
    {
        this.channel = channel;
        this.most = most;
    }

    /// <summary>Begins to consume a queue, which gives at most so many before one is acknowledged.</summary>
    public static async Task<Inbox> Open(IConnection connection, string queue, ushort most, CancellationToken cancellation)
    {
        var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        var inbox = new Inbox(channel, most);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, e) =>
        {
            // The body is the client's again after this.
            inbox.arrived.Writer.TryWrite(new Delivery(e.DeliveryTag, new BasicProperties(e.BasicProperties), e.Body.ToArray()));
            return Task.CompletedTask;
        };
        // The broker cancels a consumer whose queue is deleted, and closes the channel of one that holds messages too long.
        consumer.UnregisteredAsync += (_, _) => inbox.End($"The broker ended the reading of {queue}.");
        channel.ChannelShutdownAsync += (_, e) => inbox.End($"The reading of {queue} ended: {e.ReplyText}");
        await channel.BasicQosAsync(0, most, global: false, cancellation);
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer, cancellation);
        return inbox;
    }

    /// <summary>Waits for a message, and takes what is there with it.</summary>
    /// <exception cref="BrokerException">The reading ended; what is not acknowledged is given again.</exception>
    public async Task<IReadOnlyList<Delivery>> Next(CancellationToken cancellation)
    {
        var batch = new List<Delivery> { await arrived.Reader.ReadAsync(cancellation) };
        while (batch.Count < most && arrived.Reader.TryRead(out var next))
        {
            batch.Add(next);
        }
        return batch;
    }

    /// <summary>Acknowledges all up to the last of a batch.</summary>
    public ValueTask Acknowledge(IReadOnlyList<Delivery> batch, CancellationToken cancellation) =>
        channel.BasicAckAsync(batch[^1].Tag, multiple: true, cancellation);

    Task End(string why)
    {
        arrived.Writer.TryComplete(new BrokerException(why, true));
        return Task.CompletedTask;
    }
}
