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
    Open? current;
    long? declaredAt;

    /// <summary>A channel that confirms, and what the broker says of its connection.</summary>
    sealed record Open(IChannel Channel, BlockedConnection Blocking);

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
                // Each step of the opening has a bound of its own; together they may take long where the broker is slow.
                await Publish(await Opened(cancellation), outcome, properties, body, cancellation);
                return;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                // No exception of the client may leave a consumer: MassTransit would take it for its own connection's.
                Log.Again(log, outcome.Type, outcome.Custom?.RequestId, BrokerConnection.Said(options, e).Message);
                if (HasNoPlace(e))
                {
                    await Declare(cancellation);
                }
            }
            await Task.Delay(wait, clock, cancellation);
        }
    }

    async Task Publish(Open open, CdEvent outcome, BasicProperties properties, byte[] body, CancellationToken cancellation)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Mandatory: an outcome that no queue takes would be confirmed and gone.
        var confirmed = open.Channel.BasicPublishAsync(Topology.EventsExchange, outcome.RoutingKey, mandatory: true, properties, body, giveUp.Token).AsTask();
        if (!await open.Blocking.Wait(confirmed, Confirmation, clock, cancellation))
        {
            await giveUp.CancelAsync();
            await confirmed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
            if (!confirmed.IsCompletedSuccessfully)
            {
                throw new BrokerException($"The broker at {options.Shown} did not confirm it within {Confirmation.TotalSeconds:0} seconds.", true);
            }
        }
        await confirmed;
    }

    /// <summary>No queue is bound for it, or its exchange is gone: as after a broker lost its data.</summary>
    static bool HasNoPlace(Exception e) => e is PublishException { IsReturn: true } or OperationInterruptedException { ShutdownReason.ReplyCode: 404 };

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Forget();
        opening.Dispose();
    }

    async Task<Open> Opened(CancellationToken cancellation)
    {
        if (current is { Channel.IsOpen: true } open)
        {
            return open;
        }
        await opening.WaitAsync(cancellation);
        try
        {
            if (current is { Channel.IsOpen: true } other)
            {
                return other;
            }
            await Close();
            var opened = await BrokerConnection.Open(options, $"{stage} outcomes", cancellation);
            connection = opened;
            var blocking = new BlockedConnection(opened, Blocked);
            return current = new Open(await opened.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation), blocking);
        }
        finally
        {
            opening.Release();
        }
    }

    /// <summary>Declares what this user may; once for all outcomes that came back at the same time.</summary>
    async Task Declare(CancellationToken cancellation)
    {
        await opening.WaitAsync(cancellation);
        try
        {
            if (connection is { IsOpen: true } open && (declaredAt is not { } at || clock.GetElapsedTime(at) > LongestPause))
            {
                await topology.Declare(open, options, cancellation, own: []);
                declaredAt = clock.GetTimestamp();
            }
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            Log.NotDeclared(log, BrokerConnection.Said(options, e).Message);
        }
        finally
        {
            opening.Release();
        }
    }

    void Blocked(string? why)
    {
        if (why is null)
        {
            Log.Unblocked(log);
        }
        else
        {
            Log.Blocked(log, why);
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
        current = null;
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

        [LoggerMessage(4003, LogLevel.Warning, "What an outcome has no place without could not be declared: {Why}")]
        public static partial void NotDeclared(ILogger log, string why);

        [LoggerMessage(4004, LogLevel.Warning, "The broker takes nothing for now: {Why}. Outcomes wait for it.")]
        public static partial void Blocked(ILogger log, string why);

        [LoggerMessage(4005, LogLevel.Information, "The broker takes outcomes again.")]
        public static partial void Unblocked(ILogger log);
    }
}
