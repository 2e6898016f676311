using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>A target that could not be told the last time.</summary>
/// <param name="Target">Its name.</param>
/// <param name="Since">Since when none of its messages arrived.</param>
/// <param name="Messages">How many did not arrive since.</param>
/// <param name="Cause">Why the last one did not, in one sentence.</param>
public sealed record TargetRefusal(string Target, DateTimeOffset Since, int Messages, string? Cause)
{
    /// <summary>The key of a target's refusal in the journal's state.</summary>
    public static string Key(string target) => $"refusal/{target}";

    /// <summary>How the target stands after a message had its end; null: it was told.</summary>
    public static TargetRefusal? After(TargetRefusal? before, string target, CdEvent end) => end.Content switch
    {
        NotificationDelivered => null,
        WorkEnded { Result: WorkResult.Failed } => new TargetRefusal(target, before?.Since ?? end.Time, (before?.Messages ?? 0) + 1, end.Custom?.Cause),
        _ => before,
    };
}
