using System.Collections.Concurrent;

namespace PipelineBridge.Journal.Sqlite;

/// <summary>Connections that read. Each is used by one reading at a time and kept for the next.</summary>
sealed class ReaderPool(string path) : IDisposable
{
    const int MostIdle = 8;

    readonly ConcurrentBag<Database> idle = [];
    volatile bool disposed;

    public T Read<T>(Func<JournalReader, T> read)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (!idle.TryTake(out var database))
        {
            database = Database.OpenReader(path);
        }
        var good = false;
        try
        {
            database.Prepared("begin").Run();
            var answer = read(new JournalReader(database));
            database.Prepared("commit").Run();
            good = true;
            return answer;
        }
        finally
        {
            Return(database, good);
        }
    }

    void Return(Database database, bool good)
    {
        if (!good && database.InTransaction)
        {
            // The exception on its way says what was wrong; whether the connection is still good is not known.
            database.Dispose();
            return;
        }
        if (idle.Count >= MostIdle || disposed)
        {
            database.Dispose();
            return;
        }
        idle.Add(database);
    }

    public void Dispose()
    {
        disposed = true;
        while (idle.TryTake(out var database))
        {
            database.Dispose();
        }
    }
}
