using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;
using WorkState = PipelineBridge.Messaging.WorkState;

namespace PipelineBridge.Bridge.Work;

/// <summary>How works stand, for stages in this process and over HTTP alike.</summary>
public sealed class WorkStandings(EventJournal journal, Deciders deciders)
{
    /// <summary>How a work stands; null when the journal has none of that id.</summary>
    public WorkStanding? Of(EventId id) => journal.Read(r =>
    {
        if (r.Event(id) is not { } stored)
        {
            return null;
        }
        var work = CdEventReader.Read(stored.Body);
        if (work.EventType?.Role != EventRole.Work)
        {
            return null;
        }
        var closed = r.Work(stored.Sequence, WorkQueues.Of(work)) is null;
        if (work.Content is not (DeploymentRolloutRequested or DeploymentRetireRequested))
        {
            return new WorkStanding(closed ? WorkState.Closed : WorkState.Open, false, null, null);
        }
        var lane = r.State(DeploymentLane.Key(work.Custom!.App, work.Custom.Environment!), BridgeJson.Default.DeploymentLane);
        if (work.Content is DeploymentRetireRequested { Scope: DeploymentRetireRequested.Old })
        {
            // Its deployment has its end already; it is overtaken by whatever was released after that.
            return new WorkStanding(closed ? WorkState.Closed : lane?.NewestReleased > work.Custom.Sequence ? WorkState.Superseded : WorkState.Open, false, null, null);
        }
        var open = lane?.Open.FirstOrDefault(o => o.WorkId == work.Id);
        var state = closed || open is null ? WorkState.Closed : open.Stopping switch
        {
            WorkResult.Cancelled => WorkState.Cancelled,
            WorkResult.Superseded => WorkState.Superseded,
            _ => WorkState.Open,
        };
        var rollout = work.Content as DeploymentRolloutRequested;
        return new WorkStanding(state, open?.TakingBack == true, Blob(r, rollout?.Specification), Blob(r, rollout?.Previous?.Specification), open?.Started == true);
    });

    /// <summary>Journals that a work is being taken back.</summary>
    public Task TakingBack(EventId work, CancellationToken cancellation) =>
        journal.Write(tx => { deciders.TakingBack(tx, work); return 0; }, cancellation);

    /// <summary>What an app should run in an environment; null when there is nothing.</summary>
    public ExpectedDeployment? Expected(string app, string environment) => journal.Read(r =>
    {
        var lane = r.State(DeploymentLane.Key(app, environment), BridgeJson.Default.DeploymentLane);
        var moving = lane?.Open.LastOrDefault(o => o.Released);
        return lane?.Live is not { } live
            ? moving?.Image is { } first ? new ExpectedDeployment(first, moving.Sequence, moving.Document.Id, true, moving.Document.ChainId) : null
            : new ExpectedDeployment(moving?.Image ?? live.Image, lane.NewestReleased, lane.NewestReleasedId ?? "", moving is not null, moving?.Document.ChainId ?? lane.LiveChainId);
    });

    static ReadOnlyMemory<byte>? Blob(JournalReader r, string? digest)
    {
        if (digest is null || r.Blob(digest) is not { Bytes: { } bytes })
        {
            return null;
        }
        return bytes;
    }
}
