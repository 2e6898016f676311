namespace PipelineBridge.Registry.Retention;

/// <summary>What becomes of the images of one repository.</summary>
/// <param name="Repository">The repository, <c>registry/repository</c>.</param>
/// <param name="Images">Each manifest that has a tag, newest first.</param>
public sealed record RetentionPlan(string Repository, IReadOnlyList<PlannedImage> Images);

/// <summary>A manifest, and whether it is kept.</summary>
/// <param name="Digest">Its digest.</param>
/// <param name="Tags">The tags that name it.</param>
/// <param name="CreatedAt">When the image was made, as its configuration says; null where it does not.</param>
/// <param name="IsDeleted">Whether it is to be deleted.</param>
/// <param name="Reason">Why it is kept; empty for one that is not.</param>
public sealed record PlannedImage(string Digest, IReadOnlyList<string> Tags, DateTimeOffset? CreatedAt, bool IsDeleted, string Reason);

/// <summary>An image that must stay, and why.</summary>
/// <param name="Image">With its digest, else with its tag.</param>
/// <param name="Reason">Why, in a few words.</param>
public sealed record NeededImage(Events.ImageReference Image, string Reason);

/// <summary>A registry did not do its part.</summary>
/// <param name="message">One sentence that says why.</param>
/// <param name="evidence">What was read from outside, without credentials.</param>
/// <param name="inner">What was met.</param>
public sealed class RetentionException(string message, string? evidence, Exception inner) : Exception(message, inner)
{
    /// <summary>What was read from outside, without credentials; null for nothing.</summary>
    public string? Evidence => evidence;
}
