using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using PipelineBridge.Events;
using PipelineBridge.Journal.Sqlite;

namespace PipelineBridge.Journal;

/// <summary>
/// What a change sees and writes, good until its function returns. Reads see all changes before it, also those of the
/// same commit, and its own writes; writes are done after the function has returned.
/// </summary>
public sealed partial class JournalTransaction
{
    readonly Database database;
    readonly HotState hot;
    readonly Change change = new();
    bool ended;

    internal JournalTransaction(Database database, HotState hot, DateTimeOffset now)
    {
        this.database = database;
        this.hot = hot;
        Now = now;
    }

    /// <summary>The time of this change.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>The sequence that the next new event gets.</summary>
    public long NextSequence => hot.Sequence + change.Events.Count + 1;

    internal Change End()
    {
        ended = true;
        return change;
    }

    /// <summary>The sequence of the event of that id; null when there is none.</summary>
    public long? Find(EventId id) =>
        change.Sequences.TryGetValue(id, out var sequence) ? sequence : Sql("select seq from event where id = ?").Bind(id.ToBytes()).Number();

    /// <summary>Journals an event, unless there is one of its id: then that one stays, and its sequence is told.</summary>
    public Appended Append(NewEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        ArgumentException.ThrowIfNullOrEmpty(e.Type);
        ArgumentException.ThrowIfNullOrEmpty(e.ChainId);
        ArgumentNullException.ThrowIfNull(e.App);
        ArgumentNullException.ThrowIfNull(e.Environment);
        foreach (var reference in e.References)
        {
            ArgumentException.ThrowIfNullOrEmpty(reference);
        }
        if (Find(e.Id) is { } found)
        {
            return new(found, false);
        }
        var sequence = NextSequence;
        change.Events.Add((sequence, e));
        change.Sequences.Add(e.Id, sequence);
        return new(sequence, true);
    }

    /// <summary>The body of an event; null when there is none of that sequence.</summary>
    public byte[]? Body(long sequence)
    {
        foreach (var (own, e) in change.Events)
        {
            if (own == sequence)
            {
                return e.Body.ToArray();
            }
        }
        return Sql("select body from event where seq = ?").Bind(sequence).One(static row => row.Bytes(0));
    }

    /// <summary>
    /// The state under a key; null when there is none. The same object is handed out again and again: it must be immutable.
    /// </summary>
    public T? State<T>(string key, JsonTypeInfo<T> type) where T : class
    {
        if (change.States.TryGetValue(key, out var changed))
        {
            return (T?)changed.Value;
        }
        if (hot.States.TryGet(key, out var known))
        {
            return (T?)known;
        }
        var body = Sql("select body from state where key = ?").Bind(key).One(static row => row.Bytes(0));
        var value = body is null ? null : JsonSerializer.Deserialize(body, type);
        hot.States.Put(key, value);
        return value;
    }

