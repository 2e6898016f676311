using System.Text;
using PipelineBridge.Events;

namespace PipelineBridge.Journal.Sqlite;

/// <summary>Writes changes into the transaction at hand, and gathers what the commit will have brought.</summary>
sealed class ChangeWriter(Database database, HotState hot, bool published)
{
    readonly HashSet<long> requests = [];
    readonly HashSet<string> queues = new(StringComparer.Ordinal);
    readonly long first = hot.Sequence + 1;

    /// <summary>Whether anything was written.</summary>
    public bool Wrote { get; private set; }

    /// <summary>Whether a blob was erased, so that its bytes must leave the write-ahead log too.</summary>
    public bool Erased { get; private set; }

    /// <summary>What was written so far.</summary>
    public JournalCommit Commit() => new(first, hot.Sequence, requests, queues);

    public void Write(Change change)
    {
        foreach (var (sequence, @event) in change.Events)
        {
            Write(sequence, @event);
        }
        foreach (var (key, state) in change.States)
        {
            Write(key, state);
        }
        foreach (var row in change.Requests.Values)
        {
            Write(row);
        }
        foreach (var row in change.Idempotency.Values)
        {
            Sql("insert into idempotency(key, body, seq, at) values(?, ?, ?, ?) on conflict do nothing")
                .Bind(row.Key).Bind(row.BodyHash).Bind(row.Sequence).Bind(row.AtMilliseconds).Run();
        }
        foreach (var (key, row) in change.Work)
        {
            Write(key.Sequence, key.Queue, row);
        }
        foreach (var (key, row) in change.Services)
        {
            Write(key.App, key.Environment, row);
        }
        foreach (var row in change.Blobs.Values)
        {
            Sql("insert into blob(digest, media, size, bytes) values(?, ?, ?, ?) on conflict do nothing")
                .Bind(StoredName.DigestBytes(row.Digest)).Bind(row.MediaType).Bind(row.SizeBytes).Bind(row.Bytes).Run();
        }
        foreach (var (digest, reason) in change.ErasedBlobs)
        {
            Erase(digest, reason);
        }
        foreach (var row in change.DeadLetters.Values)
        {
            Sql("insert into deadletter(id, seq, queue, reason, body, at, state) values(?, ?, ?, ?, ?, ?, ?) on conflict do update set state = excluded.state")
                .Bind(row.Id).Bind(row.Sequence).Bind(row.Queue).Bind(row.Reason).Bind(row.Body).Bind(row.AtMilliseconds).Bind((long)row.State).Run();
        }
        foreach (var (sequence, waitUntil) in change.Sendings)
        {
            Write(sequence, waitUntil);
        }
    }

