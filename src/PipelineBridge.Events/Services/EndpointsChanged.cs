namespace PipelineBridge.Events;

/// <summary>The whole list of an app's healthy tasks in an environment, as a cluster's watcher saw it.</summary>
public sealed record EndpointsChanged(string Cluster, IReadOnlyList<ServiceEndpoint> Tasks) : IEventContent;

/// <summary>A healthy task: where it listens, and what it runs.</summary>
/// <param name="Host">Its host.</param>
/// <param name="Port">The first of its ports on the host.</param>
/// <param name="Digest">The digest of its image, when the cluster says it.</param>
/// <param name="Sequence">The journal's sequence of the deployment that started it, by the cluster's label.</param>
public sealed record ServiceEndpoint(string Host, int Port, string? Digest = null, long? Sequence = null);
