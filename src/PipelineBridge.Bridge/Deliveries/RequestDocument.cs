using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>Where a request stands, as <c>GET /v1/requests/{id}</c> answers it. It is written with every event that moves it.</summary>
public sealed record RequestDocument
{
    /// <summary>The whole name.</summary>
    public required string Id { get; init; }

    /// <summary>What was asked: <c>push</c>, <c>tag</c>, <c>deployment</c>, <c>rollback</c>, <c>removal</c>, <c>notification</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The app.</summary>
    public required string App { get; init; }

    /// <summary>The environment, where there is one.</summary>
    public string? Environment { get; init; }

    /// <summary>The chain, from commit to chat.</summary>
    public required string ChainId { get; init; }

    /// <summary>The journal's sequence of the ask.</summary>
    public long Sequence { get; init; }

    /// <summary>For the replay of a push or a tag ask: the sequence of its original, by which it wins or loses.</summary>
    public long? Order { get; init; }

    /// <summary>One of <see cref="RequestState"/>.</summary>
    public required string State { get; init; }

    /// <summary>Grows with every change of this document.</summary>
    public long Revision { get; init; }

    /// <summary>What it waits for, in words, while its state is <c>waiting</c>.</summary>
    public string? WaitingFor { get; init; }

    /// <summary>The image, with digest as soon as that is known.</summary>
    public string? Image { get; init; }

    /// <summary>The tags that a push or tag ask sets.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>What a push moved.</summary>
    public PushedSize? Pushed { get; init; }

    /// <summary>How far a push is, while it moves.</summary>
    public ImageProgressed? Pushing { get; init; }

    /// <summary>What served when the deployment was asked for.</summary>
    public string? PreviousImage { get; init; }

    /// <summary>What runs now, when that is not the image asked for.</summary>
    public string? NowRunning { get; init; }

    /// <summary>When it was journaled.</summary>
    public DateTimeOffset AskedAt { get; init; }

    /// <summary>When it was released to its stage.</summary>
    public DateTimeOffset? ReleasedAt { get; init; }

    /// <summary>When its stage began to take it back.</summary>
    public DateTimeOffset? TakingBackAt { get; init; }

    /// <summary>When it came to its end.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How far a rollout is.</summary>
    public DeploymentProgressed? Progress { get; init; }

    /// <summary>Where the cause of its end lies, when that is not the good one.</summary>
    public string? Category { get; init; }

    /// <summary>Why, in one sentence.</summary>
    public string? Cause { get; init; }

    /// <summary>What shows it, each a blob under <c>/v1/blobs/{digest}</c>.</summary>
    public IReadOnlyList<Evidence>? Evidence { get; init; }

    /// <summary>What its work left: one of <see cref="WorkEffect"/>.</summary>
    public string? Effect { get; init; }

    /// <summary>The seconds that each phase took.</summary>
    public Phases? Phases { get; init; }

    /// <summary>The seconds that each phase usually takes for this app in this environment: the median of the last good ones.</summary>
    public Phases? Usual { get; init; }

    /// <summary>True when nothing could be told healthy, for want of a health check.</summary>
    public bool? Unchecked { get; init; }

    /// <summary>True when it ran already and nothing was done.</summary>
    public bool? AlreadyLive { get; init; }

    /// <summary>True when it has host names and its zone has no front end: healthy was the end.</summary>
    public bool? NotRouted { get; init; }

    /// <summary>The request that took its place.</summary>
    public string? SupersededBy { get; init; }

    /// <summary>What a person should know all the same.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }

    /// <summary>Who asked.</summary>
    public Actor? By { get; init; }

    /// <summary>The build it came from.</summary>
    public BuildReference? Build { get; init; }

    /// <summary>Where to ask how it stands; only in answers.</summary>
    public string? StatusUrl { get; init; }

    /// <summary>The page that tells its story; only in answers.</summary>
    public string? TimelineUrl { get; init; }

    /// <summary>Whether it came to its end.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool HasEnded => State is RequestState.Succeeded or RequestState.Failed or RequestState.Superseded or RequestState.Refused or RequestState.Cancelled;
}

/// <summary>The words for where a request stands.</summary>
public static class RequestState
{
    /// <summary>On disk; nothing began.</summary>
    public const string Accepted = "accepted";

    /// <summary>It waits for something that the document names.</summary>
    public const string Waiting = "waiting";

    /// <summary>A stage has it.</summary>
    public const string Running = "running";

    /// <summary>The good end.</summary>
    public const string Succeeded = "succeeded";

    /// <summary>It ended after a change began (or, for an image, could not be done).</summary>
    public const string Failed = "failed";

    /// <summary>A newer one took its place.</summary>
    public const string Superseded = "superseded";

    /// <summary>It became impossible; nothing was changed on the cluster.</summary>
    public const string Refused = "refused";

    /// <summary>Somebody took it back.</summary>
    public const string Cancelled = "cancelled";
}
