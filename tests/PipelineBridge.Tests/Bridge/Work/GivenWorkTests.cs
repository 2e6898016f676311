using PipelineBridge.Bridge.Work.Broker;
using PipelineBridge.Journal;
using PipelineBridge.Tests.Journal;

namespace PipelineBridge.Tests.Bridge.Work;

public sealed class GivenWorkTests : IAsyncDisposable
{
    const string Queue = "registry.push";

    readonly JournalFile file = new();
    readonly EventJournal journal;

    public GivenWorkTests() => journal = file.Open(published: true);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await journal.DisposeAsync();
        file.Dispose();
    }

    [Fact]
    public async Task A_confirmation_that_comes_after_the_outcome_changes_nothing()
    {
        var row = await Open();
        await Write(tx => tx.PutWork(row with { Attempts = 1, DueMilliseconds = row.DueMilliseconds + 60_000, Error = "The registry answers 503." }));
        await Write(tx => WorkGiving.Given(tx, row, 60, 60));
        Row()!.State.Should().Be(WorkRowState.Ready, "it was deferred, and is given again when it is due");

        await Write(tx => tx.CloseWork(row.Sequence, Queue));
        await Write(tx => WorkGiving.Given(tx, row, 60, 60));
        Row().Should().BeNull("it has its end");
    }

    [Fact]
    public async Task The_bound_of_a_work_begins_with_the_first_time_that_it_is_given()
    {
        var row = await Open(deadline: 1);
        await Write(tx => WorkGiving.Given(tx, row, 60, 3600));
        var given = Row()!;
        (given.DeadlineMilliseconds - given.DueMilliseconds).Should().Be((3600 - 60) * 1000);
        await Write(tx => tx.ResetRunning(new HashSet<string> { Queue }));
        await Write(tx => WorkGiving.Given(tx, Row()!, 60, 7200));
        Row()!.DeadlineMilliseconds.Should().Be(given.DeadlineMilliseconds);
        Row()!.Attempts.Should().Be(2);
    }

    WorkRow? Row() => journal.Read(r => r.Work(1, Queue));

    async Task<WorkRow> Open(long deadline = long.MaxValue)
    {
        await Write(tx => tx.OpenWork(new WorkRow(tx.Append(JournalFile.Event("one")).Sequence, Queue, "p", WorkRowState.Ready, 5, 0, null, deadline)));
        return Row()!;
    }

    Task<int> Write(Action<JournalTransaction> change) => journal.Write(tx => { change(tx); return 0; }, Cancellation);
}
