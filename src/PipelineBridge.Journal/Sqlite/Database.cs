using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace PipelineBridge.Journal.Sqlite;

/// <summary>One connection to the journal's file, with the settings that its promises rest on and its prepared statements.</summary>
sealed class Database : IDisposable
{
    const int BusyTimeoutMilliseconds = 2000;
    const int WriterCacheKibibytes = 65536;
    const int ReaderCacheKibibytes = 8192;
    const int SynchronousFull = 2;
    const int ReadOnly = 8;
    const int CannotOpen = 14;

    readonly SqliteConnection connection;
    readonly Dictionary<string, Statement> statements = [];

    Database(SqliteConnection connection) => this.connection = connection;

    /// <summary>The writer's connection. An empty file gets its page size, and every file its write-ahead log.</summary>
    public static Database OpenWriter(string path) => Open(path, SqliteOpenMode.ReadWriteCreate, database =>
    {
        database.Execute("pragma page_size=8192");
        var mode = database.Text("pragma journal_mode=wal");
        if (mode != "wal")
        {
            throw new JournalRefusedException($"The journal {path} cannot have a write-ahead log (SQLite answers journal mode \"{mode}\"): its file system must support shared memory, so no network mount.");
        }
        // Measured: an interval of 250 pages has the lowest 99th percentile of an append, since a checkpoint runs inside one commit.
        database.Execute("pragma wal_autocheckpoint=250");
        database.Execute("pragma journal_size_limit=67108864");
        database.Execute($"pragma cache_size=-{WriterCacheKibibytes}");
    });

    /// <summary>A connection that only reads.</summary>
    public static Database OpenReader(string path) => Open(path, SqliteOpenMode.ReadOnly, static database =>
        database.Execute($"pragma cache_size=-{ReaderCacheKibibytes}"));

    /// <summary>
    /// A connection that only reads a file which perhaps nobody has open: also one on a medium that cannot be written,
    /// where SQLite cannot make the shared memory of its log. Without a log there is nothing in it to miss.
    /// </summary>
    public static Database OpenAlone(string path)
    {
        if (!File.Exists(path))
        {
            throw new JournalRefusedException($"There is no journal {path}.");
        }
        Database? database = null;
        try
        {
            database = OpenReader(path);
            database.Number("select count(*) from sqlite_schema");
            return database;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is CannotOpen or ReadOnly && new FileInfo(path + "-wal") is not { Exists: true, Length: > 0 })
        {
            database?.Dispose();
            return Open(new Uri(path).AbsoluteUri + "?immutable=1", SqliteOpenMode.ReadOnly, static _ => { });
        }
        catch
        {
            database?.Dispose();
            throw;
        }
    }

    static Database Open(string path, SqliteOpenMode mode, Action<Database> set)
    {
        var text = new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = BusyTimeoutMilliseconds / 1000 };
        var connection = new SqliteConnection(text.ToString());
        try
        {
            connection.Open();
            var database = new Database(connection);
            database.Execute($"pragma busy_timeout={BusyTimeoutMilliseconds}");
            set(database);
            database.Execute("pragma temp_store=memory");
            // FULL waits for the disk at every commit of the write-ahead log; NORMAL, SQLite's advice for one, does not.
            database.Execute("pragma synchronous=full");
            var synchronous = database.Number("pragma synchronous");
            return synchronous == SynchronousFull
                ? database
                : throw new JournalRefusedException($"The journal {path} would not wait for the disk: SQLite answers synchronous={synchronous}, it should be {SynchronousFull}.");
        }
        // SQLITE_NOTADB: a file of another kind.
        catch (SqliteException e) when (e.SqliteErrorCode == 26)
        {
            connection.Dispose();
            throw new JournalRefusedException($"{path} is no journal: it is no SQLite database.", e);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Whether a transaction is open.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(connection.Handle) == 0;

    /// <summary>The statement of a text, prepared once. The text is a constant: every text is kept.</summary>
    public Statement Prepared(string sql)
    {
        if (!statements.TryGetValue(sql, out var statement))
        {
            statement = new Statement(connection.Handle!, sql);
            statements.Add(sql, statement);
        }
        return statement;
    }

    /// <summary>A statement that its caller prepares for one use.</summary>
    public Statement Once(string sql) => new(connection.Handle!, sql);

    /// <summary>Runs one or more statements that answer nothing, once.</summary>
    public void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>The number that a statement answers, once.</summary>
    public long Number(string sql)
    {
        using var statement = Once(sql);
        return statement.Number() ?? 0;
    }

    string Text(string sql)
    {
        using var statement = Once(sql);
        return statement.One(static row => row.Text(0)) ?? "";
    }

    public void Dispose()
    {
        foreach (var statement in statements.Values)
        {
            statement.Dispose();
        }
        statements.Clear();
        connection.Dispose();
    }
}
