using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client.Exceptions;

namespace PipelineBridge.Messaging.Broker;

/// <summary>
/// Runs a watcher in exactly one process: the one whose connection holds the exclusive queue with the watcher's name.
/// The broker deletes that queue with the connection, and the next one that asks has it.
/// </summary>
public sealed partial class WatcherTurn(IWatcher watcher, BrokerOptions options, IBridgeClient bridge, TimeProvider clock, ILogger<WatcherTurn> log) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Turn(stoppingToken);
            }
            // 405 resource-locked: another process watches.
            catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == 405)
            {
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.Ended(log, watcher.Name, BrokerConnection.Said(options, e).Message);
            }
            await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task Turn(CancellationToken stopping)
    {
        await using var connection = await BrokerConnection.Open(options, watcher.Name, stopping);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stopping);
        await channel.QueueDeclareAsync(watcher.Name, durable: false, exclusive: true, autoDelete: true, cancellationToken: stopping);
        using var mine = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        connection.ConnectionShutdownAsync += (_, _) => mine.CancelAsync();
        channel.ChannelShutdownAsync += (_, _) => mine.CancelAsync();
        Log.Watches(log, watcher.Name);
        try
        {
            await watcher.Watch(bridge, mine.Token);
        }
        catch (OperationCanceledException) when (mine.IsCancellationRequested && !stopping.IsCancellationRequested)
        {
            Log.Lost(log, watcher.Name);
        }
    }

    static partial class Log
    {
        [LoggerMessage(4301, LogLevel.Information, "This process watches {Watcher}.")]
        public static partial void Watches(ILogger log, string watcher);

        [LoggerMessage(4302, LogLevel.Warning, "The broker closed the connection that holds {Watcher}; whoever has it next watches.")]
        public static partial void Lost(ILogger log, string watcher);

        [LoggerMessage(4303, LogLevel.Warning, "{Watcher} stopped and is tried again: {Why}")]
        public static partial void Ended(ILogger log, string watcher, string why);
    }
}
