namespace PipelineBridge.Cluster;

/// <summary>The cluster gave no answer that says anything; whether a write was made cannot be told. The message is a sentence of our own.</summary>
public sealed class ClusterUnreachableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The cluster said no, and nothing was made. The message is a sentence of our own.</summary>
/// <param name="category">One of <see cref="Events.FailureCategory"/>.</param>
/// <param name="message">Why, quoting nothing.</param>
/// <param name="answer">What it said.</param>
/// <param name="inner">How it said it.</param>
/// <param name="evidence">The name of what it said, as evidence.</param>
public sealed class ClusterRefusedException(string category, string message, string? answer = null, Exception? inner = null, string evidence = "last answer") : Exception(message, inner)
{
    /// <summary>The name of <see cref="Answer"/> as evidence.</summary>
    public string EvidenceName { get; } = evidence;

    /// <summary>Where the cause lies.</summary>
    public string Category { get; } = category;

    /// <summary>What the cluster said, as evidence.</summary>
    public string? Answer { get; } = answer;
}

/// <summary>Somebody else's change is on its way, and nothing was made; it may be tried again when that is over. The message says whose and since when.</summary>
public sealed class ClusterLockedException(string message) : Exception(message);
