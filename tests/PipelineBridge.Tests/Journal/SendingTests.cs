using PipelineBridge.Journal;

namespace PipelineBridge.Tests.Journal;

public sealed class SendingTests : IAsyncDisposable
{
    const string Fact = "dev.cdevents.service.deployed.0.3.0";

    readonly JournalFile file = new();
    EventJournal journal;

    public SendingTests() => journal = file.Open(published: true);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    public async ValueTask DisposeAsync()
    {
        await journal.DisposeAsync();
        file.Dispose();
    }

    Task<T> Write<T>(Func<JournalTransaction, T> change) => journal.Write(change, Cancellation);

    Task<Appended> Append(string name, string app = "portal", string type = Fact, bool born = true) =>
        Write(t => t.Append(JournalFile.Event(name, type: type, app: app) with { Born = born }));

    long[] Unsent(int most = 100) => [.. journal.Read(r => r.Unsent(most, Now)).Select(u => u.Event.Sequence)];

    [Fact]
    public async Task What_was_born_in_the_bridge_and_is_no_work_is_unsent_until_it_is_marked()
    {
        await Append("one");
        await Append("of a stage", born: false);
        await Append("a work", type: "dev.cdeventsx.pipelinebridge-image.resolverequested.0.1.0");
        await Append("of a type that nobody knows", type: "dev.cdevents.thing.happened.0.1.0");
        Unsent().Should().Equal(1, 4);
        journal.Read(r => r.CountUnsent()).Should().Be(new UnsentCount(2, JournalFile.Birth + 5));
        await Write(t => { t.Sent(1); return 0; });
        Unsent().Should().Equal(4);
        await journal.DisposeAsync();
        journal = file.Open(published: true);
        Unsent().Should().Equal(4);
    }

    [Fact]
    public async Task One_that_could_not_be_sent_holds_back_its_own_app_only()
    {
        await Append("a1", "a");
        await Append("b2", "b");
        await Append("a3", "a");
        await Write(t => { t.NotSent(1, t.Now.AddHours(1)); return 0; });
        Unsent().Should().Equal(2);
        journal.Read(r => r.NextUnsentDue()).Should().BeGreaterThan(Now);
        journal.Read(r => r.Unsent(100, Now + 7_200_000)).Select(u => (u.Event.Sequence, u.Attempts)).Should().Equal((1, 1), (2, 0), (3, 0));
    }

    [Fact]
    public async Task Marks_are_by_row_so_that_a_hole_stays_a_hole()
    {
        for (var i = 1; i <= 5; i++)
        {
            await Append($"e{i}");
        }
        await Write(t => { t.Sent(1); t.Sent(3); t.Sent(5); return 0; });
        Unsent().Should().Equal(2, 4);
        Unsent(most: 1).Should().Equal(2);
    }

    [Fact]
    public async Task In_a_journal_that_nobody_publishes_nothing_is_unsent()
    {
        await journal.DisposeAsync();
        journal = file.Open();
        await Append("one");
        Unsent().Should().BeEmpty();
    }
}
