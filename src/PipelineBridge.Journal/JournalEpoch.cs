namespace PipelineBridge.Journal;

/// <summary>
/// A stretch of the journal without a break. The first begins with the file; a further one begins, by an explicit verb,
/// where an older copy was restored and sequences were perhaps given that the copy does not know.
/// </summary>
/// <param name="Number">From 1.</param>
/// <param name="Sequence">The sequence after which its events begin; no event has it.</param>
/// <param name="At">When it began.</param>
/// <param name="Reason">Why.</param>
public sealed record JournalEpoch(long Number, long Sequence, DateTimeOffset At, string Reason);
