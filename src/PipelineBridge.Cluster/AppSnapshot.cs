namespace PipelineBridge.Cluster;

/// <summary>An app as its cluster showed it at one moment.</summary>
public sealed record AppSnapshot
{
    /// <summary>The cluster's own name for this definition of the app; another one means that somebody wrote.</summary>
    public required string Definition { get; init; }

    /// <summary>When this definition was written, by our clock where its driver can tell, else by the cluster's.</summary>
    public required DateTimeOffset WrittenAt { get; init; }

    /// <summary>Who wrote it; null when it was nobody of ours.</summary>
    public DeploymentMark? Mark { get; init; }

    /// <summary>The image of the definition, as the cluster has it.</summary>
    public string? Image { get; init; }

    /// <summary>How many tasks there are to be.</summary>
    public required int Wanted { get; init; }

    /// <summary>Whether its tasks can be told healthy.</summary>
    public required bool HasHealthCheck { get; init; }

    /// <summary>Whether the cluster still works on it.</summary>
    public required bool IsMoving { get; init; }

    /// <summary>Whether the cluster gave up on it: waiting longer brings nothing.</summary>
    public bool IsHopeless { get; init; }

    /// <summary>Whether the cluster went back to an earlier definition by itself, or does.</summary>
    public bool IsRolledBackByItself { get; init; }

    /// <summary>Whether it is removed, and the cluster still stops its tasks.</summary>
    public bool IsGoing { get; init; }

    /// <summary>Its tasks, old and new.</summary>
    public required IReadOnlyList<AppTask> Tasks { get; init; }

    /// <summary>The document that the driver read it from, for its own use.</summary>
    public required object Source { get; init; }

    /// <summary>The tasks of this definition.</summary>
    public IEnumerable<AppTask> NewTasks => Tasks.Where(t => t.IsCurrent);

    /// <summary>How many tasks of this definition do what they should: are healthy, or run where there is no check.</summary>
    public int Good => NewTasks.Count(IsGood);

    /// <summary>Whether the cluster is done with it: nothing moves, and all tasks there are to be are of this definition and good.</summary>
    public bool IsSettled => !IsMoving && Tasks.Count == Wanted && Good == Wanted;

    /// <summary>Whether a task does what it should.</summary>
    public bool IsGood(AppTask task) => task.State == AppTaskState.Healthy || (!HasHealthCheck && task.State == AppTaskState.Running);
}

/// <summary>A task of an app.</summary>
/// <param name="Id">The cluster's id of it.</param>
/// <param name="Host">The host, when it has one.</param>
/// <param name="Port">Its first port on the host, when it has one.</param>
/// <param name="State">One of <see cref="AppTaskState"/>.</param>
/// <param name="IsCurrent">Whether it is of the app's present definition.</param>
public sealed record AppTask(string Id, string? Host, int? Port, string State, bool IsCurrent);

/// <summary>The words for where a task stands, as progress says them.</summary>
public static class AppTaskState
{
    /// <summary>Its image is being brought to its host.</summary>
    public const string Staging = "staging";

    /// <summary>It is being started.</summary>
    public const string Starting = "starting";

    /// <summary>It runs; whether it is healthy is not known.</summary>
    public const string Running = "running";

    /// <summary>It runs and passed its health checks.</summary>
    public const string Healthy = "healthy";

    /// <summary>It runs and fails a health check.</summary>
    public const string Unhealthy = "unhealthy";

    /// <summary>It is over.</summary>
    public const string Failed = "failed";
}
