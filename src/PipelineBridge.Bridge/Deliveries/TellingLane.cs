using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>What a target was told in one thread (a delivery, a build): one work is out at a time, and the newest word replaces those that wait.</summary>
public sealed record TellingLane
{
    /// <summary>The id from which the ids of this thread's works derive: the ask's, the build's, the incident's.</summary>
    public string? ThreadId { get; init; }

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

/// <summary>What a word for a target is about.</summary>
/// <param name="App">The app.</param>
/// <param name="Environment">The environment, where there is one.</param>
/// <param name="RequestId">The request, where there is one.</param>
/// <param name="ChainId">The chain.</param>
/// <param name="Cause">The event that led to it.</param>
public sealed record Topic(string App, string? Environment, string? RequestId, string? ChainId, EventId Cause);
