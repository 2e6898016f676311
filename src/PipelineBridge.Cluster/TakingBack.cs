using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster;

/// <summary>Takes a rollout back to what served before, or to nothing when it was the first, and confirms that.</summary>
sealed class TakingBack(WorkItem work, IBridgeClient bridge, IClusterDriver driver, RolloutTurn turn, ProgressTeller progress, RolloutEnds ends, TimeProvider clock)
{
    static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    static readonly TimeSpan ShortestBound = TimeSpan.FromMinutes(1);

    // The cause that was found before a restart or a deferral is gone, unless the cluster still shows it.
    static readonly FailureExplanation Forgotten = new(FailureCategory.Cluster, "The rollout failed; why was lost in a restart or an outage while it was taken back.", []);

    /// <summary>Does it; may be called again after a crash.</summary>
    /// <param name="result">One of <see cref="WorkResult"/>: how the work ends when it is taken back.</param>
    /// <param name="why">The cause; null when it is to be found again.</param>
    public async Task<IReadOnlyList<CdEvent>> Run(RolloutPlan plan, string result, FailureExplanation? why, CancellationToken process)
    {
        // Journaled before it is done: whoever goes on with this work never rolls forward again.
        await bridge.TakingBack(work.Id, process);
        var bound = plan.HealthTimeout > ShortestBound ? plan.HealthTimeout : ShortestBound;
        var began = clock.GetTimestamp();
        await using var changes = driver.Listen(plan.App);
        while (true)
        {
            var now = await Patience.Try(c => driver.Look(plan.App, c), clock, process);
            if (turn.Reason == WorkResult.Superseded || now?.Mark?.Sequence > plan.Mark.Sequence)
            {
                return [ends.Superseded(WorkEffect.Made)];
            }
            why ??= plan.IsMarkedOn(now) ? await Patience.Try(c => driver.Explain(plan, now!, c), clock, process) : null;
            var isBack = plan.IsTakenBack(now);
            if (isBack && now is null or { IsSettled: true })
            {
                return await Done(plan, result, why ?? Forgotten, process);
            }
            if (!isBack && (now is null || now.Mark is null))
            {
                return [ends.Foreign(now, result)];
            }
            var waiting = await Begin(plan, now!, isBack, process);
            if (clock.GetElapsedTime(began) > bound)
            {
                return [await ends.Failed(WorkResult.Failed, WorkEffect.Unknown, Stuck(why ?? Forgotten, now!, bound, waiting), null, process)];
            }
            await progress.Tell("takingback", now, waiting, process);
            await changes.Wait(Poll, process);
        }
    }

    /// <summary>Asks the cluster to go back, or goes on with that; says what stands in the way, if anything does.</summary>
    async Task<string?> Begin(RolloutPlan plan, AppSnapshot now, bool isBack, CancellationToken process)
    {
        try
        {
            await (isBack ? driver.Continue(plan, now, process) : driver.TakeBack(plan, now, process));
            return null;
        }
        catch (Exception e) when (e is ClusterLockedException or ClusterRefusedException or ClusterUnreachableException)
        {
            return e.Message;
        }
    }

    async Task<IReadOnlyList<CdEvent>> Done(RolloutPlan plan, string result, FailureExplanation why, CancellationToken process)
    {
        var end = await ends.Failed(result, WorkEffect.TakenBack, why, plan.Previous?.Image, process);
        return plan.Previous is not { } previous ? [end]
            : [work.Fact(new ServiceRolledBack(new Reference(work.Environment), previous.Reference.Purl), with: c => c with { Image = previous.Reference.ToString() }), end];
    }

    static FailureExplanation Stuck(FailureExplanation why, AppSnapshot now, TimeSpan bound, string? waiting) => why with
    {
        Cause = $"{why.Cause} It could not be taken back within {bound.TotalSeconds:0} seconds: "
            + (waiting ?? $"{now.Good} of {now.Wanted} tasks of what served before are healthy, {now.Tasks.Count} run in all."),
    };
}
