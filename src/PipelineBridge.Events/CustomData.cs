namespace PipelineBridge.Events;

/// <summary>The <c>customData</c> of every event of ours; the schema is <c>docs/schemas/customdata.json</c>.</summary>
public sealed record CustomData
{
    /// <summary>The application, <c>[a-z0-9-]{1,63}</c>.</summary>
    public required string App { get; init; }

    /// <summary>The environment, <c>[a-z0-9-]{1,63}</c>.</summary>
    public string? Environment { get; init; }

    /// <summary>The request that this event belongs to, by its whole name.</summary>
    public string? RequestId { get; init; }

    /// <summary>The work that this event asks for, tells of or ends.</summary>
    public string? WorkId { get; init; }

    /// <summary>The journal's sequence of the ask: what is later by it wins.</summary>
    public long? Sequence { get; init; }

    /// <summary>The image, <c>registry/repository:tag@digest</c>.</summary>
    public string? Image { get; init; }

    /// <summary>The tags that a push or a tag ask set.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>What a push moved.</summary>
    public PushedSize? Pushed { get; init; }

    /// <summary>Who asked.</summary>
    public Actor? By { get; init; }

    /// <summary>The build that it came from.</summary>
    public BuildReference? Build { get; init; }

    /// <summary>Where the cause lies, one of <see cref="FailureCategory"/>.</summary>
    public string? Category { get; init; }

    /// <summary>Why, in one sentence of our own for a person; it quotes nothing.</summary>
    public string? Cause { get; init; }

    /// <summary>What shows the cause, each a blob of the bridge.</summary>
    public IReadOnlyList<Evidence>? Evidence { get; init; }

    /// <summary>How long each phase took.</summary>
    public Phases? Phases { get; init; }

    /// <summary>True when a rollout found the same image and specification running, and did nothing.</summary>
    public bool? AlreadyLive { get; init; }

    /// <summary>True when a rollout has no health check, so that its tasks run but cannot be told healthy.</summary>
    public bool? Unchecked { get; init; }
}

/// <summary>Who asked: the person claimed by the caller, beside the name of the key that was shown.</summary>
public sealed record Actor(string? Person = null, string? Key = null);

/// <summary>A build of a build server.</summary>
public sealed record BuildReference(string? Url = null, int? Number = null, string? Job = null);

/// <summary>A piece of evidence: what it is (<c>last log</c>, <c>last answer</c>), and the digest of the bridge's blob; no blob when it could not be put, and then why.</summary>
public sealed record Evidence(string Name, string? Blob = null, string? Missing = null);

/// <summary>The bytes of an image's blobs, and how many of them were new to the registry.</summary>
public sealed record PushedSize(long TotalBytes, long NewBytes);

/// <summary>The seconds that each phase of a request took; absent for one that it did not have.</summary>
public sealed record Phases
{
    /// <summary>From the ask to its release.</summary>
    public double? WaitedSeconds { get; init; }

    /// <summary>Moving the image to the registry.</summary>
    public double? PushedSeconds { get; init; }

    /// <summary>From the release until every new task has its image and runs.</summary>
    public double? PulledSeconds { get; init; }

    /// <summary>From running to healthy.</summary>
    public double? HealthySeconds { get; init; }

    /// <summary>From healthy to served by every front-end node.</summary>
    public double? RoutedSeconds { get; init; }
}

/// <summary>The words for where a cause lies.</summary>
public static class FailureCategory
{
    /// <summary>The image is not there, or not what was said.</summary>
    public const string Image = "image";

    /// <summary>The registry does not answer or does not let us.</summary>
    public const string Registry = "registry";

    /// <summary>The specification or our configuration is wrong.</summary>
    public const string Configuration = "configuration";

    /// <summary>The new tasks do not become healthy.</summary>
    public const string Health = "health";

    /// <summary>No host has room.</summary>
    public const string Resources = "resources";

    /// <summary>The cluster does not answer, is locked or refuses.</summary>
    public const string Cluster = "cluster";

    /// <summary>A front end does not serve.</summary>
    public const string FrontEnd = "frontend";

    /// <summary>A chat, a mail server or another one that is told does not take it.</summary>
    public const string Notification = "notification";

    /// <summary>A mistake of ours.</summary>
    public const string Internal = "internal";
}
