namespace PipelineBridge.Messaging;

/// <summary>The names of the queues: <c>stage.work</c>, and for a cluster and a target with their names in the configuration.</summary>
public static class Queues
{
    /// <summary>Pushes.</summary>
    public const string RegistryPush = "registry.push";

    /// <summary>Tags set by digest.</summary>
    public const string RegistryTag = "registry.tag";

    /// <summary>Digests to be found.</summary>
    public const string RegistryResolve = "registry.resolve";

    /// <summary>What time decides: not a stage's, the bridge's own.</summary>
    public const string Bridge = "bridge";

    /// <summary>What the stages say came of their work, and what their watchers see; the bridge reads it.</summary>
    public const string Outcomes = "bridge.outcomes";

    /// <summary>Where what no queue can handle ends, with its reason; the bridge reads it into its dead letters.</summary>
    public const string Dead = "pipelinebridge.dead";

    /// <summary>All work of a cluster: rollouts, cancels, removals. One queue, so that the newer and the cancel are seen in time.</summary>
    public static string ClusterDeploy(string cluster) => $"cluster.{cluster}.deploy";

    /// <summary>What a target is to be told.</summary>
    public static string Notify(string target) => $"notify.{target}";

    /// <summary>Held by the one process that watches a cluster.</summary>
    public static string ClusterWatcher(string cluster) => $"cluster.{cluster}.watcher";

    /// <summary>
    /// An exchange that nobody publishes to: the bridge alone declares it and binds the queue to it, and the broker deletes it
    /// with the queue. Without it the queue was deleted, even when another process has declared it again already.
    /// </summary>
    public static string Witness(string queue) => $"bridge.witness.{queue}";

    /// <summary>Whether the works of one partition are handled one after the other: everywhere but on deploy queues.</summary>
    public static bool IsPartitioned(string queue) => !queue.StartsWith("cluster.", StringComparison.Ordinal);
}
