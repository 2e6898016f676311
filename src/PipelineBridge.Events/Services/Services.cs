namespace PipelineBridge.Events;

/// <summary>An app runs in an environment for the first time; a good end of a rollout.</summary>
public sealed record ServiceDeployed(Reference Environment, string ArtifactId) : IEventContent;

/// <summary>An app runs in an environment with a newer image or specification; a good end of a rollout.</summary>
public sealed record ServiceUpgraded(Reference Environment, string ArtifactId) : IEventContent;

/// <summary>A failed rollout was taken back: the artifact is the one that serves now.</summary>
public sealed record ServiceRolledBack(Reference Environment, string ArtifactId) : IEventContent;

/// <summary>An app was removed from an environment; the good end of a removal.</summary>
public sealed record ServiceRemoved(Reference? Environment = null) : IEventContent;
