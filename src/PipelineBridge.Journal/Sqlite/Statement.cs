using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using static SQLitePCL.raw;

namespace PipelineBridge.Journal.Sqlite;

/// <summary>
/// A prepared statement, bound in order and read by column. It goes to SQLite without the parameter objects of ADO.NET,
/// which cost the writer as much as SQLite itself does.
/// </summary>
sealed class Statement : IDisposable
{
    const int ShortText = 256;

    readonly sqlite3 handle;
    readonly sqlite3_stmt statement;
    int bound;

    public Statement(sqlite3 handle, string sql)
    {
        this.handle = handle;
        Check(sqlite3_prepare_v3(handle, sql, SQLITE_PREPARE_PERSISTENT, out statement));
    }

    public Statement Bind(long value)
    {
        Check(sqlite3_bind_int64(statement, ++bound, value));
        return this;
    }

    public Statement Bind(bool value) => Bind(value ? 1L : 0L);

    public Statement Bind(string? value)
    {
        if (value is null)
        {
            Check(sqlite3_bind_null(statement, ++bound));
            return this;
        }
        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        var bytes = most <= ShortText ? stackalloc byte[ShortText] : new byte[most];
        return BindText(bytes[..Encoding.UTF8.GetBytes(value, bytes)]);
    }

    public Statement Bind(ReadOnlySpan<byte> value)
    {
        // An empty span has no address, which SQLite would take for NULL.
        Check(value.IsEmpty ? sqlite3_bind_zeroblob(statement, ++bound, 0) : sqlite3_bind_blob(statement, ++bound, value));
        return this;
    }

    public Statement Bind(byte[]? value)
    {
        if (value is null)
        {
            Check(sqlite3_bind_null(statement, ++bound));
            return this;
        }
        return Bind(value.AsSpan());
    }

    public Statement Bind(StoredName value) => value.IsBytes ? Bind(value.Bytes.AsSpan()) : BindText(value.Bytes);

    Statement BindText(ReadOnlySpan<byte> utf8)
    {
        Check(utf8.IsEmpty ? sqlite3_bind_text(statement, ++bound, "") : sqlite3_bind_text(statement, ++bound, utf8));
        return this;
    }

    /// <summary>Goes to the next row; false when there is none, and the statement is ready to be bound again.</summary>
    public bool Next()
    {
        var code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
        {
            return true;
        }
        Reset();
        if (code != SQLITE_DONE)
        {
            Check(code);
        }
        return false;
    }

    /// <summary>Runs a statement that answers nothing, or nothing that matters.</summary>
    public void Run()
    {
        while (Next())
        {
        }
    }

    /// <summary>The first column of the first row as a number; null when there is none.</summary>
    public long? Number()
    {
        if (!Next())
        {
            return null;
        }
        long? value = IsNull(0) ? null : Long(0);
        Reset();
        return value;
    }

    /// <summary>What is made of the first row; null when there is none.</summary>
    public T? One<T>(Func<Statement, T> make) where T : class
    {
        try
        {
            return Next() ? make(this) : null;
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>What is made of all rows.</summary>
    public List<T> All<T>(Func<Statement, T> make)
    {
        var rows = new List<T>();
        try
        {
            while (Next())
            {
                rows.Add(make(this));
            }
        }
        finally
        {
            Reset();
        }
        return rows;
    }

    /// <summary>Lets go of the rows that were not read, and of the snapshot that they hold.</summary>
    public void Reset()
    {
        // The code that it answers is that of the step before, which was looked at there.
        _ = sqlite3_reset(statement);
        bound = 0;
    }

    public bool IsNull(int column) => sqlite3_column_type(statement, column) == SQLITE_NULL;

    public bool IsBlob(int column) => sqlite3_column_type(statement, column) == SQLITE_BLOB;

    public long Long(int column) => sqlite3_column_int64(statement, column);

    public int Int(int column) => sqlite3_column_int(statement, column);

    public bool Bool(int column) => sqlite3_column_int(statement, column) != 0;

    /// <summary>The bytes of a BLOB or TEXT column, good until the next step.</summary>
    public ReadOnlySpan<byte> Span(int column) => sqlite3_column_blob(statement, column);

    public byte[] Bytes(int column) => Span(column).ToArray();

    // By its bytes: a text may have a NUL in it.
    public string Text(int column) => Encoding.UTF8.GetString(Span(column));

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public void Dispose() => statement.Dispose();

    void Check(int code)
    {
        if (code != SQLITE_OK)
        {
            bound = 0;
            SqliteException.ThrowExceptionForRC(code, handle);
        }
    }
}
