using PipelineBridge.Journal.Sqlite;

namespace PipelineBridge.Journal;

/// <summary>An event that is still to be published.</summary>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="Event">The event.</param>
public sealed record UnsentEvent(int Attempts, StoredEvent Event);

/// <summary>An open work with the event that asks for it.</summary>
/// <param name="Row">How it stands.</param>
/// <param name="Event">The event.</param>
public sealed record OpenWorkEvent(WorkRow Row, StoredEvent Event);

/// <summary>How much is still to be published.</summary>
/// <param name="Count">How many events.</param>
/// <param name="OldestMilliseconds">When the oldest of them happened, in milliseconds since 1970; null when there is none.</param>
public sealed record UnsentCount(long Count, long? OldestMilliseconds);

public sealed partial class JournalReader
{
    /// <summary>
    /// What is still to be published and may be now, in order. An event that waits after a failure holds back those of its
    /// app and environment, and no others.
    /// </summary>
    public IReadOnlyList<UnsentEvent> Unsent(int most, long nowMilliseconds)
    {
        var held = Sql("select distinct e.app, e.environment from unsent u join event e on e.seq = u.seq where u.due > 0 and u.due > ?").Bind(nowMilliseconds)
            .All(static row => (row.Text(0), row.Text(1))).ToHashSet();
        var found = new List<UnsentEvent>();
        var rows = Sql($"select {RowReading.EventColumns}, u.attempts from unsent u join event e on e.seq = u.seq join chain c on c.n = e.chain order by u.seq");
        try
        {
            while (found.Count < most && rows.Next())
            {
                if (held.Count == 0 || !held.Contains((rows.Text(5), rows.Text(6))))
                {
                    found.Add(new(rows.Int(9), RowReading.Event(rows)));
                }
            }
        }
        finally
        {
            rows.Reset();
        }
        return found;
    }

    /// <summary>When the next event that waits after a failure may be sent, in milliseconds since 1970; null when none waits.</summary>
    public long? NextUnsentDue() => Sql("select min(due) from unsent where due > 0").Number();

    /// <summary>How much is still to be published.</summary>
    public UnsentCount CountUnsent() => new(
        Count("select count(*) from unsent"),
        Sql("select e.time from unsent u join event e on e.seq = u.seq order by u.seq limit 1").Number());

    /// <summary>
    /// The work of a queue that may be given now, oldest first, with its events. In a partitioned queue a partition in which
    /// something runs is passed over, and each other gives its oldest one that is due. Nothing is taken.
    /// </summary>
    public IReadOnlyList<OpenWorkEvent> GivableWork(string queue, bool partitioned, int most, long nowMilliseconds)
    {
        var busy = partitioned
            ? Sql("select partition from work where queue = ? and state = 1").Bind(queue).All(static row => row.Text(0)).ToHashSet(StringComparer.Ordinal)
            : null;
        var rows = Sql($"select {RowReading.WorkColumns} from work where queue = ? and state = 0 and due <= ? order by seq").Bind(queue).Bind(nowMilliseconds);
        var found = new List<WorkRow>();
        try
        {
            while (found.Count < most && rows.Next())
            {
                var row = RowReading.Work(rows);
                if (busy is null || busy.Add(row.Partition))
                {
                    found.Add(row);
                }
            }
        }
        finally
        {
            rows.Reset();
        }
        return [.. found.Select(row => new OpenWorkEvent(row, Event(row.Sequence)!))];
    }

    /// <summary>The given work of a queue whose time has passed without an outcome, longest overdue first.</summary>
    public IReadOnlyList<WorkRow> OverdueWork(string queue, long nowMilliseconds, int most) =>
        Sql($"select {RowReading.WorkColumns} from work where queue = ? and state = 1 and due <= ? order by due, seq limit ?")
            .Bind(queue).Bind(nowMilliseconds).Bind(most).All(RowReading.Work);
}
