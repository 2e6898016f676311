using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>Decides when a target is told: at once when nothing is out, else the newest word after it; never the same twice. Pure.</summary>
public static class TellingDecider
{
    /// <summary>There is a word for a target.</summary>
    /// <param name="lane">The lane of the target and the thread.</param>
    /// <param name="word">The message, without handle and revision.</param>
    /// <param name="topic">What it is about.</param>
    /// <param name="thread">The id from which the ids of the thread's works derive: the ask's, the build's.</param>
    public static Decision<TellingLane> Say(TellingLane lane, NotificationRequested word, Topic topic, EventId thread, DeciderContext context)
    {
        lane = lane.ThreadId is null ? lane with { ThreadId = thread.ToString() } : lane;
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
        Give(decision, word, topic, context);
        return decision;
    }

    /// <summary>The work that was out ended, one way or the other.</summary>
    public static Decision<TellingLane> Ended(TellingLane lane, CdEvent e, DeciderContext context)
    {
        var decision = new Decision<TellingLane>(lane);
        if (lane.WorkId != e.Custom!.WorkId)
        {
            return decision;
        }
        decision.State = lane with { WorkId = null, Next = null, Handle = (e.Content as NotificationDelivered)?.Handle ?? lane.Handle };
        if (lane.Next is { } next)
        {
            Give(decision, next, new Topic(e.Custom.App, e.Custom.Environment, e.Custom.RequestId, e.ChainId, e.Key()), context);
        }
        return decision;
    }

    static void Give(Decision<TellingLane> decision, NotificationRequested word, Topic topic, DeciderContext context)
    {
        var lane = decision.State;
        word = word with { Handle = lane.Handle, Revision = lane.Revision + 1 };
        var id = EventId.Parse(lane.ThreadId!).Then("work", EventTypes.Of(word).Name, $"{word.Target}/{word.Revision}");
        var work = BridgeEvents.Make(id, word, context.Now, topic.ChainId, topic.Cause,
            new CustomData { App = topic.App, Environment = topic.Environment, RequestId = topic.RequestId }, $"{word.Target}/{word.Thread}");
        decision.Events.Add(new Decided(work, Queues.Notify(word.Target), word.Thread));
        decision.State = lane with { WorkId = work.Id, Revision = word.Revision, Last = word, Next = null };
    }

    static bool Same(NotificationRequested a, NotificationRequested b) =>
        a.Mood == b.Mood && a.Title == b.Title && a.Text == b.Text && a.Reply?.Text == b.Reply?.Text && a.Reply?.Mention == b.Reply?.Mention;
}
