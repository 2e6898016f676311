using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster;

/// <summary>Removes an app from its environment; one that is not there is removed already.</summary>
sealed class Removal(WorkItem work, IBridgeClient bridge, IClusterDriver driver, RolloutTurn turn, TimeProvider clock)
{
    static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);
    static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    readonly AppKey app = new(work.App, work.Environment);

    /// <summary>Does it; returns what the work returns.</summary>
    public async Task<IReadOnlyList<CdEvent>> Run(CancellationToken process)
    {
        var standing = await bridge.Standing(work.Id, process);
        if (standing.State == WorkState.Closed)
        {
            return [];
        }
        var progress = new ProgressTeller(work, bridge, driver.Cluster, clock);
        var began = clock.GetTimestamp();
        var asked = false;
        try
        {
            await using var changes = driver.Listen(app);
            while (true)
            {
                var now = await Patience.Try(c => driver.Look(app, c), clock, process);
                if (standing.State == WorkState.Superseded || turn.Reason == WorkResult.Superseded || now?.Mark?.Sequence > work.Sequence)
                {
                    return [work.Ended(WorkResult.Superseded, asked ? WorkEffect.Made : work.Attempts > 1 ? WorkEffect.Unknown : WorkEffect.None, FailureCategory.Cluster, "A newer deployment took its place.")];
                }
                if (now is null)
                {
                    return [work.Done(new ServiceRemoved(new Reference(work.Environment)))];
                }
                if ((standing.State == WorkState.Cancelled || turn.Reason == WorkResult.Cancelled) && !asked && work.Attempts == 1)
                {
                    return [work.Ended(WorkResult.Cancelled, WorkEffect.None, FailureCategory.Cluster, "Its request was cancelled before anything was changed.")];
                }
                if (clock.GetElapsedTime(began) > Bound)
                {
                    return [work.Ended(WorkResult.Failed, asked ? WorkEffect.Unknown : WorkEffect.None, FailureCategory.Cluster,
                        $"The cluster did not remove the app within {Bound.TotalMinutes:0} minutes; {now.Tasks.Count} of its tasks are still there.")];
                }
                string? waiting = null;
                try
                {
                    asked = await driver.Remove(app, process) || asked;
                }
                catch (ClusterLockedException e)
                {
                    waiting = e.Message;
                }
                await progress.Tell("removing", now, waiting, process);
                await changes.Wait(Poll, process);
            }
        }
        catch (ClusterUnreachableException e)
        {
            return [work.Deferred(clock.GetUtcNow() + Patience.Deferral, FailureCategory.Cluster, e.Message)];
        }
        catch (ClusterRefusedException e)
        {
            return [work.Ended(WorkResult.Failed, asked || work.Attempts > 1 ? WorkEffect.Unknown : WorkEffect.None, e.Category, e.Message,
                e.Answer is null ? null : [await bridge.PutEvidence("last answer", e.Answer, process)])];
        }
    }
}
