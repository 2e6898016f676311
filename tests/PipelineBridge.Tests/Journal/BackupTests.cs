using PipelineBridge.Journal;

namespace PipelineBridge.Tests.Journal;

public sealed class BackupTests : IDisposable
{
    readonly JournalFile file = new();
    readonly JournalFile copy = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        file.Dispose();
        copy.Dispose();
    }

    [Fact]
    public async Task A_backup_made_while_writing_is_one_whole_state_that_opens_as_a_journal()
    {
        await using var journal = file.Open();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var load = Task.Run(async () =>
        {
            var written = 0;
            for (; !stop.IsCancellationRequested; written++)
            {
                await journal.Write(t =>
                {
                    var e = JournalFile.Event("e" + written);
                    var sequence = t.Append(e).Sequence;
                    t.PutRequest(new RequestRow(sequence, e.Id, 'd', "portal", "prod", "accepted", 1, true, new byte[500]));
                    return sequence;
                }, Cancellation);
            }
            return written;
        }, Cancellation);
        await Until(() => journal.Head > 200);
        var before = journal.Head;
        var head = JournalBackup.To(file.Path, copy.Path);
        await Until(() => journal.Head > head.Sequence);
        await stop.CancelAsync();
        var all = await load;

        head.Sequence.Should().BeInRange(before, all);
        JournalVerifier.Verify(copy.Path, known: head, cancellation: Cancellation).Wrong.Should().BeNull();
        copy.Number("select count(*) from request").Should().Be(head.Sequence);
        await using var restored = copy.Open();
        restored.HeadLink.Should().Be(head);
        (await restored.Write(t => t.Append(JournalFile.Event("in the copy")), Cancellation)).Sequence.Should().Be(head.Sequence + 1);
    }

    [Fact]
    public async Task A_backup_overwrites_nothing()
    {
        await using var journal = file.Open();
        File.WriteAllText(copy.Path, "mine");
        copy.Invoking(c => JournalBackup.To(file.Path, c.Path)).Should().Throw<JournalRefusedException>().WithMessage("*is there already*");
        File.ReadAllText(copy.Path).Should().Be("mine");
        copy.Invoking(c => JournalBackup.To(file.Path + "x", c.Path + "y")).Should().Throw<JournalRefusedException>().WithMessage("There is no journal*");
    }

    static async Task Until(Func<bool> condition)
    {
        for (var i = 0; i < 3000 && !condition(); i++)
        {
            await Task.Delay(10, Cancellation);
        }
        condition().Should().BeTrue();
    }
}
