using PipelineBridge.Journal;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Journal;

public sealed class GroupCommitTests : IDisposable
{
    readonly JournalFile file = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => file.Dispose();

    [Fact]
    public async Task Changes_that_wait_are_committed_together_at_most_256_of_them()
    {
        await using var journal = file.Open();
        var commits = new List<JournalCommit>();
        journal.Committed += commits.Add;
        using var writer = new HeldWriter(journal);

        var waiting = Enumerable.Range(0, 300).Select(i => journal.Write(t => t.Append(JournalFile.Event("e" + i)).Sequence, Cancellation)).ToList();
        journal.QueueLength.Should().Be(300);
        writer.Release();

        (await Task.WhenAll(waiting)).Should().Equal(Enumerable.Range(1, 300).Select(i => (long)i));
        await journal.DisposeAsync();
        commits.Select(c => (c.First, c.Last)).Should().Equal((1, 256), (257, 300));
    }

    [Fact]
    public async Task A_change_that_throws_loses_its_own_writes_and_its_neighbours_in_the_same_commit_keep_theirs()
    {
        await using var journal = file.Open();
        var commits = new List<JournalCommit>();
        journal.Committed += commits.Add;
        using var writer = new HeldWriter(journal);

        var before = journal.Write(t => t.Append(JournalFile.Event("before")), Cancellation);
        var thrown = new InvalidDataException("no such app");
        var refused = journal.Write<long>(t =>
        {
            t.Append(JournalFile.Event("dropped"));
            t.PutState("lane", new Lane(7), LaneJson.Default.Lane);
            t.OpenWork(new WorkRow(2, "q", "p", WorkRowState.Ready, 0, 0, null, 0));
            throw thrown;
        }, Cancellation);
        var after = journal.Write(t => (t.State("lane", LaneJson.Default.Lane), t.Find(JournalFile.Event("before").Id), t.Append(JournalFile.Event("after"))), Cancellation);
        writer.Release();

        (await before).Sequence.Should().Be(1);
        (await refused.Awaiting(t => t).Should().ThrowAsync<InvalidDataException>()).Which.Should().BeSameAs(thrown);
        (await after).Should().Be((null, 1L, new Appended(2, true)));
        commits.Should().ContainSingle().Which.Queues.Should().BeEmpty();
        journal.Read(r => (r.Event(JournalFile.Event("dropped").Id), r.OpenWork(null, 10).Count)).Should().Be((null, 0));
        JournalVerifier.Verify(file.Path, cancellation: Cancellation).Wrong.Should().BeNull();
    }

    [Fact]
    public async Task A_state_that_cannot_be_written_as_json_costs_only_its_own_change()
    {
        await using var journal = file.Open();
        using var writer = new HeldWriter(journal);
        var bad = journal.Write(t =>
        {
            t.Append(JournalFile.Event("bad"));
            t.PutState("lane", new Lane(0) { Rate = double.NaN }, LaneJson.Default.Lane);
            return 0;
        }, Cancellation);
        var good = journal.Write(t => t.Append(JournalFile.Event("good")), Cancellation);
        writer.Release();

        await bad.Awaiting(t => t).Should().ThrowAsync<ArgumentException>();
        (await good).Sequence.Should().Be(1);
    }

    [Fact]
    public async Task A_full_queue_refuses_the_next_change_and_says_its_limit()
    {
        await using var journal = file.Open(queueLimit: 2);
        using var writer = new HeldWriter(journal);
        var waiting = new[] { journal.Write(t => t.Append(JournalFile.Event("a")), Cancellation), journal.Write(t => t.Append(JournalFile.Event("b")), Cancellation) };

        var refused = await journal.Awaiting(j => j.Write(t => t.Append(JournalFile.Event("c")), Cancellation)).Should().ThrowAsync<JournalBusyException>();
        refused.Which.Limit.Should().Be(2);

        writer.Release();
        await Task.WhenAll(waiting);
        journal.Head.Should().Be(2);
    }

    [Fact]
    public async Task Cancellation_ends_the_wait_and_not_the_write()
    {
        await using var journal = file.Open();
        using var writer = new HeldWriter(journal);
        using var gone = new CancellationTokenSource();
        var waiting = journal.Write(t => t.Append(JournalFile.Event("a")), gone.Token);
        await gone.CancelAsync();
        await waiting.Awaiting(t => t).Should().ThrowAsync<OperationCanceledException>();

        writer.Release();
        (await journal.Write(t => t.Find(JournalFile.Event("a").Id), Cancellation)).Should().Be(1);
    }

    [Fact]
    public async Task Closing_commits_what_waits_and_takes_no_more()
    {
        var journal = file.Open();
        using var writer = new HeldWriter(journal);
        var waiting = Enumerable.Range(0, 50).Select(i => journal.Write(t => t.Append(JournalFile.Event("e" + i)), Cancellation)).ToList();
        var closing = journal.DisposeAsync();
        writer.Release();
        await closing;

        (await Task.WhenAll(waiting)).Should().HaveCount(50);
        await journal.Awaiting(j => j.Write(t => 0, Cancellation)).Should().ThrowAsync<JournalUnavailableException>();
        file.Number("select count(*) from event").Should().Be(50);
    }

    [Fact]
    public async Task A_transaction_that_is_kept_beyond_its_change_is_refused()
    {
        await using var journal = file.Open();
        var kept = await journal.Write(t => t, Cancellation);

        kept.Invoking(t => t.Append(JournalFile.Event("late"))).Should().Throw<InvalidOperationException>();
        kept.Invoking(t => t.CloseWork(1, "q")).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public async Task A_subscriber_that_throws_is_told_and_stops_nothing()
    {
        await using var journal = file.Open();
        var told = new TaskCompletionSource<Exception>();
        journal.Committed += _ => throw new InvalidOperationException("slipped");
        journal.SubscriberFailed += told.SetResult;

        await journal.Write(t => t.Append(JournalFile.Event("a")), Cancellation);
        (await told.Task.WaitAsync(Patience.Bound, Cancellation)).Message.Should().Be("slipped");
        (await journal.Write(t => t.Append(JournalFile.Event("a")), Cancellation)).Sequence.Should().Be(1);
    }
}
