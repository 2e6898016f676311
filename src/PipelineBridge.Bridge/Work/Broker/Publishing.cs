using PipelineBridge.Messaging.Broker;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace PipelineBridge.Bridge.Work.Broker;

/// <summary>A message to be published.</summary>
sealed record Outgoing(string Exchange, string Key, bool Mandatory, BasicProperties Properties, ReadOnlyMemory<byte> Body);

/// <summary>Publishes batches on a channel that confirms, and tells each message's own fate.</summary>
sealed class Publishing(IChannel channel, BlockedConnection blocking, TimeProvider clock)
{
    /// <summary>Measured: from 256 to 1,000 differ within noise. The batch is the window; the client's rate limiter reorders.</summary>
    public const int Batch = 256;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static async Task<Publishing> Open(IConnection connection, BrokerStanding standing, TimeProvider clock, CancellationToken cancellation)
    {
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);
        return new Publishing(channel, new BlockedConnection(connection, standing.Blocked), clock);
    }

    /// <summary>
    /// Publishes in order; null for each that the broker confirmed, else why not. A broker that says it takes nothing for now
    /// is waited for; one that says nothing for ten seconds is given up.
    /// </summary>
    /// <returns>Each message's fate, and what broke the channel where something did.</returns>
    public async Task<(IReadOnlyList<Exception?> Fates, Exception? Broken)> Publish(IReadOnlyList<Outgoing> messages, CancellationToken cancellation)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sent = messages.Select(m => channel.BasicPublishAsync(m.Exchange, m.Key, m.Mandatory, m.Properties, m.Body, giveUp.Token).AsTask()).ToArray();
        var all = Task.WhenAll(sent);
        if (!await blocking.Wait(all, Patience, clock, cancellation))
        {
            await giveUp.CancelAsync();
        }
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var fates = sent.Select(t => t.IsCompletedSuccessfully ? null : t.Exception?.InnerException ?? new TimeoutException($"The broker did not confirm it within {Patience.TotalSeconds:0} seconds.")).ToArray();
        // A message that was returned or not taken is that message's trouble; anything else is the channel's.
        return (fates, fates.FirstOrDefault(f => f is not (null or PublishException)));
    }
}
