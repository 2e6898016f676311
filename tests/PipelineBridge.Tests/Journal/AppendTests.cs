using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Tests.Journal;

public sealed class AppendTests : IAsyncLifetime
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

    [Fact]
    public async Task An_appended_event_is_read_back_as_it_was()
    {
        var e = JournalFile.Event("one", references: ["sha256:" + new string('a', 64), new string('b', 40), "v1.0"]);
        var appended = await journal.Write(t => t.Append(e), Cancellation);

        appended.Should().Be(new Appended(1, true));
        journal.Head.Should().Be(1);
        var expected = new StoredEvent(1, e.Id, e.Type, e.ChainId, e.Time, "portal", "prod", true, e.Body.ToArray());
        journal.Read(r => r.Event(1)).Should().BeEquivalentTo(expected);
        journal.Read(r => r.Event(e.Id)).Should().BeEquivalentTo(expected);
        journal.Read(r => r.ChainOf(1)).Should().Be(e.ChainId);
        foreach (var reference in e.References)
        {
            journal.Read(r => r.ChainsByReference(reference, 10)).Should().Equal(e.ChainId);
        }
    }

    [Fact]
    public async Task The_first_event_of_an_id_stays_and_a_second_is_told_its_sequence()
    {
        var first = JournalFile.Event("one");
        await journal.Write(t => t.Append(JournalFile.Event("zero")), Cancellation);
        await journal.Write(t => t.Append(first), Cancellation);
        var again = await journal.Write(t => t.Append(first with { App = "other" }), Cancellation);
        var withinOne = await journal.Write(t => (t.Append(JournalFile.Event("two")), t.Append(JournalFile.Event("two"))), Cancellation);

        again.Should().Be(new Appended(2, false));
        withinOne.Should().Be((new Appended(3, true), new Appended(3, false)));
        journal.Read(r => r.Event(2))!.App.Should().Be("portal");
        journal.Head.Should().Be(3);
    }

    [Fact]
    public async Task Sequences_grow_by_one_in_the_order_of_answers()
    {
        var sequences = new List<long>();
        for (var i = 0; i < 20; i++)
        {
            var next = await journal.Write(t => (t.NextSequence, t.Append(JournalFile.Event("e" + i)).Sequence), Cancellation);
            next.Sequence.Should().Be(next.NextSequence);
            sequences.Add(next.Sequence);
        }
        sequences.Should().Equal(Enumerable.Range(1, 20).Select(i => (long)i));
    }

    [Fact]
    public async Task Ids_of_chains_that_are_ours_and_foreign_ones_are_told_apart_and_read_back()
    {
        var ours = EventId.Derive(JournalFile.Birth, "c").ToString();
        string[] chains = [ours, ours.ToUpperInvariant(), "0123456789abcdef", "käse/ü", "a\0b"];
        for (var i = 0; i < chains.Length; i++)
        {
            await journal.Write(t => t.Append(JournalFile.Event("e" + i, chains[i])), Cancellation);
        }
        for (var i = 0; i < chains.Length; i++)
        {
            journal.Read(r => r.Chain(chains[i], 10)).Should().ContainSingle().Which.ChainId.Should().Be(chains[i]);
        }
    }
}
