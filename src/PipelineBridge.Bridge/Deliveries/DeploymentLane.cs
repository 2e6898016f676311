using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>All that decides the deployments of one app in one environment; kept with the journal, changed only by <see cref="DeploymentDecider"/>.</summary>
public sealed record DeploymentLane
{
    /// <summary>The app.</summary>
    public required string App { get; init; }

    /// <summary>The environment.</summary>
    public required string Environment { get; init; }

    /// <summary>Those without an end, oldest first.</summary>
    public IReadOnlyList<OpenDeployment> Open { get; init; } = [];

    /// <summary>The hold, when there is one.</summary>
    public Hold? Hold { get; init; }

    /// <summary>What serves: the newest that came to its good end.</summary>
    public DeployedVersion? Live { get; init; }

    /// <summary>What served before, newest last: where rollbacks go.</summary>
    public IReadOnlyList<DeployedVersion> Earlier { get; init; } = [];

    /// <summary>A version that failed and was left standing, so that a rollback goes to <see cref="Live"/>.</summary>
    public DeployedVersion? Broken { get; init; }

    /// <summary>The sequence of the newest ask that was released; an older one never overtakes it.</summary>
    public long NewestReleased { get; init; }

    /// <summary>The whole name of the request that <see cref="NewestReleased"/> is.</summary>
    public string? NewestReleasedId { get; init; }

    /// <summary>The digest of the specification of the last deployment that was released.</summary>
    public string? Specification { get; init; }

    /// <summary>What that specification is written in.</summary>
    public string? SpecificationFormat { get; init; }

    /// <summary>The phases of the last good ones, newest last, for what is usual.</summary>
    public IReadOnlyList<Phases> Recent { get; init; } = [];

    /// <summary>The subject of the incident that old tasks could not be retired, while it is open.</summary>
    public string? RetirementIncident { get; init; }

    /// <summary>The chain of what serves, for trouble that comes later.</summary>
    public string? LiveChainId { get; init; }

    /// <summary>The key of an app's lane in the journal's state.</summary>
    public static string Key(string app, string environment) => $"lane/{environment}/{app}";
}

/// <summary>A hold on an app in an environment.</summary>
public sealed record Hold(string Reason, DateTimeOffset Until, string EventId, Actor? By);

/// <summary>A deployment, rollback or removal that has no end yet.</summary>
public sealed record OpenDeployment
{
    /// <summary>Where it stands.</summary>
    public required RequestDocument Document { get; init; }

    /// <summary>The ask event's id.</summary>
    public required string AskId { get; init; }

    /// <summary>What was asked.</summary>
    public required DeploymentRequested Ask { get; init; }

    /// <summary>The image with digest, as soon as it is known.</summary>
    public string? Image { get; init; }

    /// <summary>The resolve work that it waits for.</summary>
    public string? ResolveId { get; init; }

    /// <summary>The push that it waits for, by the id of its ask event; null while that push is not known.</summary>
    public string? PushId { get; init; }

    /// <summary>Whether its stage has it.</summary>
    public bool Released { get; init; }

    /// <summary>The work that its stage has.</summary>
    public string? WorkId { get; init; }

    /// <summary>Why its stage is to stop it: <see cref="WorkResult.Superseded"/> or <see cref="WorkResult.Cancelled"/>.</summary>
    public string? Stopping { get; init; }

    /// <summary>Whether the cluster took it on.</summary>
    public bool Started { get; init; }

    /// <summary>Whether its taking back has begun.</summary>
    public bool TakingBack { get; init; }

    /// <summary>The journal's sequence of the ask.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public long Sequence => Document.Sequence;
}
