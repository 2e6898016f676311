using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster;

/// <summary>Ends the tasks that a deployment replaced, where the cluster does not do that itself; those that are gone are ended already.</summary>
sealed class Retirement(WorkItem work, IBridgeClient bridge, IClusterDriver driver, RolloutTurn turn, TimeProvider clock)
{
    static readonly TimeSpan Between = TimeSpan.FromSeconds(5);
    const int Tries = 3;

    readonly AppKey app = new(work.App, work.Environment);

    /// <summary>Does it; returns what the work returns.</summary>
    public async Task<IReadOnlyList<CdEvent>> Run(CancellationToken process)
    {
        var standing = await bridge.Standing(work.Id, process);
        if (standing.State == WorkState.Closed)
        {
            return [];
        }
        for (var n = 1; ; n++)
        {
            try
            {
                var now = await Patience.Try(c => driver.Look(app, c), clock, process);
                if (standing.State == WorkState.Superseded || turn.Reason == WorkResult.Superseded || now?.Mark?.Sequence > work.Sequence)
                {
                    return [work.Ended(WorkResult.Superseded, WorkEffect.Unknown, FailureCategory.Cluster, "A newer deployment took its place, and ends the old tasks itself.")];
                }
                // Nothing is ended for a deployment that is not there: what runs is then all there is.
                return now?.Mark is { } mark && mark.Request == work.RequestId
                    ? [work.Done(new DeploymentRetired(driver.Cluster, await driver.Retire(app, mark, process)))]
                    : [work.Ended(WorkResult.Failed, WorkEffect.None, FailureCategory.Cluster, "The deployment that its old tasks were to make room for is not on the cluster any more; they were left running.")];
            }
            catch (ClusterUnreachableException e)
            {
                return [work.Deferred(clock.GetUtcNow() + Patience.Deferral, FailureCategory.Cluster, e.Message)];
            }
            catch (ClusterRefusedException e) when (n == Tries)
            {
                return [work.Ended(WorkResult.Failed, WorkEffect.Unknown, e.Category, $"Old tasks are still there: {e.Message}",
                    e.Answer is null ? null : [await bridge.PutEvidence(e.EvidenceName, e.Answer, process)])];
            }
            catch (ClusterRefusedException)
            {
                await Task.Delay(Between, clock, process);
            }
        }
    }
}
