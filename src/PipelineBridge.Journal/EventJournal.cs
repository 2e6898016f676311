using Microsoft.Data.Sqlite;
using PipelineBridge.Journal.Sqlite;

namespace PipelineBridge.Journal;

/// <summary>
/// The journal: events in one order that is on disk before anybody is answered, chained by hash, and with them, in the
/// same transaction, what is known from them: requests, open work, services, states, keys, blobs, dead letters.
/// </summary>
public sealed class EventJournal : IAsyncDisposable
{
    readonly JournalLock held;
    readonly JournalWriter writer;
    readonly ReaderPool readers;

    EventJournal(JournalLock held, JournalWriter writer, ReaderPool readers)
    {
        this.held = held;
        this.writer = writer;
        this.readers = readers;
    }

    /// <summary>
    /// Opens the journal, makes it where there is none, takes an older one to this schema version. What a killed process
    /// left is recovered by SQLite: whole commits stay, the rest is gone.
    /// </summary>
    /// <exception cref="JournalRefusedException">Another process holds it, it is newer, it is none, or it cannot be written.</exception>
    public static EventJournal Open(JournalOptions options) => Open(options, Schema.Version, Schema.Migrations);

    internal static EventJournal Open(JournalOptions options, int version, IReadOnlyList<Migration> migrations)
    {
        var path = Path.GetFullPath(options.Path);
        var held = JournalLock.Take(path);
        Database? database = null;
        try
        {
            database = Database.OpenWriter(path);
            Schema.Prepare(database, path, options.Clock.GetUtcNow(), version, migrations);
            var writer = new JournalWriter(database, path, options);
            writer.Start();
            return new EventJournal(held, writer, new ReaderPool(path));
        }
        catch (Exception e)
        {
            database?.Dispose();
            held.Dispose();
            throw e is SqliteException ? new JournalRefusedException($"The journal {path} cannot be opened for writing: {e.Message}", e) : e;
        }
    }

    /// <summary>
    /// Begins a new epoch in a journal that nobody has open: for an older copy that was restored. Sequences are passed
    /// over, since those that the lost part had given stand in the marks of clusters, where a lower one counts as older.
    /// </summary>
    /// <param name="path">The database file.</param>
    /// <param name="reason">Why, for whoever verifies the journal later.</param>
    /// <param name="skip">How many sequences to pass over: more than the lost part can have had.</param>
    /// <param name="clock">Tells when.</param>
    public static JournalEpoch StartEpoch(string path, string reason, long skip = 1_000_000, TimeProvider? clock = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        ArgumentOutOfRangeException.ThrowIfNegative(skip);
        path = Path.GetFullPath(path);
        if (!File.Exists(path))
        {
            throw new JournalRefusedException($"There is no journal {path}.");
        }
        var now = (clock ?? TimeProvider.System).GetUtcNow();
        using var held = JournalLock.Take(path);
        using var database = Database.OpenWriter(path);
        Schema.Prepare(database, path, now, Schema.Version, Schema.Migrations);
        var (sequence, link) = HotState.Head(database);
        var last = Epochs.All(database)[^1].Epoch;
        return Epochs.Add(database, last.Number + 1, sequence + 1 + skip, link, now, reason);
    }

    /// <summary>Told after each commit, in order, on the writer's thread: it must be cheap and must not throw.</summary>
    public event Action<JournalCommit>? Committed
    {
        add => writer.Committed += value;
        remove => writer.Committed -= value;
    }

    /// <summary>Told when a subscriber of <see cref="Committed"/> threw, which those after it then did not hear.</summary>
    public event Action<Exception>? SubscriberFailed
    {
        add => writer.SubscriberFailed += value;
        remove => writer.SubscriberFailed -= value;
    }

    /// <summary>Whether what is born in the bridge is unsent until it is marked sent.</summary>
    public bool Published => writer.Published;

    /// <summary>Whether the last write succeeded; from a failed one until the next that succeeds it is false.</summary>
    public bool Writable => writer.WriteError is null;

    /// <summary>Why the last write failed; null while the journal is writable.</summary>
    public string? WriteError => writer.WriteError;

    /// <summary>The last committed sequence.</summary>
    public long Head => writer.CommittedHead.Sequence;

    /// <summary>The last committed sequence and the link of the chain there.</summary>
    public JournalHead HeadLink => writer.CommittedHead;

    /// <summary>How many changes wait for the writer.</summary>
    public long QueueLength => writer.QueueLength;

    /// <summary>
    /// Lets a change decide and write, and answers after the commit that has it on disk. The function runs on the
    /// writer's thread and must not wait for anything. Its own exception costs only its own writes and is given as it is.
    /// Cancellation ends the wait, never the write.
    /// </summary>
    /// <exception cref="JournalBusyException">Too many wait; nothing was written.</exception>
    /// <exception cref="JournalUnavailableException">The commit failed.</exception>
    public Task<T> Write<T>(Func<JournalTransaction, T> change, CancellationToken ct = default) => writer.Write(change, ct);

    /// <summary>Reads from one snapshot of the journal, on the caller's thread. It should be short: a long one lets the write-ahead log grow.</summary>
    public T Read<T>(Func<JournalReader, T> read) => readers.Read(read);

    /// <summary>Writes a mark, to see that the journal can be written; after a success it is <see cref="Writable"/>.</summary>
    public async Task Probe(CancellationToken ct = default) => await Write(static transaction =>
    {
        transaction.PutProbe();
        return true;
    }, ct);

    /// <summary>Takes no further change, commits those that wait, and lets go of the file.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.Run(writer.Stop);
        readers.Dispose();
        held.Dispose();
    }
}
