using System.Collections.Concurrent;

namespace PipelineBridge.Bridge.Work.Broker;

/// <summary>A queue as it was last seen on the broker.</summary>
/// <param name="Waiting">How many messages wait in it.</param>
/// <param name="Consumers">How many consume it.</param>
/// <param name="Unattended">Since when nobody does; null while somebody does.</param>
public sealed record QueueStanding(uint Waiting, uint Consumers, DateTimeOffset? Unattended);

/// <summary>What the bridge knows of its broker now, and what it counted since its start.</summary>
public sealed class BrokerStanding(TimeProvider clock)
{
    long eventsPublished;
    long workGiven;
    long batches;
    long outcomes;
    long refused;
    long dead;

    /// <summary>Since when the relay is connected; null while it is not.</summary>
    public DateTimeOffset? ConnectedSince { get; private set; }

    /// <summary>Since when it is not connected; null while it is.</summary>
    public DateTimeOffset? LostSince { get; private set; } = clock.GetUtcNow();

    /// <summary>Since when the broker takes nothing, as it says itself; null while it takes what comes.</summary>
    public DateTimeOffset? BlockedSince { get; private set; }

    /// <summary>Why it is not connected, or takes nothing; null when all is well.</summary>
    public string? Trouble { get; private set; }

    /// <summary>What stands otherwise on the broker than it should, and cannot be declared; null when all is as it should be.</summary>
    public string? Misfit { get; internal set; }

    /// <summary>The queues that could not be reached by their address, and why.</summary>
    public ConcurrentDictionary<string, string> Unroutable { get; } = new(StringComparer.Ordinal);

    /// <summary>The queues of work as they were last seen.</summary>
    public ConcurrentDictionary<string, QueueStanding> Queues { get; } = new(StringComparer.Ordinal);

    /// <summary>Events that the broker confirmed.</summary>
    public long EventsPublished => Interlocked.Read(ref eventsPublished);

    /// <summary>Works that the broker confirmed.</summary>
    public long WorkGiven => Interlocked.Read(ref workGiven);

    /// <summary>Batches of outcomes that were journaled.</summary>
    public long OutcomeBatches => Interlocked.Read(ref batches);

    /// <summary>Outcomes that were journaled.</summary>
    public long Outcomes => Interlocked.Read(ref outcomes);

    /// <summary>Messages among the outcomes that were none.</summary>
    public long OutcomesRefused => Interlocked.Read(ref refused);

    /// <summary>Messages taken from the dead queue.</summary>
    public long Dead => Interlocked.Read(ref dead);

    internal void Connected()
    {
        ConnectedSince = clock.GetUtcNow();
        LostSince = null;
        Blocked(null);
    }

    internal void Lost(string why)
    {
        LostSince ??= clock.GetUtcNow();
        ConnectedSince = null;
        BlockedSince = null;
        Trouble = why;
        Queues.Clear();
    }

    internal void Blocked(string? why)
    {
        BlockedSince = why is null ? null : BlockedSince ?? clock.GetUtcNow();
        Trouble = why is null ? null : $"The broker takes nothing for now: {why}.";
    }

    internal void Seen(string queue, uint waiting, uint consumers) => Queues.AddOrUpdate(queue,
        _ => new QueueStanding(waiting, consumers, consumers == 0 ? clock.GetUtcNow() : null),
        (_, before) => new QueueStanding(waiting, consumers, consumers > 0 ? null : before.Unattended ?? clock.GetUtcNow()));

    internal void Published(int count) => Interlocked.Add(ref eventsPublished, count);

    internal void Given(int count) => Interlocked.Add(ref workGiven, count);

    internal void Took(int journaled, int unfit)
    {
        Interlocked.Increment(ref batches);
        Interlocked.Add(ref outcomes, journaled);
        Interlocked.Add(ref refused, unfit);
    }

    internal void Buried() => Interlocked.Increment(ref dead);
}
