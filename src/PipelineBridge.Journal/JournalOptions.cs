namespace PipelineBridge.Journal;

/// <summary>What a journal needs to be opened.</summary>
public sealed record JournalOptions
{
    /// <summary>The database file; its directory must be there. Beside it lie <c>-wal</c>, <c>-shm</c> and <c>.lock</c>.</summary>
    public required string Path { get; init; }

    /// <summary>How many changes may wait for the writer before the next is refused with <see cref="JournalBusyException"/>.</summary>
    public int QueueLimit { get; init; } = 4096;

    /// <summary>
    /// Whether what is born in the bridge is also to be published: then each such event that is no work is unsent until
    /// somebody marks it sent. What work has to be sent is told by the table of open work.
    /// </summary>
    public bool Published { get; init; }

    /// <summary>Tells the time of a change.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
