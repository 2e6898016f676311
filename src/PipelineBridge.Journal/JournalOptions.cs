namespace PipelineBridge.Journal;

/// <summary>What a journal needs to be opened.</summary>
public sealed record JournalOptions
{
    /// <summary>The database file; its directory must be there. Beside it lie <c>-wal</c>, <c>-shm</c> and <c>.lock</c>.</summary>
    public required string Path { get; init; }

    /// <summary>How many changes may wait for the writer before the next is refused with <see cref="JournalBusyException"/>.</summary>
    public int QueueLimit { get; init; } = 4096;

    /// <summary>Tells the time of a change.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
