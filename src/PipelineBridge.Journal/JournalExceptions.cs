namespace PipelineBridge.Journal;

/// <summary>The writer's queue is full; nothing was written, and the same may be tried again a little later.</summary>
public sealed class JournalBusyException(int limit)
    : Exception($"The journal has {limit} changes waiting, which is its limit. Nothing of this one was written; try again.")
{
    /// <summary>How many changes may wait.</summary>
    public int Limit => limit;
}

/// <summary>
/// The journal could not commit. Whoever meets it does not know whether the change is there; the same ids and keys find
/// it or make it, once.
/// </summary>
public sealed class JournalUnavailableException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The journal cannot be opened, and why: held by another process, no journal, of a newer version, not writable.</summary>
public sealed class JournalRefusedException(string message, Exception? cause = null) : Exception(message, cause);
