using Microsoft.Extensions.Logging;
using PipelineBridge.Events;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace PipelineBridge.Messaging.Broker;

/// <summary>
/// Publishes what comes of a stage's work, on a connection of its own, and returns only once the broker has confirmed it.
/// It does not give up before it is cancelled: the work stays unacknowledged meanwhile, so nothing is lost.
/// </summary>
public sealed partial class OutcomePublisher(BrokerOptions options, Topology topology, string stage, TimeProvider clock, ILogger<OutcomePublisher> log) : IAsyncDisposable
{
    static readonly TimeSpan Confirmation = TimeSpan.FromSeconds(10);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    readonly SemaphoreSlim opening = new(1, 1);
    IConnection? connection;
    IChannel? channel;

    /// <summary>Publishes an event and waits for its confirmation.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled before it was confirmed; it may have arrived all the same.</exception>
    public async Task Publish(CdEvent outcome, CancellationToken cancellation)
    {
        var body = CdEventWriter.Write(outcome);
        var properties = BrokerMessage.Properties(outcome.Id, outcome.Type, traceParent: System.Diagnostics.Activity.Current?.Id);
        for (var wait = TimeSpan.FromMilliseconds(100); ; wait = wait * 2 < LongestPause ? wait * 2 : LongestPause)
        {
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                limit.CancelAfter(Confirmation);
                var open = await Channel(limit.Token);
                // Mandatory: an outcome that no queue takes would be confirmed and gone.
                await open.BasicPublishAsync(Topology.EventsExchange, outcome.RoutingKey, mandatory: true, properties, body, limit.Token);
                return;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                // No exception of the client may leave a consumer: MassTransit would take it for its own connection's.
                Log.Again(log, outcome.Type, outcome.Custom?.RequestId, BrokerConnection.Said(options, e).Message);
                if (e is PublishException { IsReturn: true })
                {
                    await Forget();
                }
            }
            await Task.Delay(wait, clock, cancellation);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Forget();
        opening.Dispose();
    }

    async Task<IChannel> Channel(CancellationToken cancellation)
    {
        if (channel is { IsOpen: true } open)
        {
            return open;
        }
        await opening.WaitAsync(cancellation);
        try
        {
            if (channel is { IsOpen: true } other)
            {
                return other;
            }
            await Close();
            var opened = await BrokerConnection.Open(options, $"{stage} outcomes", cancellation);
            connection = opened;
            // A broker that lost its data has no queue for outcomes until somebody declares it.
            await topology.Declare(opened, options, cancellation, own: []);
            return channel = await opened.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);
        }
        finally
        {
            opening.Release();
        }
    }

    async Task Forget()
    {
        await opening.WaitAsync();
        try
        {
            await Close();
        }
        finally
        {
            opening.Release();
        }
    }

    async Task Close()
    {
        channel = null;
        if (Interlocked.Exchange(ref connection, null) is { } old)
        {
            try
            {
                await old.DisposeAsync();
            }
            catch (Exception e)
            {
                Log.NotClosed(log, e.Message);
            }
        }
    }

    static partial class Log
    {
        [LoggerMessage(4001, LogLevel.Warning, "{Type} of {Request} is not confirmed yet and is published again: {Why}")]
        public static partial void Again(ILogger log, string type, string? request, string why);

        [LoggerMessage(4002, LogLevel.Debug, "A broken connection could not be closed: {Why}")]
        public static partial void NotClosed(ILogger log, string why);
    }
}
