using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>What a decider may know besides state and event: the time, and the configuration.</summary>
public sealed record DeciderContext(DateTimeOffset Now, BridgeOptions Options);

/// <summary>An event that follows, and the queue where it is work.</summary>
public sealed record Decided(CdEvent Event, string? Queue = null, string Partition = "");

/// <summary>A journaled ask that is its own work and may be given to its stage now.</summary>
public sealed record Opened(long Sequence, string Queue, string Partition);

/// <summary>A moment at which the bridge itself has to decide again: a row on its own queue.</summary>
/// <param name="Sequence">The event it belongs to; null: the last of the decided ones.</param>
/// <param name="Due">When.</param>
public sealed record Timer(long? Sequence, DateTimeOffset Due);

/// <summary>What a decider decided: the new state, what follows, and which documents moved. It collects and has no effect.</summary>
public sealed class Decision<TState>(TState state)
{
    /// <summary>The state after it.</summary>
    public TState State { get; set; } = state;

    /// <summary>What follows, in order.</summary>
    public List<Decided> Events { get; } = [];

    /// <summary>The documents that moved, each once, with its newest text.</summary>
    public Dictionary<string, RequestDocument> Documents { get; } = new(StringComparer.Ordinal);

    /// <summary>The asks that are their own work and may be given now.</summary>
    public List<Opened> Opened { get; } = [];

    /// <summary>The moments to come back.</summary>
    public List<Timer> Timers { get; } = [];

    /// <summary>Takes a moved document: its revision grows once a decision.</summary>
    public RequestDocument Moved(RequestDocument document)
    {
        var revision = Documents.TryGetValue(document.Id, out var earlier) ? earlier.Revision : document.Revision + 1;
        return Documents[document.Id] = document with { Revision = revision };
    }
}

/// <summary>Makes the bridge's own events.</summary>
static class BridgeEvents
{
    public const string Source = CdEvent.OurSource + "bridge";

    public static CdEvent Make(EventId id, IEventContent content, DateTimeOffset now, string? chainId, EventId? cause, CustomData custom, string? subjectId = null) => new()
    {
        Id = id.ToString(),
        Source = Source,
        Type = EventTypes.Of(content).Name,
        Time = now,
        ChainId = chainId,
        Links = cause is { } c ? [EventLink.Cause(c)] : null,
        SubjectId = subjectId ?? (custom.Environment is null ? custom.App : $"{custom.Environment}/{custom.App}"),
        Content = content,
        Custom = custom,
    };
}
