using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster;

/// <summary>Says how a rollout ended.</summary>
sealed class RolloutEnds(WorkItem work, IBridgeClient bridge, TimeProvider clock)
{
    /// <summary>The cause of a rollout that somebody cancelled.</summary>
    public static readonly FailureExplanation Cancelled = new(FailureCategory.Cluster, "Its request was cancelled.", []);

    readonly DeploymentRolloutRequested ask = work.Content<DeploymentRolloutRequested>();

    /// <summary>The tasks are healthy at the image, or run at it where nothing can be told healthy.</summary>
    public CdEvent Good(AppSnapshot now, DateTimeOffset? ranAt, DateTimeOffset? healthyAt, bool alreadyLive)
    {
        var environment = new Reference(work.Environment);
        var purl = ImageReference.Parse(ask.Image).Purl;
        var hasCheck = now.HasHealthCheck && now.Wanted > 0;
        return work.Done(ask.First ? new ServiceDeployed(environment, purl) : new ServiceUpgraded(environment, purl), with: c => c with
        {
            AlreadyLive = alreadyLive ? true : null,
            Unchecked = hasCheck ? null : true,
            Phases = alreadyLive ? new Phases { PulledSeconds = 0, HealthySeconds = hasCheck ? 0 : null } : new Phases
            {
                PulledSeconds = Seconds(work.Event.Time, ranAt),
                HealthySeconds = hasCheck && ranAt is { } ran ? Seconds(ran, healthyAt) : null,
            },
        });
    }

    /// <summary>A newer one took its place.</summary>
    public CdEvent Superseded(string effect) => work.Ended(WorkResult.Superseded, effect, FailureCategory.Cluster,
        effect == WorkEffect.None ? "A newer deployment took its place before anything was changed." : "A newer deployment took its place while it was rolling out.");

    /// <summary>It did not come to its good end.</summary>
    /// <param name="running">The image that runs now, when it is known.</param>
    public async Task<CdEvent> Failed(string result, string effect, FailureExplanation why, string? running, CancellationToken cancellation)
    {
        var evidence = new List<Evidence>();
        foreach (var (name, text) in why.Evidence)
        {
            evidence.Add(await bridge.PutEvidence(name, text, cancellation));
        }
        return work.Ended(result, effect, why.Category, why.Cause, evidence, c => running is null ? c : c with { Image = running });
    }

    /// <summary>Somebody else wrote or removed the app in the middle: theirs stands, and is told.</summary>
    public CdEvent Foreign(AppSnapshot? now, string result) => work.Ended(result, WorkEffect.Unknown, FailureCategory.Cluster, now is null or { IsGoing: true }
        ? "Somebody else removed the app from the cluster while it was rolling out."
        : "Somebody else changed the app on the cluster while it was rolling out; their change was left as it stands.");

    double? Seconds(DateTimeOffset from, DateTimeOffset? to) => to is { } end ? Math.Round(Math.Clamp((end - from).TotalSeconds, 0, (clock.GetUtcNow() - from).TotalSeconds is var most && most > 0 ? most : 0), 3) : null;
}
