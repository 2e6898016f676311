using MassTransit;
using Microsoft.Extensions.Logging;
using PipelineBridge.Events;

namespace PipelineBridge.Messaging.Broker;

/// <summary>A message that no handler can ever do; giving it again would not help.</summary>
public sealed class NotWorkException(string message) : Exception(message);

/// <summary>
/// Gives the messages of one queue to its handler, publishes what comes of them, and returns only once the broker has
/// confirmed that: then MassTransit acknowledges the message. Killed between any two lines, the broker gives it again.
/// </summary>
public sealed partial class WorkConsumer(
    StageQueue queue, WorksAtHand works, IBridgeClient bridge, OutcomePublisher outcomes, TimeSpan longest, TimeProvider clock, ILogger<WorkConsumer> log) : IConsumer<ReceivedWork>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<ReceivedWork> context)
    {
        var e = context.Message.Event;
        if (e.EventType is not { Role: EventRole.Work } || e.Custom is null)
        {
            throw new NotWorkException($"{e.Type} is no work that this version of {queue.Queue} knows.");
        }
        var work = new WorkItem(e, BrokerMessage.TimesGiven(context.ReceiveContext.TransportHeaders.GetAll(), context.ReceiveContext.Redelivered) + context.GetRetryAttempt() + 1, queue.Stage, clock);
        using var activity = Tracing.Continue(context.ReceiveContext.TransportHeaders, $"{queue.Queue} {e.EventType.ShortName}", work);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        // The broker's patience began with the delivery and goes on through the tries of it.
        var left = longest - context.ReceiveContext.ElapsedTime;
        limit.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        IReadOnlyList<CdEvent> came;
        try
        {
            using var atHand = await works.Take(work.Id, limit.Token);
            // Waited for from outside: a handler that hangs may not even look at its token.
            came = await queue.Handler.Handle(work, bridge, limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            Log.Left(log, queue.Queue, work.RequestId);
            throw;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new NotWorkException($"Its handler did not finish within {longest.TotalSeconds:0} seconds.");
        }
        if (came.Count > 0 && came[^1].Content is not WorkDeferred && came[^1].EventType?.Role != EventRole.End)
        {
            throw new NotWorkException("Its handler returned neither an end nor a deferral.");
        }
        foreach (var outcome in came)
        {
            if (outcome.Content is WorkEnded { Result: WorkResult.Failed })
            {
                Log.EndedFailed(log, queue.Queue, work.RequestId, outcome.Custom?.Cause);
            }
            await outcomes.Publish(outcome, context.CancellationToken);
        }
    }

    static partial class Log
    {
        [LoggerMessage(4101, LogLevel.Information, "{Queue} leaves the work of {Request}, which is given again: the process stops, or the broker took it back.")]
        public static partial void Left(ILogger log, string queue, string request);

        [LoggerMessage(4102, LogLevel.Warning, "{Queue} failed for {Request}: {Cause}")]
        public static partial void EndedFailed(ILogger log, string queue, string request, string? cause);
    }
}
