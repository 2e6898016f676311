using Microsoft.Data.Sqlite;
using PipelineBridge.Journal;

namespace PipelineBridge.Tests.Journal;

public sealed class FailedCommitTests : IDisposable
{
    readonly JournalFile file = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => file.Dispose();

    static RequestRow Request(long revision) => new(1, JournalFile.Event("ask").Id, 'd', "portal", "prod", "accepted", revision, true, []);

    [Theory]
    [InlineData("abort")]
    [InlineData("rollback")]
    public async Task A_failed_commit_fails_all_of_it_and_leaves_nothing_on_disk_or_in_memory(string way)
    {
        await using var journal = file.Open();
        await journal.Write(t =>
        {
            t.Append(JournalFile.Event("ask"));
            t.PutRequest(Request(1));
            t.PutState("lane", new Lane(1), LaneJson.Default.Lane);
            return 0;
        }, Cancellation);
        // A database that refuses a row stands for every error that the disk can bring in the middle of a commit.
        file.Tamper($"create trigger bad before insert on event when new.app = 'bad' begin select raise({way}, 'bad sector'); end");
        var before = journal.HeadLink;

        Task[] batch;
        using (var writer = new HeldWriter(journal))
        {
            batch =
            [
                journal.Write(t =>
                {
                    t.Append(JournalFile.Event("first", chain: "other"));
                    t.PutRequest(Request(2));
                    t.PutState("lane", new Lane(2), LaneJson.Default.Lane);
                    return 0;
                }, Cancellation),
                journal.Write<int>(_ => throw new InvalidDataException("refused on what is not kept"), Cancellation),
                journal.Write(t => t.Append(JournalFile.Event("bad", app: "bad")), Cancellation),
                journal.Write(t => t.Append(JournalFile.Event("last")), Cancellation),
            ];
            writer.Release();
            foreach (var waiting in batch)
            {
                await waiting.Awaiting(t => t).Should().ThrowAsync<JournalUnavailableException>().WithMessage("*bad sector*");
            }
        }
        journal.Writable.Should().BeFalse();
        journal.WriteError.Should().Contain("bad sector");
        journal.HeadLink.Should().Be(before);

        var after = await journal.Write(t => (t.State("lane", LaneJson.Default.Lane)!.Newest, t.Request(1)!.Revision, t.Find(JournalFile.Event("first").Id), t.NextSequence), Cancellation);
        after.Should().Be((1, 1L, null, 2L));
        journal.Writable.Should().BeFalse("nothing was written yet");
        await journal.Probe(Cancellation);
        journal.Writable.Should().BeTrue();
        // The chain of the failed commit was remembered with a number that no event has.
        await journal.Write(t => t.Append(JournalFile.Event("second", chain: "other")), Cancellation);
        journal.Read(r => r.Chain("other", 10)).Should().ContainSingle().Which.Sequence.Should().Be(2);
        JournalVerifier.Verify(file.Path, cancellation: Cancellation).Wrong.Should().BeNull();
    }

    [Fact]
    public async Task A_writer_from_outside_makes_it_unavailable_for_as_long_as_it_holds_the_file()
    {
        await using var journal = file.Open();
        using (var outside = new SqliteConnection($"Data Source={file.Path};Pooling=False"))
        {
            outside.Open();
            await using var held = outside.BeginTransaction(deferred: false);
            await journal.Awaiting(j => j.Write(t => t.Append(JournalFile.Event("a")), Cancellation)).Should().ThrowAsync<JournalUnavailableException>().WithMessage("*locked*");
            await journal.Awaiting(j => j.Probe(Cancellation)).Should().ThrowAsync<JournalUnavailableException>();
        }
        (await journal.Write(t => t.Append(JournalFile.Event("a")), Cancellation)).Should().Be(new Appended(1, true));
        journal.Writable.Should().BeTrue();
    }
}
