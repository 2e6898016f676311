using RabbitMQ.Client;

namespace PipelineBridge.Messaging.Broker;

/// <summary>
/// Whether the broker takes nothing from a connection for now: its memory or its disk is full. It says so, and reads nothing
/// more from whoever publishes until there is room ("Blocked Connection Notifications" of RabbitMQ).
/// </summary>
public sealed class BlockedConnection
{
    readonly IConnection connection;
    volatile string? reason;

    /// <summary>Listens to what the broker says of a connection.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="told">Called with the reason, and with null once there is room.</param>
    public BlockedConnection(IConnection connection, Action<string?> told)
    {
        this.connection = connection;
        connection.ConnectionBlockedAsync += (_, e) => Say(e.Reason);
        connection.ConnectionUnblockedAsync += (_, _) => Say(null);

        Task Say(string? why)
        {
            reason = why;
            told(why);
            return Task.CompletedTask;
        }
    }

    /// <summary>
    /// Waits for confirmations: as long as the broker says that it takes nothing, and else at most so long. What was
    /// published is in the connection already; publishing it again meanwhile would only double it.
    /// </summary>
    /// <returns>Whether they came.</returns>
    public async Task<bool> Wait(Task confirmations, TimeSpan patience, TimeProvider clock, CancellationToken cancellation)
    {
        while (!confirmations.IsCompleted)
        {
            await confirmations.WaitAsync(patience, clock, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!confirmations.IsCompleted && (reason is null || !connection.IsOpen || cancellation.IsCancellationRequested))
            {
                return false;
            }
        }
        return true;
    }
}
