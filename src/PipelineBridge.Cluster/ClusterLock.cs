namespace PipelineBridge.Cluster;

/// <summary>How long a rollout waits for somebody else's change to be over.</summary>
sealed class ClusterLock(TimeProvider clock)
{
    /// <summary>The bound of the whole wait.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);

    /// <summary>How long until it is tried again.</summary>
    public static readonly TimeSpan Between = TimeSpan.FromSeconds(3);

    readonly long began = clock.GetTimestamp();

    /// <summary>Whether the wait has come to its bound.</summary>
    public bool IsOver => clock.GetElapsedTime(began) >= Bound;
}
