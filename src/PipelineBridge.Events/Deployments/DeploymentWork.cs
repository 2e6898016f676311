namespace PipelineBridge.Events;

/// <summary>A deployment was released: its cluster is to run this image by this specification.</summary>
public sealed record DeploymentRolloutRequested : IEventContent
{
    /// <summary>The name of the cluster in the configuration.</summary>
    public required string Cluster { get; init; }

    /// <summary>The image with its digest.</summary>
    public required string Image { get; init; }

    /// <summary>The digest of the specification's blob.</summary>
    public required string Specification { get; init; }

    /// <summary>What the specification is written in.</summary>
    public required string SpecificationFormat { get; init; }

    /// <summary>How many tasks; none: what the specification says, else what runs.</summary>
    public int? Replicas { get; init; }

    /// <summary>The host names under which it is to be served.</summary>
    public IReadOnlyList<string>? Hostnames { get; init; }

    /// <summary>How long the new tasks may take to become healthy, in seconds.</summary>
    public required int HealthTimeoutSeconds { get; init; }

    /// <summary>One of <see cref="PipelineBridge.Events.OnFailure"/>.</summary>
    public required string OnFailure { get; init; }

    /// <summary>Whether nothing of this app served in this environment: its good end is service.deployed, else service.upgraded.</summary>
    public required bool First { get; init; }

    /// <summary>What served before, to which a failed rollout is taken back.</summary>
    public DeployedVersion? Previous { get; init; }

    /// <summary>Whether it goes back to what served before.</summary>
    public bool? Rollback { get; init; }

    /// <summary>The request whose rollout was on its way when this one was released: what it left on the cluster is this one's to replace, or to take back.</summary>
    public string? Supersedes { get; init; }
}

/// <summary>A rollout that is on its way is to be stopped and taken back.</summary>
/// <param name="Cluster">The name of the cluster in the configuration.</param>
/// <param name="RolloutId">The work that is to be stopped.</param>
public sealed record DeploymentCancelRequested(string Cluster, string RolloutId) : IEventContent;

/// <summary>Tasks of an app are to be stopped and removed.</summary>
/// <param name="Cluster">The name of the cluster in the configuration.</param>
/// <param name="Scope"><c>old</c>: those of earlier deployments; <c>all</c>: the whole app.</param>
public sealed record DeploymentRetireRequested(string Cluster, string Scope) : IEventContent
{
    /// <summary>The scope of a removal.</summary>
    public const string All = "all";

    /// <summary>The scope at the good end of a deployment.</summary>
    public const string Old = "old";
}

/// <summary>The tasks that a deployment replaced are gone.</summary>
/// <param name="Cluster">The name of the cluster in the configuration.</param>
/// <param name="Tasks">How many they were.</param>
public sealed record DeploymentRetired(string Cluster, int Tasks) : IEventContent;

/// <summary>The cluster took a rollout on.</summary>
/// <param name="Cluster">The name of the cluster in the configuration.</param>
/// <param name="Deployment">The cluster's own id of it, when it has one.</param>
public sealed record DeploymentStarted(string Cluster, string? Deployment = null) : IEventContent;

/// <summary>A rollout moved.</summary>
/// <param name="Cluster">The name of the cluster in the configuration.</param>
/// <param name="Phase"><c>rolling</c>, <c>takingback</c> or <c>removing</c>.</param>
/// <param name="Healthy">How many new tasks passed their health check (run, where there is none).</param>
/// <param name="Total">How many there are to be.</param>
/// <param name="Tasks">The new tasks.</param>
/// <param name="Waiting">What it waits for, in our own words, when that is not health.</param>
public sealed record DeploymentProgressed(string Cluster, string Phase, int Healthy, int Total, IReadOnlyList<TaskProgress>? Tasks = null, string? Waiting = null) : IEventContent;

/// <summary>A task of a rollout: where it is and how far.</summary>
/// <param name="Id">The cluster's id of it.</param>
/// <param name="State"><c>staging</c>, <c>starting</c>, <c>running</c>, <c>healthy</c>, <c>unhealthy</c>, <c>failed</c>.</param>
/// <param name="Host">The host, when it has one.</param>
/// <param name="Port">Its first port, when it has one.</param>
public sealed record TaskProgress(string Id, string State, string? Host = null, int? Port = null);