    /// <summary>Puts a state under a key; null removes it.</summary>
    public void PutState<T>(string key, T? value, JsonTypeInfo<T> type) where T : class
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        StillOpen();
        change.States[key] = new(value, value is null ? null : () => JsonSerializer.SerializeToUtf8Bytes(value, type));
    }

    /// <summary>The request whose asking event has that sequence; null when there is none.</summary>
    public RequestRow? Request(long sequence)
    {
        if (change.Requests.TryGetValue(sequence, out var changed))
        {
            return changed;
        }
        if (hot.Requests.TryGet(sequence, out var known))
        {
            return known;
        }
        // What was appended in this change cannot have a row before it.
        var row = sequence > hot.Sequence ? null
            : Sql($"select {RowReading.RequestColumns} from request where seq = ?").Bind(sequence).One(RowReading.Request);
        if (row is not null)
        {
            hot.Requests.Put(sequence, row);
        }
        return row;
    }

    /// <summary>Puts where a request stands. Its revision must be higher than before.</summary>
    public void PutRequest(RequestRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        ArgumentNullException.ThrowIfNull(row.Body);
        StillOpen();
        MustBeJournaled(row.Sequence);
        if (Request(row.Sequence) is { } before && before.Revision >= row.Revision)
        {
            throw new InvalidOperationException($"The request of sequence {row.Sequence} has revision {before.Revision}; {row.Revision} is no later one.");
        }
        change.Requests[row.Sequence] = row;
    }

    /// <summary>The write that was accepted under a key; null when there is none.</summary>
    public IdempotencyRow? Idempotency(byte[] key) =>
        change.Idempotency.TryGetValue(Convert.ToHexString(key), out var own) ? own
            : Sql($"select {RowReading.IdempotencyColumns} from idempotency where key = ?").Bind(key).One(RowReading.Idempotency);

    /// <summary>Keeps a key and what was accepted under it. The first one under a key stays.</summary>
    public void PutIdempotency(IdempotencyRow row)
    {
        ArgumentNullException.ThrowIfNull(row.BodyHash);
        StillOpen();
        change.Idempotency.TryAdd(Convert.ToHexString(row.Key), row);
    }

    /// <summary>What runs of an app in an environment; null when nothing is known to.</summary>
    public ServiceRow? Service(string app, string environment) =>
        change.Services.TryGetValue((app, environment), out var own) ? own
            : Sql($"select {RowReading.ServiceColumns} from service where app = ? and environment = ?").Bind(app).Bind(environment).One(RowReading.Service);

    /// <summary>Puts what runs of an app in an environment.</summary>
    public void PutService(ServiceRow row)
    {
        ArgumentNullException.ThrowIfNull(row.Body);
        ArgumentNullException.ThrowIfNull(row.State);
        StillOpen();
        change.Services[(row.App, row.Environment)] = row;
    }

    /// <summary>Says that an app does not run in an environment any more.</summary>
    public void RemoveService(string app, string environment)
    {
        StillOpen();
        change.Services[(app, environment)] = null;
    }

    /// <summary>The blob of a digest, also an erased one; null when there never was one.</summary>
    public BlobRow? Blob(string digest)
    {
        var row = change.Blobs.TryGetValue(digest, out var own) ? own
            : Sql($"select {RowReading.BlobColumns} from blob where digest = ?").Bind(StoredName.DigestBytes(digest)).One(RowReading.Blob);
        return row is not null && change.ErasedBlobs.TryGetValue(digest, out var reason)
            ? new(row.Digest, row.MediaType, null, row.SizeBytes, reason)
            : row;
    }

    /// <summary>Keeps a blob. One of its digest that is there already stays as it is; an erased one stays erased.</summary>
    public void PutBlob(BlobRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        StillOpen();
        change.Blobs.TryAdd(row.Digest, row);
    }

    /// <summary>Erases the bytes of a blob; that it was there, its size and the reason stay.</summary>
    public void EraseBlob(string digest, string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        StillOpen();
        _ = StoredName.DigestBytes(digest);
        change.ErasedBlobs[digest] = reason;
    }

    /// <summary>A dead letter; null when there is none of that number.</summary>
    public DeadLetterRow? DeadLetter(long id) =>
        change.DeadLetters.TryGetValue(id, out var own) ? own
            : Sql($"select {RowReading.DeadLetterColumns} from deadletter where id = ?").Bind(id).One(RowReading.DeadLetter);

    /// <summary>Keeps a new dead letter (number 0) under the next number, or what was decided about an old one.</summary>
    /// <returns>The row with its number.</returns>
    public DeadLetterRow PutDeadLetter(DeadLetterRow row)
    {
        ArgumentNullException.ThrowIfNull(row.Queue);
        ArgumentNullException.ThrowIfNull(row.Reason);
        ArgumentNullException.ThrowIfNull(row.Body);
        StillOpen();
        if (row.Id == 0)
        {
            row = row with { Id = hot.NextDeadLetter() };
        }
        change.DeadLetters[row.Id] = row;
        return row;
    }

    /// <summary>Writes the time under a key of its own, which no state of the bridge's has.</summary>
    internal void PutProbe() => change.States["\0probe"] = new(null, () => BitConverter.GetBytes(Now.ToUnixTimeMilliseconds()));

    Statement Sql(string sql)
    {
        StillOpen();
        return database.Prepared(sql);
    }

    void MustBeJournaled(long sequence)
    {
        if (sequence <= 0 || sequence >= NextSequence)
        {
            throw new ArgumentOutOfRangeException(nameof(sequence), sequence, $"There is no event of sequence {sequence}; append it first.");
        }
    }

    void StillOpen()
    {
        if (ended)
        {
            throw new InvalidOperationException("The change is over: its function has returned. A transaction must not be kept, nor used by another thread.");
        }
    }
}
