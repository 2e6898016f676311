using PipelineBridge.Events;

namespace PipelineBridge.Messaging;

/// <summary>What a stage may ask of the bridge and tell it: in one process directly, else over HTTP (<c>/v1/work</c>, <c>/v1/blobs</c>).</summary>
public interface IBridgeClient
{
    /// <summary>Tells something seen on the way; it returns once that is safe.</summary>
    Task Tell(CdEvent seen, CancellationToken cancellation);

    /// <summary>How a work stands: asked before its first effect, also when it is given again.</summary>
    Task<WorkStanding> Standing(EventId work, CancellationToken cancellation);

    /// <summary>Journals that the work is being taken back, before that is done: whoever goes on with it never rolls forward again.</summary>
    Task TakingBack(EventId work, CancellationToken cancellation);

    /// <summary>
    /// Keeps a piece of evidence as a blob. What cannot be put within 30 seconds is left out, and the evidence says so;
    /// it does not throw but for cancellation.
    /// </summary>
    Task<Evidence> PutEvidence(string name, string text, CancellationToken cancellation);

    /// <summary>The text of a piece of evidence; null when it is not there, was erased, or cannot be had within 10 seconds.</summary>
    Task<string?> ReadEvidence(Evidence evidence, CancellationToken cancellation);

    /// <summary>What the journal says an app should run in an environment; null when nothing was ever deployed or it was removed.</summary>
    Task<ExpectedDeployment?> Expected(string app, string environment, CancellationToken cancellation);
}

/// <summary>How a work stands in the journal.</summary>
/// <param name="State">One of <see cref="WorkState"/>.</param>
/// <param name="TakingBack">Whether its taking back has begun.</param>
/// <param name="Specification">The bytes of the specification that it names, when it names one.</param>
/// <param name="PreviousSpecification">The bytes of the specification of what served before.</param>
/// <param name="Started">Whether it was told that the cluster took it on: then it is not written again, even if nothing of it stands there any more.</param>
public sealed record WorkStanding(string State, bool TakingBack, ReadOnlyMemory<byte>? Specification, ReadOnlyMemory<byte>? PreviousSpecification, bool Started = false);

/// <summary>The words for how a work stands.</summary>
public static class WorkState
{
    /// <summary>It is to be done.</summary>
    public const string Open = "open";

    /// <summary>It has its end.</summary>
    public const string Closed = "closed";

    /// <summary>Somebody cancelled its request: take back what was made, and end it.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>A newer one was released: stop, leave what was made to the newer, and end it.</summary>
    public const string Superseded = "superseded";
}

/// <summary>What an app should run in an environment.</summary>
/// <param name="Image">The image with digest.</param>
/// <param name="Sequence">The journal's sequence of the newest released ask.</param>
/// <param name="RequestId">The whole name of that request.</param>
/// <param name="Moving">Whether a rollout is on its way, so that a difference is no drift.</param>
/// <param name="ChainId">The chain of that request.</param>
public sealed record ExpectedDeployment(string Image, long Sequence, string RequestId, bool Moving, string? ChainId);
