using PipelineBridge.Events;

namespace PipelineBridge.Journal;

/// <summary>Where one request stands.</summary>
/// <param name="Sequence">The sequence of the event that asked.</param>
/// <param name="Id">The id of that event.</param>
/// <param name="Kind">The letter of its name.</param>
/// <param name="App">The app.</param>
/// <param name="Environment">The environment; a dash where there is none.</param>
/// <param name="State">The word for where it stands.</param>
/// <param name="Revision">Grows with every change of the row.</param>
/// <param name="Open">Whether its end is still to come.</param>
/// <param name="Body">The document that is answered for it.</param>
public sealed record RequestRow(long Sequence, EventId Id, char Kind, string App, string Environment, string State, long Revision, bool Open, byte[] Body);

/// <summary>Whether an open work waits or is being done.</summary>
public enum WorkRowState
{
    /// <summary>It waits to be taken, from its due time on.</summary>
    Ready = 0,

    /// <summary>Somebody took it.</summary>
    Running = 1,
}

/// <summary>One open work in one queue. It is there from the event that asks for it until its outcome.</summary>
/// <param name="Sequence">The sequence of the event that asks for the work.</param>
/// <param name="Queue">The queue.</param>
/// <param name="Partition">What must not be worked on twice at a time in a partitioned queue.</param>
/// <param name="State">Whether it waits or is being done.</param>
/// <param name="DueMilliseconds">When it may be taken or must be looked at, in milliseconds since 1970.</param>
/// <param name="Attempts">How often it was taken.</param>
/// <param name="Error">What went wrong the last time.</param>
/// <param name="DeadlineMilliseconds">When no further attempt is made, in milliseconds since 1970.</param>
public sealed record WorkRow(long Sequence, string Queue, string Partition, WorkRowState State, long DueMilliseconds, int Attempts, string? Error, long DeadlineMilliseconds);

/// <summary>How much is open in one queue.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Ready">How many wait.</param>
/// <param name="Running">How many are being done.</param>
/// <param name="OldestSequence">The sequence of the oldest of them.</param>
public sealed record QueueCount(string Queue, long Ready, long Running, long OldestSequence);

/// <summary>What runs of one app in one environment.</summary>
/// <param name="App">The app.</param>
/// <param name="Environment">The environment.</param>
/// <param name="State">The word for how it is.</param>
/// <param name="Image">The image that serves.</param>
/// <param name="Digest">Its digest.</param>
/// <param name="Sequence">The sequence of the event that made it so.</param>
/// <param name="AtMilliseconds">Since when, in milliseconds since 1970.</param>
/// <param name="Body">What else is shown of it.</param>
public sealed record ServiceRow(string App, string Environment, string State, string? Image, string? Digest, long Sequence, long AtMilliseconds, byte[] Body);

/// <summary>A write that was accepted under an idempotency key.</summary>
/// <param name="Key">The hash of client, method, path and key.</param>
/// <param name="BodyHash">The hash of the body; another body under the same key is refused.</param>
/// <param name="Sequence">The sequence of the event that it became.</param>
/// <param name="AtMilliseconds">When it was accepted, in milliseconds since 1970.</param>
public sealed record IdempotencyRow(byte[] Key, byte[] BodyHash, long Sequence, long AtMilliseconds);

/// <summary>What a person decided about a dead letter.</summary>
public enum DeadLetterState
{
    /// <summary>Nothing yet.</summary>
    Open = 0,

    /// <summary>It was asked for again.</summary>
    Replayed = 1,

    /// <summary>It was given up.</summary>
    Dropped = 2,
}

/// <summary>What a queue could not handle.</summary>
/// <param name="Id">Its number; 0 in a new one, which gets the next.</param>
/// <param name="Sequence">The sequence of the event; 0 when it is none that is journaled.</param>
/// <param name="Queue">The queue that gave up.</param>
/// <param name="Reason">Why, in one sentence.</param>
/// <param name="Body">The message as it was.</param>
/// <param name="AtMilliseconds">When, in milliseconds since 1970.</param>
/// <param name="State">What was decided about it.</param>
public sealed record DeadLetterRow(long Id, long Sequence, string Queue, string Reason, byte[] Body, long AtMilliseconds, DeadLetterState State);

/// <summary>Figures of the journal for metrics.</summary>
/// <param name="Head">The last sequence.</param>
/// <param name="OpenRequests">Requests whose end is still to come.</param>
/// <param name="OpenWork">Work whose outcome is still to come.</param>
/// <param name="OpenDeadLetters">Dead letters about which nothing was decided.</param>
/// <param name="FileBytes">The bytes of the database, without those still in the write-ahead log.</param>
public sealed record JournalCounts(long Head, long OpenRequests, long OpenWork, long OpenDeadLetters, long FileBytes);