    void Write(long sequence, NewEvent @event)
    {
        var id = @event.Id.ToBytes();
        var time = @event.Time.ToUnixTimeMilliseconds();
        var chain = StoredName.OfChain(@event.ChainId);
        var hash = HashChain.Hash(new HashedColumns
        {
            Id = id,
            Born = @event.Born ? 1 : 0,
            Type = Encoding.UTF8.GetBytes(@event.Type),
            Time = time,
            App = Encoding.UTF8.GetBytes(@event.App),
            Environment = Encoding.UTF8.GetBytes(@event.Environment),
            ChainIsBytes = chain.IsBytes,
            Chain = chain.Bytes,
            Body = @event.Body.Span,
        });
        var link = HashChain.Link(hot.Link, hash);
        var number = Chain(chain, sequence);
        Sql("insert into event(seq, id, hash, link, born, chain, type, time, app, environment, body) values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .Bind(sequence).Bind(id).Bind(hash).Bind(link).Bind(@event.Born).Bind(number).Bind(@event.Type).Bind(time)
            .Bind(@event.App).Bind(@event.Environment).Bind(@event.Body.Span).Run();
        foreach (var reference in @event.References)
        {
            Sql("insert into ref(value, chain) values(?, ?) on conflict do nothing").Bind(StoredName.OfReference(reference)).Bind(number).Run();
        }
        if (published && @event.Born && EventTypes.Find(@event.Type)?.Role != EventRole.Work)
        {
            Sql("insert into unsent(seq, attempts, due) values(?, 0, 0)").Bind(sequence).Run();
        }
        hot.Sequence = sequence;
        hot.Link = link;
    }

    void Write(long sequence, long? waitUntil)
    {
        if (waitUntil is { } due)
        {
            Sql("update unsent set attempts = attempts + 1, due = ? where seq = ?").Bind(due).Bind(sequence).Run();
        }
        else
        {
            Sql("delete from unsent where seq = ?").Bind(sequence).Run();
        }
    }

    /// <summary>The number of a chain: the sequence of its first event.</summary>
    long Chain(StoredName chain, long sequence)
    {
        if (hot.Chains.TryGet(chain.Text, out var number))
        {
            return number;
        }
        if (Sql("select n from chain where id = ?").Bind(chain).Number() is { } found)
        {
            number = found;
        }
        else
        {
            Sql("insert into chain(n, id) values(?, ?)").Bind(sequence).Bind(chain).Run();
            number = sequence;
        }
        hot.Chains.Put(chain.Text, number);
        return number;
    }

    void Write(string key, ChangedState state)
    {
        if (state.Body is null)
        {
            Sql("delete from state where key = ?").Bind(key).Run();
        }
        else
        {
            Sql("insert into state(key, body) values(?, ?) on conflict do update set body = excluded.body").Bind(key).Bind(state.Body).Run();
        }
        hot.States.Put(key, state.Value);
    }

    void Write(RequestRow row)
    {
        Sql("""
            insert into request(seq, id, kind, app, environment, state, revision, open, body) values(?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict do update set state = excluded.state, revision = excluded.revision, open = excluded.open, body = excluded.body
            """)
            .Bind(row.Sequence).Bind(row.Id.ToBytes()).Bind(row.Kind.ToString()).Bind(row.App).Bind(row.Environment)
            .Bind(row.State).Bind(row.Revision).Bind(row.Open).Bind(row.Body).Run();
        hot.Requests.Put(row.Sequence, row);
        requests.Add(row.Sequence);
    }

    void Write(long sequence, string queue, WorkRow? row)
    {
        if (row is null)
        {
            Sql("delete from work where queue = ? and seq = ?").Bind(queue).Bind(sequence).Run();
            return;
        }
        Sql("""
            insert into work(queue, seq, partition, state, due, attempts, error, deadline) values(?, ?, ?, ?, ?, ?, ?, ?)
            on conflict do update set partition = excluded.partition, state = excluded.state, due = excluded.due,
              attempts = excluded.attempts, error = excluded.error, deadline = excluded.deadline
            """)
            .Bind(queue).Bind(sequence).Bind(row.Partition).Bind((long)row.State).Bind(row.DueMilliseconds)
            .Bind(row.Attempts).Bind(row.Error).Bind(row.DeadlineMilliseconds).Run();
        if (row.State == WorkRowState.Ready)
        {
            queues.Add(queue);
        }
    }

    void Write(string app, string environment, ServiceRow? row)
    {
        if (row is null)
        {
            Sql("delete from service where app = ? and environment = ?").Bind(app).Bind(environment).Run();
            return;
        }
        Sql("""
            insert into service(app, environment, state, image, digest, seq, at, body) values(?, ?, ?, ?, ?, ?, ?, ?)
            on conflict do update set state = excluded.state, image = excluded.image, digest = excluded.digest,
              seq = excluded.seq, at = excluded.at, body = excluded.body
            """)
            .Bind(app).Bind(environment).Bind(row.State).Bind(row.Image).Bind(row.Digest).Bind(row.Sequence).Bind(row.AtMilliseconds).Bind(row.Body).Run();
    }

    void Erase(string digest, string reason)
    {
        // Freed pages keep their content in the file unless SQLite is told to write zeroes over it. The pragma acts when
        // it is prepared, so it is prepared anew each time.
        database.Execute("pragma secure_delete=on");
        Sql("update blob set bytes = null, erased = ? where digest = ?").Bind(reason).Bind(StoredName.DigestBytes(digest)).Run();
        database.Execute("pragma secure_delete=off");
        Erased = true;
    }

    Statement Sql(string sql)
    {
        Wrote = true;
        return database.Prepared(sql);
    }
}
