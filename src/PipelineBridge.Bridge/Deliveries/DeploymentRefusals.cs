using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>What a lane says to an ask before anything is journaled: null, or one sentence that says what to do instead. Pure.</summary>
public static class DeploymentRefusals
{
    /// <summary>Where a rollback would go: what served before the running one, or the one named; null when there is none.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="to">A digest, a tag, or an image of an earlier version; null: the one before.</param>
    public static DeployedVersion? RollbackTarget(DeploymentLane lane, string? to)
    {
        if (to is null)
        {
            // A version that failed and was left standing: back is what served before it.
            return lane.Broken is not null && lane.Live is not null ? lane.Live : lane.Earlier.Count > 0 ? lane.Earlier[^1] : null;
        }
        return lane.Earlier.Append(lane.Live).LastOrDefault(v => v is not null && Names(v, to));
    }

    /// <summary>Why there is nothing to go back to.</summary>
    public static string? Rollback(DeploymentLane lane, string? to)
    {
        if (RollbackTarget(lane, to) is not null)
        {
            return null;
        }
        var known = lane.Earlier.Count == 0
            ? $"Nothing served before what {lane.App} runs on {lane.Environment} now."
            : $"Known are {string.Join(", ", lane.Earlier.TakeLast(5).Select(v => v.Image))}.";
        return to is null ? known : $"\"{to}\" is no earlier version of {lane.App} on {lane.Environment}. {known}";
    }

    /// <summary>Why a request of this lane cannot be taken back.</summary>
    public static string? Cancel(DeploymentLane lane, string requestId)
    {
        var open = lane.Open.FirstOrDefault(o => o.Document.Id == requestId);
        return open switch
        {
            null => $"It has its end already. To undo it, go back to what served before: pipelinebridge rollback {lane.App} {lane.Environment}, or POST /v1/rollbacks.",
            { Stopping: WorkResult.Cancelled } => null,
            { Stopping: WorkResult.Superseded } => $"It is being superseded by {open.Document.SupersededBy}; cancel that one.",
            { TakingBack: true } => "It failed and is being taken back already.",
            { Ask.Removal: true, Released: true } => "Its tasks are being removed already. To bring the app back, deploy it.",
            _ => null,
        };
    }

    /// <summary>Why there is nothing to remove.</summary>
    public static string? Removal(DeploymentLane? lane, string app, string environment) =>
        lane is null || (lane.Live is null && lane.Broken is null && lane.Open.Count == 0)
            ? $"{app} was never deployed to {environment} by this bridge, or was removed."
            : null;

    static bool Names(DeployedVersion version, string to)
    {
        var image = ImageReference.Parse(version.Image);
        return to == version.Image || to == image.Tag || to == image.Digest || to == image.Pinned
            || (to.Length >= 8 && image.Digest is { } digest && digest.AsSpan(7).StartsWith(to.StartsWith("sha256:", StringComparison.Ordinal) ? to.AsSpan(7) : to, StringComparison.Ordinal));
    }
}
