using System.Collections.Frozen;
using System.Text.Json.Serialization.Metadata;

namespace PipelineBridge.Events;

/// <summary>The vocabulary: every type that has a producer, listed by hand. Their names are formats that must not drift.</summary>
public static class EventTypes
{
    /// <summary>The prefix of every type that the CDEvents specification defines.</summary>
    public const string StandardPrefix = "dev.cdevents.";

    /// <summary>The prefix of every type of our own.</summary>
    public const string OurPrefix = "dev.cdeventsx.pipelinebridge-";

    /// <summary>All of them, in the order of a delivery.</summary>
    public static IReadOnlyList<EventType> All { get; } =
    [
        Standard("pipelinerun.queued.0.3.0", EventRole.Fact, EventJson.Default.PipelineRunQueued),
        Standard("pipelinerun.started.0.3.0", EventRole.Fact, EventJson.Default.PipelineRunStarted),
        Standard("pipelinerun.finished.0.3.0", EventRole.Fact, EventJson.Default.PipelineRunFinished),
        Ours("image.pushrequested.0.1.0", EventRole.Work, EventJson.Default.ImagePushRequested),
        Ours("image.progressed.0.1.0", EventRole.Observation, EventJson.Default.ImageProgressed, fromStage: true),
        Ours("image.tagrequested.0.1.0", EventRole.Work, EventJson.Default.ImageTagRequested),
        Ours("image.resolverequested.0.1.0", EventRole.Work, EventJson.Default.ImageResolveRequested),
        Ours("image.resolved.0.1.0", EventRole.End, EventJson.Default.ImageResolved, fromStage: true),
        Standard("artifact.published.0.3.0", EventRole.End, EventJson.Default.ArtifactPublished, fromStage: true),
        Ours("deployment.requested.0.1.0", EventRole.Ask, EventJson.Default.DeploymentRequested),
        Ours("deployment.rolloutrequested.0.1.0", EventRole.Work, EventJson.Default.DeploymentRolloutRequested),
        Ours("deployment.cancelrequested.0.1.0", EventRole.Work, EventJson.Default.DeploymentCancelRequested),
        Ours("deployment.retirerequested.0.1.0", EventRole.Work, EventJson.Default.DeploymentRetireRequested),
        Ours("deployment.started.0.1.0", EventRole.Observation, EventJson.Default.DeploymentStarted, fromStage: true),
        Ours("deployment.progressed.0.1.0", EventRole.Observation, EventJson.Default.DeploymentProgressed, fromStage: true),
        Standard("service.deployed.0.3.0", EventRole.End, EventJson.Default.ServiceDeployed, fromStage: true),
        Standard("service.upgraded.0.3.0", EventRole.End, EventJson.Default.ServiceUpgraded, fromStage: true),
        Standard("service.rolledback.0.3.0", EventRole.Fact, EventJson.Default.ServiceRolledBack, fromStage: true),
        Standard("service.removed.0.3.0", EventRole.End, EventJson.Default.ServiceRemoved, fromStage: true),
        Ours("deployment.retired.0.1.0", EventRole.End, EventJson.Default.DeploymentRetired, fromStage: true),
        Ours("work.ended.0.1.0", EventRole.End, EventJson.Default.WorkEnded, fromStage: true),
        Ours("work.deferred.0.1.0", EventRole.Observation, EventJson.Default.WorkDeferred, fromStage: true),
        Ours("deployment.succeeded.0.1.0", EventRole.End, EventJson.Default.DeploymentSucceeded),
        Ours("deployment.failed.0.1.0", EventRole.End, EventJson.Default.DeploymentFailed),
        Ours("deployment.superseded.0.1.0", EventRole.End, EventJson.Default.DeploymentSuperseded),
        Ours("deployment.refused.0.1.0", EventRole.End, EventJson.Default.DeploymentRefused),
        Ours("deployment.cancelled.0.1.0", EventRole.End, EventJson.Default.DeploymentCancelled),
        Ours("deployment.held.0.1.0", EventRole.Fact, EventJson.Default.DeploymentHeld),
        Ours("deployment.holdlifted.0.1.0", EventRole.Fact, EventJson.Default.DeploymentHoldLifted),
        Ours("endpoints.changed.0.1.0", EventRole.Observation, EventJson.Default.EndpointsChanged, fromStage: true),
        Standard("incident.detected.0.3.0", EventRole.Observation, EventJson.Default.IncidentDetected, fromStage: true),
        Standard("incident.resolved.0.3.0", EventRole.Observation, EventJson.Default.IncidentResolved, fromStage: true),
        Ours("notification.requested.0.1.0", EventRole.Work, EventJson.Default.NotificationRequested),
        Ours("notification.delivered.0.1.0", EventRole.End, EventJson.Default.NotificationDelivered, fromStage: true),
    ];

    static readonly FrozenDictionary<string, EventType> ByName = All.ToFrozenDictionary(t => t.Name, StringComparer.Ordinal);
    static readonly FrozenDictionary<Type, EventType> ByContent = All.ToFrozenDictionary(t => t.ContentType);

    /// <summary>The type of a content record.</summary>
    public static EventType Of<T>() where T : IEventContent => ByContent[typeof(T)];

    /// <summary>The type of a content record at hand.</summary>
    public static EventType Of(IEventContent content) => ByContent[content.GetType()];

    /// <summary>The type of a full name; null when it is not of our vocabulary.</summary>
    public static EventType? Find(string name) => ByName.GetValueOrDefault(name);

    static EventType Standard(string tail, EventRole role, JsonTypeInfo content, bool fromStage = false) => new(StandardPrefix + tail, role, fromStage, content);

    static EventType Ours(string tail, EventRole role, JsonTypeInfo content, bool fromStage = false) => new(OurPrefix + tail, role, fromStage, content);
}
