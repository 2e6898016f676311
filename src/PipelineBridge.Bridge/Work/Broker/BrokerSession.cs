using PipelineBridge.Journal;
using PipelineBridge.Messaging.Broker;
using RabbitMQ.Client;

namespace PipelineBridge.Bridge.Work.Broker;

/// <summary>
/// Keeps a connection to the broker: opened again whenever it is lost. The client's own recovery is off, since it would keep
/// a channel of whose unconfirmed messages nobody knows; here each session begins from what the journal says.
/// </summary>
static class BrokerSession
{
    static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Runs sessions until it is stopped.</summary>
    /// <param name="options">How the broker is reached.</param>
    /// <param name="name">What the connection is for.</param>
    /// <param name="session">One session; it ends with an exception, or when its token says that the connection is lost.</param>
    /// <param name="lost">Told why a session could not begin, or ended.</param>
    /// <param name="clock">Measures the pauses.</param>
    /// <param name="stopping">Ends it.</param>
    public static async Task KeepUp(BrokerOptions options, string name, Func<IConnection, CancellationToken, Task> session, Action<BrokerException> lost, TimeProvider clock, CancellationToken stopping)
    {
        var pause = FirstPause;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var connection = await BrokerConnection.Open(options, name, stopping);
                var began = clock.GetTimestamp();
                await Run(connection, session, stopping);
                if (clock.GetElapsedTime(began) > LongestPause)
                {
                    pause = FirstPause;
                }
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                lost(BrokerConnection.Said(options, e));
            }
            catch (Exception)
            {
                // Stopping: what the connection still says is of no interest.
            }
            await Task.Delay(pause, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Goes on trying while the journal cannot be written: what was read from the broker is held, and nothing of it acknowledged.</summary>
    public static async Task<T> Journaled<T>(EventJournal journal, Func<JournalTransaction, T> change, Action<Exception> told, TimeProvider clock, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await journal.Write(change, cancellation);
            }
            catch (Exception e) when (e is JournalUnavailableException or JournalBusyException)
            {
                told(e);
                await Task.Delay(TimeSpan.FromSeconds(1), clock, cancellation);
            }
        }
    }

    static async Task Run(IConnection connection, Func<IConnection, CancellationToken, Task> session, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        connection.ConnectionShutdownAsync += async (_, _) =>
        {
            try
            {
                await over.CancelAsync();
            }
            catch (ObjectDisposedException)
            {
                // The session ended before its connection did.
            }
        };
        try
        {
            await session(connection, over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !stopping.IsCancellationRequested)
        {
            throw new BrokerException($"The connection to the broker was lost: {connection.CloseReason?.ReplyText ?? "it was closed"}.", true);
        }
        finally
        {
            try
            {
                await connection.CloseAsync(Constants.ReplySuccess, "", TimeSpan.FromSeconds(2), abort: true, CancellationToken.None);
            }
            catch (Exception)
            {
                // It is broken; there is nobody to say goodbye to.
            }
            await connection.DisposeAsync();
        }
    }
}
