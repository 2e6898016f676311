using PipelineBridge.Journal;

namespace PipelineBridge.Tests.Journal;

public sealed class WorkTests : IAsyncLifetime
{
    const string Queue = "registry.push";
    static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(1_000_000);

    readonly JournalFile file = new();
    EventJournal journal = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        journal = file.Open();
        await Write(t => Enumerable.Range(1, 9).Select(i => t.Append(JournalFile.Event("e" + i))).ToList());
    }

    public async ValueTask DisposeAsync()
    {
        await journal.DisposeAsync();
        file.Dispose();
    }

    static WorkRow Row(long sequence, string partition = "portal/prod", long due = 0, string queue = Queue) =>
        new(sequence, queue, partition, WorkRowState.Ready, due, 0, null, 9_000_000);

    Task<T> Write<T>(Func<JournalTransaction, T> change) => journal.Write(change, Cancellation);

    Task<bool> Open(params WorkRow[] rows) => Write(t =>
    {
        foreach (var row in rows)
        {
            t.OpenWork(row);
        }
        return true;
    });

    Task<long[]> Take(bool partitioned, int most = 10, DateTimeOffset? now = null) =>
        Write(t => t.TakeWork(Queue, partitioned, most, now ?? Now).Select(w => w.Sequence).ToArray());

    [Fact]
    public async Task An_unpartitioned_queue_gives_all_that_is_due_oldest_first()
    {
        await Open(Row(3), Row(1), Row(2, due: 1_000_001), Row(4), Row(5, queue: "other"));
        (await Take(false, most: 2)).Should().Equal(1, 3);
        (await Take(false)).Should().Equal(4);
        (await Take(false)).Should().BeEmpty();
        (await Take(false, now: Now.AddMilliseconds(1))).Should().Equal(2);
        journal.Read(r => r.Work(1, Queue))!.Should().Be(Row(1) with { State = WorkRowState.Running, Attempts = 1 });
    }

    [Fact]
    public async Task A_partitioned_queue_gives_one_of_each_partition_and_the_next_once_that_is_closed()
    {
        await Open(Row(1, "a"), Row(2, "a"), Row(3, "b"), Row(4, "b"), Row(5, "c", due: 2_000_000), Row(6, "c"));
        (await Take(true)).Should().Equal(1, 3, 6);
        (await Take(true)).Should().BeEmpty();
        var next = await Write(t =>
        {
            t.CloseWork(1, Queue);
            return t.TakeWork(Queue, true, 10, Now).Select(w => w.Sequence).ToArray();
        });
        next.Should().Equal(2);
    }

    [Fact]
    public async Task What_a_change_opened_itself_is_taken_in_its_place()
    {
        await Open(Row(2), Row(5));
        var taken = await Write(t =>
        {
            t.OpenWork(Row(3));
            t.OpenWork(Row(9));
            t.PutWork(t.Work(2, Queue)! with { DueMilliseconds = 2_000_000 });
            return t.TakeWork(Queue, false, 3, Now).Select(w => w.Sequence).ToArray();
        });
        taken.Should().Equal(3, 5, 9);
    }

    [Fact]
    public async Task What_ran_when_the_process_died_is_ready_again_with_its_attempts()
    {
        await Open(Row(1), Row(2));
        (await Take(false, most: 1)).Should().Equal(1);
        await journal.DisposeAsync();
        journal = file.Open();

        (await Write(t => t.ResetRunning())).Should().Be(1);
        (await Write(t => t.TakeWork(Queue, false, 10, Now))).Select(w => (w.Sequence, w.Attempts)).Should().Equal((1, 2), (2, 1));
    }

    [Fact]
    public async Task Due_work_comes_longest_due_first_and_stays_where_it_is()
    {
        await Open(Row(1, due: 30, queue: "bridge"), Row(2, due: 20, queue: "bridge"), Row(3, due: 1_000_001, queue: "bridge"), Row(4));
        var due = await Write(t =>
        {
            t.OpenWork(Row(7, due: 25, queue: "bridge"));
            t.CloseWork(1, "bridge");
            return t.DueWork("bridge", Now, 2).Select(w => w.Sequence).ToArray();
        });
        due.Should().Equal(2, 7);
        (await Write(t => t.DueWork("bridge", Now, 1).Select(w => w.Sequence).ToArray())).Should().Equal(2);
    }

    [Fact]
    public async Task Work_is_opened_once_and_what_comes_late_does_not_open_it_again()
    {
        await Open(Row(1));
        await this.Awaiting(t => t.Open(Row(1))).Should().ThrowAsync<InvalidOperationException>().WithMessage("*sequence 1 is open in queue registry.push already*");
        await Write(t =>
        {
            t.CloseWork(1, Queue);
            t.CloseWork(1, Queue);
            return 0;
        });
        await this.Awaiting(t => t.Write(w =>
        {
            w.PutWork(Row(1));
            return 0;
        })).Should().ThrowAsync<InvalidOperationException>().WithMessage("*is not open*");
        journal.Read(r => r.OpenWork(null, 10)).Should().BeEmpty();
    }

    [Fact]
    public async Task Work_and_requests_are_those_of_a_journaled_event()
    {
        await this.Awaiting(t => t.Open(Row(10))).Should().ThrowAsync<ArgumentOutOfRangeException>().WithMessage("*no event of sequence 10*");
        await this.Awaiting(t => t.Write(w =>
        {
            w.PutRequest(new RequestRow(0, JournalFile.Event("e").Id, 'd', "portal", "prod", "accepted", 1, true, []));
            return 0;
        })).Should().ThrowAsync<ArgumentOutOfRangeException>();
        await Write(t =>
        {
            t.OpenWork(Row(t.Append(JournalFile.Event("e10")).Sequence));
            return 0;
        });
        journal.Read(r => r.OldestOpenWork())!.Sequence.Should().Be(10);
    }

    [Fact]
    public async Task A_commit_tells_the_queues_that_have_work_ready()
    {
        var commits = new List<JournalCommit>();
        journal.Committed += commits.Add;
        await Open(Row(1), Row(2, queue: "notify.chat"));
        await Take(false);
        await Write(t => t.ResetRunning());
        await journal.DisposeAsync();
        commits.Select(c => string.Join(' ', c.Queues.Order())).Should().Equal("notify.chat registry.push", "", "registry.push");
        journal = file.Open();
    }

    [Fact]
    public async Task Open_work_is_listed_and_counted_by_queue()
    {
        await Open(Row(4), Row(2, queue: "bridge"), Row(3), Row(9, queue: "bridge"));
        await Take(false, most: 1);
        journal.Read(r => r.OpenWorkCounts()).Should().Equal(new QueueCount("bridge", 2, 0, 2), new QueueCount(Queue, 1, 1, 3));
        journal.Read(r => r.OldestOpenWork())!.Sequence.Should().Be(2);
        journal.Read(r => r.OldestOpenWork(Queue))!.Sequence.Should().Be(3);
        journal.Read(r => r.OldestOpenWork("none")).Should().BeNull();
        journal.Read(r => r.OpenWork(null, 3)).Select(w => w.Sequence).Should().Equal(2, 3, 4);
        journal.Read(r => r.Counts().OpenWork).Should().Be(4);
    }
}
