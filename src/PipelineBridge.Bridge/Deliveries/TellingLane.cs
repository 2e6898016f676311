using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>What a target was told in one thread (a delivery, a build): one work is out at a time, and the newest word replaces those that wait.</summary>
public sealed record TellingLane
{
    /// <summary>The handle of the message, as the target gave it.</summary>
    public string? Handle { get; init; }

    /// <summary>The work that is out.</summary>
    public string? WorkId { get; init; }

    /// <summary>The revision of the last word.</summary>
    public int Revision { get; init; }

    /// <summary>The last word given to the target.</summary>
    public NotificationRequested? Last { get; init; }

    /// <summary>The word that waits for the one that is out.</summary>
    public NotificationRequested? Next { get; init; }

    /// <summary>The key of a thread's lane in the journal's state.</summary>
    public static string Key(string target, string thread) => $"telling/{target}/{thread}";
}
