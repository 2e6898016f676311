using PipelineBridge.Events;

namespace PipelineBridge.Journal.Sqlite;

/// <summary>
/// What one change wants written. Nothing of it reaches the database before the change's function has returned, so that
/// its exception costs nothing but this.
/// </summary>
sealed class Change
{
    public List<(long Sequence, NewEvent Event)> Events { get; } = [];
    public Dictionary<EventId, long> Sequences { get; } = [];
    public Dictionary<string, ChangedState> States { get; } = new(StringComparer.Ordinal);
    public Dictionary<long, RequestRow> Requests { get; } = [];
    public Dictionary<string, IdempotencyRow> Idempotency { get; } = new(StringComparer.Ordinal);
    /// <summary>Null where the work is closed.</summary>
    public Dictionary<(long Sequence, string Queue), WorkRow?> Work { get; } = [];
    /// <summary>Null where the service is removed.</summary>
    public Dictionary<(string App, string Environment), ServiceRow?> Services { get; } = [];
    public Dictionary<string, BlobRow> Blobs { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, string> ErasedBlobs { get; } = new(StringComparer.Ordinal);
    public Dictionary<long, DeadLetterRow> DeadLetters { get; } = [];
    /// <summary>What was sent, and until when is waited with what was not: null, or milliseconds since 1970.</summary>
    public Dictionary<long, long?> Sendings { get; } = [];

    /// <summary>Does what can fail without the database: after it, writing the change is the database's alone.</summary>
    public void Freeze()
    {
        foreach (var state in States.Values)
        {
            state.Freeze();
        }
    }
}

/// <summary>A state that a change puts; null removes it.</summary>
sealed class ChangedState(object? value, Func<byte[]>? serialize)
{
    public object? Value => value;

    public byte[]? Body { get; private set; }

    public void Freeze() => Body = serialize?.Invoke();
}
