using System.Text;

namespace PipelineBridge.Journal.Sqlite;

/// <summary>The epochs of a journal in its database: each is a link of the chain, at a sequence of its own.</summary>
static class Epochs
{
    public static JournalEpoch Add(Database database, long number, long sequence, ReadOnlySpan<byte> previousLink, DateTimeOffset now, string reason)
    {
        var at = now.ToUnixTimeMilliseconds();
        var link = HashChain.EpochLink(previousLink, number, sequence, at, Encoding.UTF8.GetBytes(reason));
        database.Prepared("insert into epoch(n, seq, link, at, reason) values(?, ?, ?, ?, ?)")
            .Bind(number).Bind(sequence).Bind(link).Bind(at).Bind(reason).Run();
        return new(number, sequence, DateTimeOffset.FromUnixTimeMilliseconds(at), reason);
    }

    public static List<(JournalEpoch Epoch, byte[] Link)> All(Database database) =>
        database.Prepared("select n, seq, at, reason, link from epoch order by n")
            .All(static row => (new JournalEpoch(row.Long(0), row.Long(1), DateTimeOffset.FromUnixTimeMilliseconds(row.Long(2)), row.Text(3)), row.Bytes(4)));
}
