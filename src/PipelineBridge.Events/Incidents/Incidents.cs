namespace PipelineBridge.Events;

/// <summary>Trouble in a running service, or a change that nobody asked us for.</summary>
public sealed record IncidentDetected(Reference Environment, string? Description = null, Reference? Service = null, string? ArtifactId = null) : IEventContent;

/// <summary>The trouble is over.</summary>
public sealed record IncidentResolved(Reference Environment, string? Description = null, Reference? Service = null, string? ArtifactId = null) : IEventContent;
