using PipelineBridge.Journal.Sqlite;

namespace PipelineBridge.Journal;

public sealed partial class JournalTransaction
{
    /// <summary>Opens a work. There must be none open of its sequence in its queue.</summary>
    public void OpenWork(WorkRow row)
    {
        MustBeJournaled(row.Sequence);
        if (Work(row.Sequence, row.Queue) is not null)
        {
            throw new InvalidOperationException($"The work of sequence {row.Sequence} is open in queue {row.Queue} already.");
        }
        Keep(row);
    }

    /// <summary>An open work; null when there is none of that sequence in that queue.</summary>
    public WorkRow? Work(long sequence, string queue)
    {
        if (change.Work.TryGetValue((sequence, queue), out var own))
        {
            return own;
        }
        // What was appended in this change cannot have work before it.
        return sequence > hot.Sequence ? null
            : Sql($"select {RowReading.WorkColumns} from work where queue = ? and seq = ?").Bind(queue).Bind(sequence).One(RowReading.Work);
    }

    /// <summary>Puts how an open work stands. It must be open: a closed one is not opened again by what comes late.</summary>
    public void PutWork(WorkRow row)
    {
        if (Work(row.Sequence, row.Queue) is null)
        {
            throw new InvalidOperationException($"The work of sequence {row.Sequence} is not open in queue {row.Queue}.");
        }
        Keep(row);
    }

    /// <summary>Closes a work: its outcome is journaled. Closing it again changes nothing.</summary>
    public void CloseWork(long sequence, string queue)
    {
        StillOpen();
        change.Work[(sequence, queue)] = null;
    }

    /// <summary>
    /// Takes what is ready and due of a queue, oldest first: it is running from now, with an attempt more. In a
    /// partitioned queue a partition in which something runs is passed over, and each other gives its oldest one; one
    /// that is not due yet does not hold up those behind it.
    /// </summary>
    public IReadOnlyList<WorkRow> TakeWork(string queue, bool partitioned, int most, DateTimeOffset now)
    {
        StillOpen();
        var taken = new List<WorkRow>();
        if (most <= 0)
        {
            return taken;
        }
        var due = now.ToUnixTimeMilliseconds();
        var busy = partitioned ? RunningPartitions(queue) : null;
        foreach (var row in ReadyWork(queue, due))
        {
            if (busy is null || busy.Add(row.Partition))
            {
                taken.Add(row with { State = WorkRowState.Running, Attempts = row.Attempts + 1 });
                if (taken.Count == most)
                {
                    break;
                }
            }
        }
        foreach (var row in taken)
        {
            Keep(row);
        }
        return taken;
    }

    /// <summary>What is ready and due of a queue, longest due first. Nothing is taken.</summary>
    public IReadOnlyList<WorkRow> DueWork(string queue, DateTimeOffset now, int most)
    {
        var due = now.ToUnixTimeMilliseconds();
        var changed = change.Work.Where(own => own.Key.Queue == queue).ToDictionary(own => own.Key.Sequence, own => own.Value);
        var rows = Sql($"select {RowReading.WorkColumns} from work where queue = ? and due <= ? and state = 0 order by due, seq limit ?")
            .Bind(queue).Bind(due).Bind(most + changed.Count).All(RowReading.Work);
        return
        [
            .. rows.Where(row => !changed.ContainsKey(row.Sequence)).Concat(changed.Values.Where(row => IsReady(row, due)).Select(row => row!))
                .OrderBy(row => row.DueMilliseconds).ThenBy(row => row.Sequence).Take(most),
        ];
    }

    /// <summary>
    /// Makes what runs ready again and due now, attempts kept: for the start, when nobody can be doing it any more, and for
    /// queues that were lost.
    /// </summary>
    /// <param name="queues">The queues; null: all.</param>
    /// <returns>How many there were.</returns>
    public int ResetRunning(IReadOnlySet<string>? queues = null)
    {
        var running = Sql($"select {RowReading.WorkColumns} from work indexed by work_running where state = 1").All(RowReading.Work)
            .Where(row => !change.Work.ContainsKey((row.Sequence, row.Queue)))
            .Concat(change.Work.Values.Where(row => row is { State: WorkRowState.Running }).Select(row => row!))
            .Where(row => queues is null || queues.Contains(row.Queue))
            .ToList();
        foreach (var row in running)
        {
            Keep(row with { State = WorkRowState.Ready, DueMilliseconds = Math.Min(row.DueMilliseconds, Now.ToUnixTimeMilliseconds()) });
        }
        return running.Count;
    }

    void Keep(WorkRow row)
    {
        StillOpen();
        ArgumentNullException.ThrowIfNull(row.Queue);
        ArgumentNullException.ThrowIfNull(row.Partition);
        change.Work[(row.Sequence, row.Queue)] = row;
    }

    HashSet<string> RunningPartitions(string queue)
    {
        var partitions = Sql("select seq, partition from work where queue = ? and state = 1").Bind(queue)
            .All(static row => (Sequence: row.Long(0), Partition: row.Text(1)))
            .Where(row => !change.Work.ContainsKey((row.Sequence, queue)))
            .Select(row => row.Partition)
            .ToHashSet(StringComparer.Ordinal);
        partitions.UnionWith(change.Work.Values.Where(row => row is { State: WorkRowState.Running } && row.Queue == queue).Select(row => row!.Partition));
        return partitions;
    }

    /// <summary>What is ready and due of a queue in the order of sequence: the table's rows, with those of this change in place of their old ones.</summary>
    IEnumerable<WorkRow> ReadyWork(string queue, long due)
    {
        var own = change.Work.Where(w => w.Key.Queue == queue && IsReady(w.Value, due)).Select(w => w.Value!).OrderBy(row => row.Sequence).ToList();
        var next = 0;
        var statement = Sql($"select {RowReading.WorkColumns} from work where queue = ? and state = 0 and due <= ? order by seq").Bind(queue).Bind(due);
        try
        {
            while (statement.Next())
            {
                var row = RowReading.Work(statement);
                if (change.Work.ContainsKey((row.Sequence, queue)))
                {
                    continue;
                }
                while (next < own.Count && own[next].Sequence < row.Sequence)
                {
                    yield return own[next++];
                }
                yield return row;
            }
        }
        finally
        {
            statement.Reset();
        }
        while (next < own.Count)
        {
            yield return own[next++];
        }
    }

    static bool IsReady(WorkRow? row, long due) => row is { State: WorkRowState.Ready } && row.DueMilliseconds <= due;
}
