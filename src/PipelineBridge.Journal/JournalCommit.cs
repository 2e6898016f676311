namespace PipelineBridge.Journal;

/// <summary>What one commit brought, for those who wait for it.</summary>
/// <param name="First">The first sequence of the events in it.</param>
/// <param name="Last">The last one; lower than <paramref name="First"/> when it brought no event.</param>
/// <param name="Requests">The sequences of the requests that changed.</param>
/// <param name="Queues">The queues that have work ready which they did not have, or not yet due, before.</param>
public sealed record JournalCommit(long First, long Last, IReadOnlyCollection<long> Requests, IReadOnlyCollection<string> Queues);

/// <summary>The end of the journal: whoever keeps it elsewhere can tell later whether the journal was cut or rewritten.</summary>
/// <param name="Sequence">The last sequence.</param>
/// <param name="Link">The link of the hash chain there, 64 hexadecimal digits.</param>
public sealed record JournalHead(long Sequence, string Link);
