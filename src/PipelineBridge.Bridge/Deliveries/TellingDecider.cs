using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>Decides when a target is told: at once when nothing is out, else the newest word after it; never the same twice. Pure.</summary>
public static class TellingDecider
{
    /// <summary>There is a word for a target.</summary>
    /// <param name="lane">The lane of the target and the thread.</param>
    /// <param name="word">The message, without handle and revision.</param>
    /// <param name="cause">The event that led to it; the ids of the works follow from it being told of this thread.</param>
    /// <param name="thread">The id from which the works' ids derive: the ask's, the build's.</param>
    public static Decision<TellingLane> Say(TellingLane lane, NotificationRequested word, CdEvent cause, EventId thread, DeciderContext context)
    {
        var decision = new Decision<TellingLane>(lane);
        var newest = lane.Next ?? lane.Last;
        if (newest is not null && Same(newest, word))
        {
            return decision;
        }
        if (lane.WorkId is not null)
        {
            decision.State = lane with { Next = word };
            return decision;
        }
        Give(decision, word, cause.Custom!, cause.ChainId, cause.Key(), thread, context);
        return decision;
    }

    /// <summary>The work that was out ended, one way or the other.</summary>
    public static Decision<TellingLane> Ended(TellingLane lane, CdEvent e, EventId thread, DeciderContext context)
    {
        var decision = new Decision<TellingLane>(lane);
        if (lane.WorkId != e.Custom!.WorkId)
        {
            return decision;
        }
        decision.State = lane with { WorkId = null, Next = null, Handle = (e.Content as NotificationDelivered)?.Handle ?? lane.Handle };
        if (lane.Next is { } next)
        {
            Give(decision, next, e.Custom, e.ChainId, e.Key(), thread, context);
        }
        return decision;
    }

    static void Give(Decision<TellingLane> decision, NotificationRequested word, CustomData custom, string? chainId, EventId cause, EventId thread, DeciderContext context)
    {
        var lane = decision.State;
        word = word with { Handle = lane.Handle, Revision = lane.Revision + 1 };
        var id = thread.Then("work", EventTypes.Of(word).Name, $"{word.Target}/{word.Revision}");
        var work = BridgeEvents.Make(id, word, context.Now, chainId, cause,
            new CustomData { App = custom.App, Environment = custom.Environment, RequestId = custom.RequestId }, $"{word.Target}/{word.Thread}");
        decision.Events.Add(new Decided(work, Queues.Notify(word.Target), word.Thread));
        decision.State = lane with { WorkId = work.Id, Revision = word.Revision, Last = word, Next = null };
    }

    static bool Same(NotificationRequested a, NotificationRequested b) =>
        a.Mood == b.Mood && a.Title == b.Title && a.Text == b.Text && a.Reply == b.Reply;
}
