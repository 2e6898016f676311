using System.Text;
using PipelineBridge.Events;
using PipelineBridge.Journal.Sqlite;

namespace PipelineBridge.Journal;

/// <summary>Verifies a journal's hash chain, reading only, whether or not a process writes it.</summary>
public sealed class JournalVerifier
{
    // One statement reads so many events: a longer one would keep the write-ahead log of a live journal from starting over.
    const int Slice = 10_000;

    readonly Database database;
    readonly JournalHead? known;
    readonly Queue<(JournalEpoch Epoch, byte[] Link)> ahead;
    readonly List<JournalEpoch> met = [];
    byte[] link = new byte[HashChain.Size];
    long sequence = -1;
    long events;
    bool knownSeen;

    JournalVerifier(Database database, JournalHead? known)
    {
        this.database = database;
        this.known = known;
        ahead = new(Epochs.All(database));
    }

    /// <summary>Computes every hash and link again, and names the first event that is not as it was journaled.</summary>
    /// <param name="path">The database file.</param>
    /// <param name="progress">Told the sequence reached, every 10,000 events.</param>
    /// <param name="known">An end of this journal that was kept elsewhere: only against it a cut or wholly rewritten journal shows.</param>
    /// <param name="cancellation">Ends the verification.</param>
    /// <exception cref="JournalRefusedException">There is no journal, or one of a newer version.</exception>
    public static JournalVerification Verify(string path, Action<long>? progress = null, JournalHead? known = null, CancellationToken cancellation = default)
    {
        path = Path.GetFullPath(path);
        using var database = Database.OpenAlone(path);
        return Schema.Check(database, path) == 0
            ? throw new JournalRefusedException($"{path} is empty and no journal.")
            : new JournalVerifier(database, known).Verify(progress, cancellation);
    }

    JournalVerification Verify(Action<long>? progress, CancellationToken cancellation)
    {
        var wrong = All(progress, cancellation) ?? End();
        return new(events, new(Math.Max(sequence, 0), Convert.ToHexStringLower(link)), met, wrong);
    }

    WrongEvent? All(Action<long>? progress, CancellationToken cancellation)
    {
        for (var more = true; more;)
        {
            cancellation.ThrowIfCancellationRequested();
            var rows = database.Prepared($"""
                select e.seq, e.id, e.born, e.type, e.time, e.app, e.environment, c.id, e.body, e.hash, e.link
                from event e left join chain c on c.n = e.chain where e.seq > ? order by e.seq limit {Slice}
                """).Bind(events == 0 ? long.MinValue : sequence);
            try
            {
                more = false;
                while (rows.Next())
                {
                    more = true;
                    if (EpochsBefore(rows.Long(0)) is { } wrongEpoch)
                    {
                        return wrongEpoch;
                    }
                    if (Wrong(rows) is { } wrong)
                    {
                        return wrong;
                    }
                }
            }
            finally
            {
                rows.Reset();
            }
            if (more)
            {
                progress?.Invoke(sequence);
            }
        }
        return null;
    }

    WrongEvent? Wrong(Statement row)
    {
        var found = row.Long(0);
        var id = row.Span(1).Length == 16 ? EventId.FromBytes(row.Span(1)).ToString() : Convert.ToHexStringLower(row.Span(1));
        if (found != sequence + 1)
        {
            return new(sequence + 1, null, WrongPart.Gap, $"Event {sequence + 1} is missing; the next one that is there is {found}, {id}.");
        }
        var hash = HashChain.Hash(new HashedColumns
        {
            Id = row.Span(1),
            Born = row.Long(2),
            Type = row.Span(3),
            Time = row.Long(4),
            App = row.Span(5),
            Environment = row.Span(6),
            ChainIsBytes = row.IsBlob(7),
            Chain = row.Span(7),
            Body = row.Span(8),
        });
        if (!row.Span(9).SequenceEqual(hash))
        {
            return new(found, id, WrongPart.Hash, $"Event {found}, {id}, is not what was journaled: its content does not give its hash.");
        }
        var expected = HashChain.Link(link, hash);
        if (!row.Span(10).SequenceEqual(expected))
        {
            return new(found, id, WrongPart.Link, $"Event {found}, {id}, does not follow from the one before it: its link is another.");
        }
        events++;
        return Reach(found, expected, id);
    }

    WrongEvent? EpochsBefore(long next)
    {
        while (ahead.TryPeek(out var epoch) && epoch.Epoch.Sequence < next)
        {
            ahead.Dequeue();
            var (number, at, when, reason) = epoch.Epoch;
            var expected = HashChain.EpochLink(link, number, at, when.ToUnixTimeMilliseconds(), Encoding.UTF8.GetBytes(reason));
            if (number != met.Count + 1 || at <= sequence || !epoch.Link.AsSpan().SequenceEqual(expected))
            {
                return new(at, null, WrongPart.Epoch, $"Epoch {number}, after sequence {at}, does not follow from the event before it.");
            }
            met.Add(epoch.Epoch);
            if (Reach(at, expected, null) is { } wrong)
            {
                return wrong;
            }
        }
        return null;
    }

    WrongEvent? Reach(long reached, byte[] with, string? id)
    {
        sequence = reached;
        link = with;
        if (known?.Sequence != reached)
        {
            return null;
        }
        knownSeen = true;
        return Convert.ToHexStringLower(with) == known.Link ? null
            : new(reached, id, WrongPart.KnownHead, $"At sequence {reached} the journal is not the one whose end was kept: its link is another, so it was written anew before there.");
    }

    WrongEvent? End()
    {
        if (EpochsBefore(long.MaxValue) is { } wrong)
        {
            return wrong;
        }
        // The journal may have grown since its last slice, so both ends are read again, in one snapshot.
        database.Prepared("begin").Run();
        var head = HotState.Head(database).Sequence;
        var named = Math.Max(database.Number("select max(seq) from request"), Math.Max(database.Number("select max(seq) from work"), database.Number("select max(seq) from service")));
        database.Prepared("commit").Run();
        if (named > head)
        {
            return new(head + 1, null, WrongPart.Gap, $"Event {head + 1} and those up to {named} at least are missing: what is known from event {named} is there.");
        }
        return known is null || knownSeen ? null
            : new(sequence + 1, null, WrongPart.KnownHead, $"The journal ends at sequence {sequence}; the end that was kept is {known.Sequence}, so its last events are missing.");
    }
}
