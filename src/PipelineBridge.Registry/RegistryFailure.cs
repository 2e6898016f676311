using PipelineBridge.Events;

namespace PipelineBridge.Registry;

/// <summary>Something that no repetition makes right: the work ends failed.</summary>
/// <param name="category">One of <see cref="FailureCategory"/>.</param>
/// <param name="cause">One sentence of our own; it quotes nothing that was read from outside.</param>
/// <param name="evidence">What was read from outside, without credentials.</param>
sealed class RegistryFailure(string category, string cause, string? evidence = null) : Exception(cause)
{
    public string Category => category;

    public string? EvidenceText => evidence;

    /// <summary>Whether it is known that no tag of the ask can stand, e.g. because the image is not in the repository.</summary>
    public bool NothingMade { get; init; }
}

/// <summary>The registry, or the engine that an image comes from, cannot be used now but may be later: the work waits.</summary>
/// <param name="cause">One sentence of our own.</param>
/// <param name="retryAfter">How long the registry asked us to wait.</param>
sealed class RegistryUnavailable(string cause, TimeSpan? retryAfter = null) : Exception(cause)
{
    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>One of <see cref="FailureCategory"/>.</summary>
    public string Category { get; init; } = FailureCategory.Registry;
}
