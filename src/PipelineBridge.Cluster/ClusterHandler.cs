using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster;

/// <summary>
/// Does all work of one cluster, the queue <c>cluster.NAME.deploy</c>: rollouts, their cancels, the end of old tasks, removals. It is called
/// for several at once: the newer of an app in an environment stops the older, and a cancel stops its rollout.
/// </summary>
public sealed class ClusterHandler(IClusterDriver driver, TimeProvider clock) : IWorkHandler
{
    readonly RolloutTurns turns = new();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CdEvent>> Handle(WorkItem work, IBridgeClient bridge, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(bridge);
        if (work.Event.Content is DeploymentCancelRequested cancel)
        {
            return await Cancel(work, cancel, bridge, cancellation);
        }
        var turn = turns.Announce(new AppKey(work.App, work.Environment), work.Id, work.Sequence);
        IReadOnlyList<CdEvent> events = [];
        try
        {
            await turn.Lane.Turn.WaitAsync(cancellation);
            try
            {
                events = work.Event.Content switch
                {
                    DeploymentRolloutRequested => await new Rollout(work, bridge, driver, turn, clock).Run(cancellation),
                    DeploymentRetireRequested { Scope: DeploymentRetireRequested.All } => await new Removal(work, bridge, driver, turn, clock).Run(cancellation),
                    DeploymentRetireRequested => await new Retirement(work, bridge, driver, turn, clock).Run(cancellation),
                    _ => throw new InvalidOperationException($"The cluster stage does not know how to do a {work.Event.Type}."),
                };
                return events;
            }
            finally
            {
                turn.Lane.Turn.Release();
            }
        }
        finally
        {
            turns.Leave(turn, events.Count > 0 ? events[^1] : null);
        }
    }

    async Task<IReadOnlyList<CdEvent>> Cancel(WorkItem work, DeploymentCancelRequested cancel, IBridgeClient bridge, CancellationToken cancellation)
    {
        if ((await bridge.Standing(work.Id, cancellation)).State == WorkState.Closed)
        {
            return [];
        }
        var rollout = EventId.Parse(cancel.RolloutId);
        var stopped = turns.Stop(new AppKey(work.App, work.Environment), rollout, WorkResult.Cancelled);
        var ends = await Task.WhenAll(stopped.Select(t => t.Over)).WaitAsync(cancellation);
        if (Array.Find(ends, e => e is not null && e.Content is not WorkDeferred) is { } end)
        {
            return [end.Content is WorkEnded { Result: WorkResult.Cancelled } ended
                ? work.Ended(WorkResult.Cancelled, ended.Effect, FailureCategory.Cluster, "The rollout was stopped.")
                : TooLate(work)];
        }
        // It is not on its way here: when it is given again it asks how it stands before it does anything, and finds itself cancelled.
        return [(await bridge.Standing(rollout, cancellation)).State == WorkState.Closed
            ? TooLate(work)
            : work.Ended(WorkResult.Cancelled, WorkEffect.None, FailureCategory.Cluster, "The rollout is stopped, and taken back, when it is taken up again.")];
    }

    static CdEvent TooLate(WorkItem work) =>
        work.Ended(WorkResult.Failed, WorkEffect.None, FailureCategory.Cluster, "The rollout had come to its end before it could be stopped.");
}
