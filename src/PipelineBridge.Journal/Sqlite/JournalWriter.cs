using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace PipelineBridge.Journal.Sqlite;

/// <summary>
/// The one writer, on its own thread: it takes the changes that wait, at most 256, lets each decide on what the ones
/// before it made, and commits them together.
/// </summary>
sealed class JournalWriter
{
    const int LargestCommit = 256;
    const int SqliteBusy = 5;
    const int SqliteFull = 13;

    readonly string path;
    readonly TimeProvider clock;
    readonly int queueLimit;
    readonly bool published;
    readonly Channel<WriteItem> queue;
    readonly Thread thread;
    readonly HotState hot = new();
    Database? database;
    volatile JournalHead head;
    volatile string? writeError;
    volatile bool stopping;

    public JournalWriter(Database database, string path, JournalOptions options)
    {
        this.database = database;
        this.path = path;
        clock = options.Clock;
        queueLimit = options.QueueLimit;
        published = options.Published;
        hot.Read(database);
        head = Head();
        // The writer's wait is answered on the thread of whoever brings the next change: no way over the thread pool.
        queue = Channel.CreateBounded<WriteItem>(new BoundedChannelOptions(queueLimit) { SingleReader = true, AllowSynchronousContinuations = true });
        thread = new Thread(Loop) { Name = "journal", IsBackground = true };
    }

    public event Action<JournalCommit>? Committed;

    public event Action<Exception>? SubscriberFailed;

    public JournalHead CommittedHead => head;

    public string? WriteError => writeError;

    public bool Published => published;

    public long QueueLength => queue.Reader.Count;

    public void Start() => thread.Start();

    public Task<T> Write<T>(Func<JournalTransaction, T> change, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellation);
        }
        var item = new WriteItem<T>(change);
        if (!queue.Writer.TryWrite(item))
        {
            return Task.FromException<T>(stopping
                ? new JournalUnavailableException("The journal is closed; nothing of this was written.")
                : new JournalBusyException(queueLimit));
        }
        return cancellation.CanBeCanceled ? item.Task.WaitAsync(cancellation) : item.Task;
    }

    /// <summary>Takes no further change, writes those that wait, and ends.</summary>
    public void Stop()
    {
        stopping = true;
        queue.Writer.TryComplete();
        thread.Join();
        database?.Dispose();
    }

    void Loop()
    {
        var batch = new List<WriteItem>(LargestCommit);
        while (queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            batch.Clear();
            while (batch.Count < LargestCommit && queue.Reader.TryRead(out var item))
            {
                batch.Add(item);
            }
            Commit(batch);
        }
    }

    void Commit(List<WriteItem> batch)
    {
        ChangeWriter writer;
        try
        {
            database ??= Reopen();
            writer = new ChangeWriter(database, hot, published);
            database.Prepared("begin immediate").Run();
            foreach (var item in batch)
            {
                if (item.Decide(new JournalTransaction(database, hot, clock.GetUtcNow())) is { } change)
                {
                    writer.Write(change);
                }
            }
            database.Prepared("commit").Run();
        }
        catch (Exception e)
        {
            writeError = e.Message;
            Recover(e);
            var answer = new JournalUnavailableException($"The journal could not commit: {e.Message} Whether this was kept is known once it can write again; the same key finds it.", e);
            foreach (var item in batch)
            {
                item.Unavailable(answer);
            }
            return;
        }
        head = Head();
        if (writer.Wrote)
        {
            writeError = null;
        }
        foreach (var item in batch)
        {
            item.Answer();
        }
        if (writer.Erased)
        {
            EmptyLog();
        }
        Tell(writer);
    }

    /// <summary>Takes the pages of before out of the write-ahead log; where a reader still holds them, the log's next turn does it.</summary>
    void EmptyLog()
    {
        try
        {
            database!.Prepared("pragma wal_checkpoint(truncate)").Run();
        }
        catch (SqliteException e)
        {
            // What was committed is on disk; whether the next commit works is that one's to say.
            writeError = e.Message;
        }
    }

    /// <summary>After a failed commit: the transaction is rolled back and all that was remembered of it forgotten.</summary>
    void Recover(Exception cause)
    {
        // Measured: after "full" and "busy" the same connection writes again. After anything else it may not.
        if (database is not null && cause is SqliteException { SqliteErrorCode: SqliteFull or SqliteBusy } && ReadAgain(database))
        {
            return;
        }
        // The next commit opens the file again, and says so when it cannot.
        database?.Dispose();
        database = null;
    }

    bool ReadAgain(Database after)
    {
        try
        {
            if (after.InTransaction)
            {
                after.Prepared("rollback").Run();
            }
            hot.Read(after);
            head = Head();
            return true;
        }
        catch (Exception e) when (e is SqliteException or JournalRefusedException)
        {
            return false;
        }
    }

    Database Reopen()
    {
        var opened = Database.OpenWriter(path);
        try
        {
            hot.Read(opened);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    void Tell(ChangeWriter writer)
    {
        if (!writer.Wrote || Committed is not { } told)
        {
            return;
        }
        try
        {
            told(writer.Commit());
        }
        catch (Exception e)
        {
            SubscriberFailed?.Invoke(e);
        }
    }

    JournalHead Head() => new(hot.Sequence, Convert.ToHexStringLower(hot.Link));
}
