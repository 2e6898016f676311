namespace PipelineBridge.Events;

/// <summary>A work came to an end that is not its good one.</summary>
/// <param name="Result">One of <see cref="WorkResult"/>.</param>
/// <param name="Effect">One of <see cref="WorkEffect"/>.</param>
public sealed record WorkEnded(string Result, string Effect) : IEventContent;

/// <summary>A work waits for a better moment; it is given again then.</summary>
public sealed record WorkDeferred(DateTimeOffset Until) : IEventContent;

/// <summary>The words for how a work ended.</summary>
public static class WorkResult
{
    /// <summary>It could not be done.</summary>
    public const string Failed = "failed";

    /// <summary>A newer one took its place.</summary>
    public const string Superseded = "superseded";

    /// <summary>Somebody took it back.</summary>
    public const string Cancelled = "cancelled";
}

/// <summary>The words for what a work left behind.</summary>
public static class WorkEffect
{
    /// <summary>Nothing was changed.</summary>
    public const string None = "none";

    /// <summary>The change was made and stands.</summary>
    public const string Made = "made";

    /// <summary>The change was made and taken back.</summary>
    public const string TakenBack = "takenback";

    /// <summary>It cannot be told.</summary>
    public const string Unknown = "unknown";
}
