using PipelineBridge.Events;

namespace PipelineBridge.Cluster;

/// <summary>
/// Lets one work at a time touch an app in an environment, and the newest win: it stops an older one that runs.
/// This memory dies with the process; the mark on the cluster is the fence behind it.
/// </summary>
sealed class RolloutTurns
{
    readonly Lock gate = new();
    readonly Dictionary<AppKey, Lane> lanes = [];

    /// <summary>Announces a work before it asks how it stands, so that no stop given from now on is missed.</summary>
    public RolloutTurn Announce(AppKey app, EventId work, long sequence)
    {
        lock (gate)
        {
            if (!lanes.TryGetValue(app, out var lane))
            {
                lanes[app] = lane = new Lane();
            }
            lane.Users++;
            // An equal sequence is the same work given again: it waits for its turn and stops nobody.
            var turn = new RolloutTurn(app, work, sequence, lane);
            if (sequence > lane.Newest)
            {
                lane.Newest = sequence;
                foreach (var older in lane.Turns)
                {
                    older.Stop(WorkResult.Superseded);
                }
            }
            else if (sequence < lane.Newest)
            {
                turn.Stop(WorkResult.Superseded);
            }
            lane.Turns.Add(turn);
            return turn;
        }
    }

    /// <summary>Tells a work to stop, and returns where it is announced: nowhere, or twice while it is given again.</summary>
    public IReadOnlyList<RolloutTurn> Stop(AppKey app, EventId work, string reason)
    {
        lock (gate)
        {
            List<RolloutTurn> found = lanes.TryGetValue(app, out var lane) ? [.. lane.Turns.Where(t => t.Work == work)] : [];
            found.ForEach(t => t.Stop(reason));
            return found;
        }
    }

    /// <summary>The work is over here, with what came of it; null when it was left for another process.</summary>
    public void Leave(RolloutTurn turn, CdEvent? end)
    {
        lock (gate)
        {
            turn.Lane.Turns.Remove(turn);
            if (--turn.Lane.Users == 0)
            {
                lanes.Remove(turn.App);
            }
        }
        turn.End(end);
    }

    internal sealed class Lane
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);

        public List<RolloutTurn> Turns { get; } = [];

        public long Newest { get; set; } = long.MinValue;

        public int Users { get; set; }
    }
}

#pragma warning disable CA1001 // The source has no timer to free, and a cancel may still reach it when the work is over.
/// <summary>One work's place in the order of an app: whether it is to stop, and what came of it.</summary>
sealed class RolloutTurn(AppKey app, EventId work, long sequence, RolloutTurns.Lane lane)
{
    readonly CancellationTokenSource stop = new();
    readonly TaskCompletionSource<CdEvent?> end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public AppKey App => app;

    public EventId Work => work;

    public long Sequence => sequence;

    public RolloutTurns.Lane Lane => lane;

    /// <summary>Why it is to stop, one of <see cref="WorkResult"/>; null: it is not.</summary>
    public string? Reason { get; private set; }

    /// <summary>Set when it is to stop.</summary>
    public CancellationToken Stopping => stop.Token;

    /// <summary>What came of it here.</summary>
    public Task<CdEvent?> Over => end.Task;

    /// <summary>Tells it to stop. A newer one outranks a cancel: then there is nothing to go back to.</summary>
    public void Stop(string reason)
    {
        Reason = Reason == WorkResult.Superseded ? Reason : reason;
        // Its continuations must not run under the caller's lock.
        _ = stop.CancelAsync();
    }

    /// <summary>Says what came of it.</summary>
    public void End(CdEvent? what) => end.TrySetResult(what);
}
