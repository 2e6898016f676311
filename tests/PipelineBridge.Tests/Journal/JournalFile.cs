using System.Text;
using Microsoft.Data.Sqlite;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Tests.Journal;

/// <summary>A journal in a directory of its own, gone with the test.</summary>
sealed class JournalFile : IDisposable
{
    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("journal-");

    public string Folder => directory.FullName;

    public string Path => System.IO.Path.Combine(directory.FullName, "journal.db");

    public EventJournal Open(int queueLimit = 4096, bool published = false) => EventJournal.Open(new JournalOptions { Path = Path, QueueLimit = queueLimit, Published = published });

    /// <summary>Looks into the file past the journal.</summary>
    public long Number(string sql) => (long)Sql(sql, command => command.ExecuteScalar())!;

    /// <summary>Changes the file past the journal, as a forger would.</summary>
    public void Tamper(string sql) => Sql<object?>(sql, command => command.ExecuteNonQuery());

    T Sql<T>(string sql, Func<SqliteCommand, T> run)
    {
        using var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return run(command);
    }

    public void Dispose() => directory.Delete(recursive: true);

    public const long Birth = 1_760_000_000_000;

    public static readonly EventId Chain = EventId.Derive(Birth, "chain");

    public static NewEvent Event(string name, string? chain = null, string type = "dev.cdevents.service.deployed.0.3.0", string app = "portal", params string[] references) => new(
        EventId.Derive(Birth, name),
        type,
        chain ?? Chain.ToString(),
        DateTimeOffset.FromUnixTimeMilliseconds(Birth + 5),
        app,
        "prod",
        true,
        Encoding.UTF8.GetBytes($$"""{"id":"{{name}}"}"""),
        references);
}
