using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using PipelineBridge.Events;
using PipelineBridge.Journal.Sqlite;

namespace PipelineBridge.Journal;

/// <summary>Reads one snapshot of the journal, good until the function it was given to returns.</summary>
public sealed partial class JournalReader
{
    /// <summary>How many rows one answer of <see cref="EventsAfter"/> looks at: a filter that nothing passes would read the whole journal.</summary>
    public const int MostScanned = 5000;

    const string Events = "from event e join chain c on c.n = e.chain";

    readonly Database database;

    internal JournalReader(Database database) => this.database = database;

    /// <summary>The event of an id; null when there is none.</summary>
    public StoredEvent? Event(EventId id) =>
        Sql($"select {RowReading.EventColumns} {Events} where e.id = ?").Bind(id.ToBytes()).One(RowReading.Event);

    /// <summary>The event of a sequence; null when there is none.</summary>
    public StoredEvent? Event(long sequence) =>
        Sql($"select {RowReading.EventColumns} {Events} where e.seq = ?").Bind(sequence).One(RowReading.Event);

    /// <summary>
    /// Events after a sequence in their order. Whether or not it found any, the answer says how far it looked: at most
    /// 5,000 rows; whoever wants more asks again from there, until it does not move.
    /// </summary>
    /// <param name="after">The sequence after which to begin; 0 from the start.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="type">The type, or the beginning of one.</param>
    /// <param name="app">The app.</param>
    public EventPage EventsAfter(long after, int limit, string? type = null, string? app = null)
    {
        var found = new List<StoredEvent>();
        var reached = after;
        if (limit <= 0)
        {
            return new(found, reached);
        }
        var rows = Sql($"select {RowReading.EventColumns} {Events} where e.seq > ? order by e.seq limit {MostScanned}").Bind(after);
        try
        {
            while (found.Count < limit && rows.Next())
            {
                reached = rows.Long(0);
                // The body of a row that does not match is not read.
                if ((type is null || rows.Text(2).StartsWith(type, StringComparison.Ordinal)) && (app is null || rows.Text(5) == app))
                {
                    found.Add(RowReading.Event(rows));
                }
            }
        }
        finally
        {
            rows.Reset();
        }
        return new(found, reached);
    }

    /// <summary>The events of a chain in their order, after a sequence.</summary>
    public IReadOnlyList<StoredEvent> Chain(string chainId, int limit, long after = 0)
    {
        if (string.IsNullOrEmpty(chainId)
            || Sql("select n from chain where id = ?").Bind(StoredName.OfChain(chainId)).Number() is not { } number)
        {
            return [];
        }
        return Sql($"select {RowReading.EventColumns} {Events} where e.chain = ? and e.seq > ? order by e.seq limit ?")
            .Bind(number).Bind(after).Bind(limit).All(RowReading.Event);
    }

    /// <summary>The chains that refer to a commit or a digest, newest first.</summary>
    public IReadOnlyList<string> ChainsByReference(string value, int limit) => string.IsNullOrEmpty(value) ? [] :
        Sql("select c.id from ref r join chain c on c.n = r.chain where r.value = ? order by r.chain desc limit ?")
            .Bind(StoredName.OfReference(value)).Bind(limit).All(static row => StoredName.ChainText(row.IsBlob(0), row.Span(0)));

    /// <summary>The chain of an event; null when there is none of that sequence.</summary>
    public string? ChainOf(long sequence) =>
        Sql($"select c.id {Events} where e.seq = ?").Bind(sequence).One(static row => StoredName.ChainText(row.IsBlob(0), row.Span(0)));

    /// <summary>The state under a key; null when there is none.</summary>
    public T? State<T>(string key, JsonTypeInfo<T> type) where T : class =>
        Sql("select body from state where key = ?").Bind(key).One(static row => row.Bytes(0)) is { } body ? JsonSerializer.Deserialize(body, type) : null;

    /// <summary>The write that was accepted under a key; null when there is none.</summary>
    public IdempotencyRow? Idempotency(byte[] key) =>
        Sql($"select {RowReading.IdempotencyColumns} from idempotency where key = ?").Bind(key).One(RowReading.Idempotency);

    /// <summary>The blob of a digest, also an erased one; null when there never was one.</summary>
    public BlobRow? Blob(string digest) =>
        Sql($"select {RowReading.BlobColumns} from blob where digest = ?").Bind(StoredName.DigestBytes(digest)).One(RowReading.Blob);

    /// <summary>The epochs, oldest first.</summary>
    public IReadOnlyList<JournalEpoch> Epochs() => [.. Sqlite.Epochs.All(database).Select(epoch => epoch.Epoch)];

    Statement Sql(string sql) => database.Prepared(sql);
}
