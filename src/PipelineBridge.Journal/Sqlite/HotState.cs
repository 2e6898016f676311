namespace PipelineBridge.Journal.Sqlite;

/// <summary>
/// What the writer remembers of the database between changes. It is true for the transaction at hand, so a transaction
/// that fails makes it void.
/// </summary>
sealed class HotState
{
    const int Remembered = 8192;

    public long Sequence { get; set; }

    public byte[] Link { get; set; } = [];

    public long LastDeadLetter { get; private set; }

    /// <summary>Deserialized states by key; null where there is known to be none.</summary>
    public RecentlyUsed<string, object?> States { get; } = new(Remembered);

    /// <summary>Request rows by sequence.</summary>
    public RecentlyUsed<long, RequestRow> Requests { get; } = new(Remembered);

    /// <summary>Numbers of chains by their ids.</summary>
    public RecentlyUsed<string, long> Chains { get; } = new(Remembered);

    public long NextDeadLetter() => ++LastDeadLetter;

    /// <summary>Forgets everything, and reads from the database where the journal ends.</summary>
    public void Read(Database database)
    {
        States.Clear();
        Requests.Clear();
        Chains.Clear();
        (Sequence, Link) = Head(database);
        LastDeadLetter = database.Number("select max(id) from deadletter");
    }

    /// <summary>The end of the journal: its last event, or the epoch that began after it.</summary>
    public static (long Sequence, byte[] Link) Head(Database database)
    {
        var last = database.Prepared("select seq, link from event order by seq desc limit 1").All(static row => (row.Long(0), row.Bytes(1)));
        var epoch = database.Prepared("select seq, link from epoch order by n desc limit 1").All(static row => (row.Long(0), row.Bytes(1)));
        if (epoch.Count == 0)
        {
            throw new JournalRefusedException("The journal has no epoch: somebody removed it.");
        }
        return last.Count == 0 || epoch[0].Item1 > last[0].Item1 ? epoch[0] : last[0];
    }
}
