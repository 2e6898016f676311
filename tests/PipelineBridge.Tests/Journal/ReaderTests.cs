using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Journal;

public sealed class ReaderTests : IAsyncLifetime
{
    readonly JournalFile file = new();
    EventJournal journal = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        journal = file.Open();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await journal.DisposeAsync();
        file.Dispose();
    }

    Task<T> Write<T>(Func<JournalTransaction, T> change) => journal.Write(change, Cancellation);

    [Fact]
    public async Task Events_after_a_sequence_are_filtered_by_app_and_the_beginning_of_their_type()
    {
        await Write(t =>
        {
            t.Append(JournalFile.Event("1", type: "dev.cdevents.artifact.published.0.3.0"));
            t.Append(JournalFile.Event("2", type: "dev.cdevents.service.deployed.0.3.0", app: "shop"));
            t.Append(JournalFile.Event("3", type: "dev.cdevents.service.removed.0.3.0"));
            return t.Append(JournalFile.Event("4", type: "dev.cdevents.service.deployed.0.3.0"));
        });
        long[] Found(long after, int limit, string? type = null, string? app = null) => journal.Read(r => r.EventsAfter(after, limit, type, app)).Events.Select(e => e.Sequence).ToArray();

        Found(0, 10).Should().Equal(1, 2, 3, 4);
        Found(1, 2).Should().Equal(2, 3);
        Found(0, 10, "dev.cdevents.service.").Should().Equal(2, 3, 4);
        Found(0, 10, "dev.cdevents.service.deployed.0.3.0", "portal").Should().Equal(4);
        Found(4, 10).Should().BeEmpty();
        journal.Read(r => r.EventsAfter(4, 10)).Reached.Should().Be(4);
    }

    [Fact]
    public async Task A_filter_that_nothing_passes_looks_at_5000_rows_an_answer_and_says_how_far_it_came()
    {
        for (var i = 0; i < 6; i++)
        {
            await Write(t => Enumerable.Range(0, 1000).Select(n => t.Append(JournalFile.Event($"{i}-{n}"))).ToList());
        }
        await Write(t => t.Append(JournalFile.Event("last", type: "rare")));

        var first = journal.Read(r => r.EventsAfter(0, 10, "rare"));
        (first.Events.Count, first.Reached).Should().Be((0, 5000L));
        var second = journal.Read(r => r.EventsAfter(first.Reached, 10, "rare"));
        second.Events.Should().ContainSingle().Which.Sequence.Should().Be(6001);
        second.Reached.Should().Be(6001);
    }

    [Fact]
    public async Task A_reading_sees_one_state_while_the_writer_goes_on()
    {
        await Write(t => t.Append(JournalFile.Event("one")));
        using var seen = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var reading = Task.Run(() => journal.Read(r =>
        {
            var first = r.EventsAfter(0, 100).Events.Count;
            seen.Set();
            go.Wait(Patience.Bound, Cancellation);
            return (first, r.EventsAfter(0, 100).Events.Count);
        }), Cancellation);
        seen.Wait(Patience.Bound, Cancellation).Should().BeTrue();
        for (var i = 0; i < 50; i++)
        {
            await Write(t => t.Append(JournalFile.Event("during" + i)));
        }
        journal.Read(r => r.EventsAfter(0, 100).Events.Count).Should().Be(51);
        go.Set();
        (await reading).Should().Be((1, 1));
    }

    [Fact]
    public async Task A_reading_that_throws_spoils_no_later_one()
    {
        journal.Invoking(j => j.Read<int>(_ => throw new InvalidDataException("mine"))).Should().Throw<InvalidDataException>();
        await Write(t => t.Append(JournalFile.Event("one")));
        journal.Read(r => r.Event(1)).Should().NotBeNull();
    }

    [Fact]
    public async Task Requests_are_found_by_sequence_by_id_by_place_and_by_being_open()
    {
        var rows = new List<RequestRow>();
        for (var i = 0; i < 6; i++)
        {
            rows.Add(await Write(t =>
            {
                var e = JournalFile.Event("ask" + i);
                var row = new RequestRow(t.Append(e).Sequence, e.Id, i == 0 ? 'p' : 'd', "portal", i < 4 ? "prod" : "test", "accepted", 1, i % 2 == 0, [(byte)i]);
                t.PutRequest(row);
                return row;
            }));
        }
        journal.Read(r => r.Request(2)).Should().BeEquivalentTo(rows[1]);
        journal.Read(r => r.Request(rows[2].Id)).Should().BeEquivalentTo(rows[2]);
        journal.Read(r => r.Request(EventId.Derive(1, "none"))).Should().BeNull();
        journal.Read(r => r.Requests("portal", "prod", 2)).Select(r => r.Sequence).Should().Equal(4, 3);
        journal.Read(r => r.Requests("portal", "prod", 9, before: 3)).Select(r => r.Sequence).Should().Equal(2, 1);
        journal.Read(r => r.OpenRequests(9)).Select(r => r.Sequence).Should().Equal(1, 3, 5);
        var seen = new List<(long, EventId, char)>();
        var reached = journal.Read(r => r.RequestsNewestFirst((sequence, id, kind) =>
        {
            seen.Add((sequence, id, kind));
            return sequence > 2;
        }, 100));
        reached.Should().Be(2);
        seen.Should().HaveCount(5);
        journal.Read(r => r.RequestsNewestFirst((sequence, id, kind) => kind == 'd', 1, before: 2)).Should().Be(1);
    }

    [Fact]
    public async Task A_request_takes_only_a_later_revision()
    {
        RequestRow Row(long revision, string state) => new(1, JournalFile.Event("ask").Id, 'd', "portal", "prod", state, revision, state == "running", []);
        await Write(t =>
        {
            t.Append(JournalFile.Event("ask"));
            t.PutRequest(Row(1, "running"));
            t.PutRequest(Row(2, "running"));
            return 0;
        });
        await this.Awaiting(w => w.Write(t =>
        {
            t.PutRequest(Row(2, "failed"));
            return 0;
        })).Should().ThrowAsync<InvalidOperationException>().WithMessage("*has revision 2*");
        var commits = new List<JournalCommit>();
        journal.Committed += commits.Add;
        await Write(t =>
        {
            t.PutRequest(Row(3, "succeeded"));
            return 0;
        });
        journal.Read(r => r.Request(1))!.State.Should().Be("succeeded");
        await Write(t => 0);
        commits.Should().ContainSingle();
        commits[0].Requests.Should().Equal(1);
        (commits[0].Last < commits[0].First).Should().BeTrue("it brought no event");
    }

    [Fact]
    public async Task States_keys_services_and_dead_letters_are_kept_changed_and_removed()
    {
        var key = new byte[] { 1, 2, 3 };
        await Write(t =>
        {
            t.PutState("lane", new Lane(4), LaneJson.Default.Lane);
            t.State("lane", LaneJson.Default.Lane).Should().Be(new Lane(4), "a change sees its own writes");
            t.PutIdempotency(new IdempotencyRow(key, [9], 7, 8));
            t.PutIdempotency(new IdempotencyRow(key, [10], 70, 80));
            t.PutService(new ServiceRow("portal", "prod", "live", "i", "d", 3, 4, []));
            t.PutService(new ServiceRow("portal", "test", "live", null, null, 3, 4, [1]));
            t.RemoveService("portal", "test");
            return t.PutDeadLetter(new DeadLetterRow(0, 5, "q", "could not", [1, 2], 6, DeadLetterState.Open)).Id.Should().Be(1);
        });
        await Write(t =>
        {
            t.PutIdempotency(new IdempotencyRow(key, [11], 71, 81));
            return t.PutDeadLetter(t.DeadLetter(1)! with { State = DeadLetterState.Dropped });
        });
        journal.Read(r => r.State("lane", LaneJson.Default.Lane)).Should().Be(new Lane(4));
        journal.Read(r => r.Idempotency(key)).Should().BeEquivalentTo(new IdempotencyRow(key, [9], 7, 8));
        journal.Read(r => r.Services()).Should().ContainSingle().Which.Should().BeEquivalentTo(new ServiceRow("portal", "prod", "live", "i", "d", 3, 4, []));
        journal.Read(r => r.DeadLetters(DeadLetterState.Open, 10)).Should().BeEmpty();
        journal.Read(r => r.DeadLetters(null, 10)).Should().ContainSingle().Which.State.Should().Be(DeadLetterState.Dropped);
        await Write(t =>
        {
            t.PutState<Lane>("lane", null, LaneJson.Default.Lane);
            return 0;
        });
        journal.Read(r => r.State("lane", LaneJson.Default.Lane)).Should().BeNull();
        (await Write(t => t.State("lane", LaneJson.Default.Lane))).Should().BeNull();
    }

    [Fact]
    public async Task A_long_chain_is_read_in_parts()
    {
        await Write(t => Enumerable.Range(1, 25).Select(i => t.Append(JournalFile.Event("e" + i))).ToList());
        journal.Read(r => r.Chain(JournalFile.Chain.ToString(), 10)).Select(e => e.Sequence).Should().Equal(Enumerable.Range(1, 10).Select(i => (long)i));
        journal.Read(r => r.Chain(JournalFile.Chain.ToString(), 10, after: 20)).Select(e => e.Sequence).Should().Equal(21, 22, 23, 24, 25);
        journal.Read(r => r.Chain("unknown", 10)).Should().BeEmpty();
    }
}
