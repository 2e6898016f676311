using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster;

/// <summary>What we leave on a cluster with everything we write, to find it again and to let the newer win.</summary>
/// <param name="Request">The whole name of the request.</param>
/// <param name="Sequence">The journal's sequence of the ask.</param>
/// <param name="Specification">The digest of the specification's blob.</param>
/// <param name="Image">The pinned image that was written.</param>
/// <param name="TakesBack">Whether it was written to take that request back.</param>
public sealed record DeploymentMark(string Request, long Sequence, string Specification, string Image, bool TakesBack = false);

/// <summary>What a rollout is to bring about.</summary>
public sealed record RolloutPlan
{
    /// <summary>The app and its environment.</summary>
    public required AppKey App { get; init; }

    /// <summary>The mark that is written; it names the pinned image.</summary>
    public required DeploymentMark Mark { get; init; }

    /// <summary>The bytes of the specification.</summary>
    public required ReadOnlyMemory<byte> Specification { get; init; }

    /// <summary>How many tasks; null: what the specification says, else what runs.</summary>
    public int? Replicas { get; init; }

    /// <summary>Whether it goes back to what ran before, by its own ask.</summary>
    public bool IsRollback { get; init; }

    /// <summary>How long the new tasks may take to become healthy.</summary>
    public required TimeSpan HealthTimeout { get; init; }

    /// <summary>What served before; null for a first deployment.</summary>
    public PreviousVersion? Previous { get; init; }

    /// <summary>What a work asks for, with the bytes that the bridge keeps.</summary>
    internal static RolloutPlan Of(WorkItem work, WorkStanding standing)
    {
        var ask = work.Content<DeploymentRolloutRequested>();
        var previous = ask.Previous is { } p ? ImageReference.Parse(p.Image) : null;
        return new RolloutPlan
        {
            App = new AppKey(work.App, work.Environment),
            Mark = new DeploymentMark(work.RequestId, work.Sequence, ask.Specification, ImageReference.Parse(ask.Image).Pinned),
            Specification = standing.Specification ?? throw new InvalidOperationException($"The bridge has no bytes of the specification {ask.Specification}."),
            Replicas = ask.Replicas,
            IsRollback = ask.Rollback == true,
            HealthTimeout = TimeSpan.FromSeconds(ask.HealthTimeoutSeconds),
            Previous = previous is null ? null : new PreviousVersion(previous.Pinned, ask.Previous!.Specification, standing.PreviousSpecification, previous),
        };
    }

    /// <summary>Whether what stands on the cluster was written for this plan and rolls it forward.</summary>
    public bool IsMarkedOn(AppSnapshot? now) => now?.Mark is { TakesBack: false } mark && mark.Request == Mark.Request;

    /// <summary>Whether what stands on the cluster is what an older deployment of ours made half, going forward or back.</summary>
    public bool IsHalfOfOlder(AppSnapshot? now) => now?.Mark is { } mark && mark.Sequence < Mark.Sequence
        && (!IsTakenBack(now) || now.IsMoving || (mark.TakesBack && !now.IsSettled));

    /// <summary>Whether the app runs again what it is to be taken back to.</summary>
    public bool IsTakenBack(AppSnapshot? now) => now is null
        ? Previous is null
        : !IsMarkedOn(now) && (Previous is null ? now.Mark is null
            : now.Image == Previous.Image && (now.Mark is null || Previous.Specification is null || now.Mark.Specification == Previous.Specification));
}

/// <summary>What served before.</summary>
/// <param name="Image">The pinned image.</param>
/// <param name="Specification">The digest of its specification's blob.</param>
/// <param name="Content">The bytes of its specification, when they are known.</param>
/// <param name="Reference">The image with its tag.</param>
public sealed record PreviousVersion(string Image, string? Specification, ReadOnlyMemory<byte>? Content, ImageReference Reference);
