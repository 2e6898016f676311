using System.Diagnostics;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Journal;

public sealed class VerifierTests : IAsyncLifetime
{
    readonly JournalFile file = new();
    JournalHead head = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await using var journal = file.Open();
        for (var i = 1; i <= 9; i++)
        {
            await journal.Write(t => t.Append(JournalFile.Event("e" + i, i < 5 ? null : "foreign")), Cancellation);
        }
        head = journal.HeadLink;
    }

    public ValueTask DisposeAsync()
    {
        file.Dispose();
        return ValueTask.CompletedTask;
    }

    static string Id(int i) => EventId.Derive(JournalFile.Birth, "e" + i).ToString();

    WrongEvent? Wrong(JournalHead? known = null) => JournalVerifier.Verify(file.Path, known: known, cancellation: Cancellation).Wrong;

    [Fact]
    public void An_untouched_journal_is_whole()
    {
        var verification = JournalVerifier.Verify(file.Path, known: head, cancellation: Cancellation);
        verification.Wrong.Should().BeNull();
        verification.Events.Should().Be(9);
        verification.Head.Should().Be(head);
        verification.Epochs.Should().ContainSingle().Which.Reason.Should().Be("created");
    }

    [Theory]
    [InlineData("hash = zeroblob(32)", WrongPart.Hash)]
    [InlineData("link = zeroblob(32)", WrongPart.Link)]
    [InlineData("born = 0", WrongPart.Hash)]
    [InlineData("born = 2", WrongPart.Hash)]
    [InlineData("chain = 5", WrongPart.Hash)]
    [InlineData("chain = 77", WrongPart.Hash)]
    [InlineData("type = 'dev.cdevents.service.removed.0.3.0'", WrongPart.Hash)]
    [InlineData("time = time + 1", WrongPart.Hash)]
    [InlineData("app = 'portam'", WrongPart.Hash)]
    [InlineData("environment = 'test'", WrongPart.Hash)]
    [InlineData("app = 'portalp', environment = 'rod'", WrongPart.Hash)]
    [InlineData("body = cast(replace(cast(body as text), 'e4', 'e5') as blob)", WrongPart.Hash)]
    public void Changing_a_column_of_an_event_names_that_event(string set, WrongPart part)
    {
        file.Tamper($"update event set {set} where seq = 4");
        var wrong = Wrong();
        wrong.Should().NotBeNull();
        (wrong!.Sequence, wrong.Id, wrong.Part).Should().Be((4L, Id(4), part));
        wrong.Sentence.Should().Contain($"Event 4, {Id(4)}");
    }

    [Fact]
    public void Changing_the_id_of_an_event_names_its_sequence()
    {
        file.Tamper("update event set id = zeroblob(16) where seq = 4");
        (Wrong()!.Sequence, Wrong()!.Part).Should().Be((4L, WrongPart.Hash));
    }

    [Fact]
    public void Changing_the_name_of_a_chain_names_its_first_event()
    {
        file.Tamper("update chain set id = 'foreigm' where n = 5");
        (Wrong()!.Sequence, Wrong()!.Part).Should().Be((5L, WrongPart.Hash));
    }

    [Fact]
    public void The_first_wrong_event_is_named_before_later_ones()
    {
        file.Tamper("update event set app = 'x' where seq in (3, 7)");
        Wrong()!.Sequence.Should().Be(3);
    }

    [Fact]
    public void A_removed_event_is_named_as_missing()
    {
        file.Tamper("delete from event where seq = 6");
        (Wrong()!.Sequence, Wrong()!.Id, Wrong()!.Part).Should().Be((6L, null, WrongPart.Gap));
    }

    [Fact]
    public void An_event_put_elsewhere_is_named()
    {
        file.Tamper("update event set seq = -4 where seq = 4; update event set seq = 4 where seq = 5; update event set seq = 5 where seq = -4");
        (Wrong()!.Sequence, Wrong()!.Part).Should().Be((4L, WrongPart.Link));
    }

    [Fact]
    public void Removed_last_events_show_against_a_head_that_was_kept()
    {
        file.Tamper("delete from event where seq >= 8");
        (Wrong(head)!.Sequence, Wrong(head)!.Part).Should().Be((8L, WrongPart.KnownHead));
        Wrong(head with { Sequence = 3 })!.Part.Should().Be(WrongPart.KnownHead, "another journal has another link there");
    }

    [Fact]
    public async Task Removed_last_events_show_by_what_was_known_from_them()
    {
        await using (var journal = file.Open())
        {
            await journal.Write(t =>
            {
                var sequence = t.Append(JournalFile.Event("ask")).Sequence;
                t.PutRequest(new RequestRow(sequence, JournalFile.Event("ask").Id, 'd', "portal", "prod", "accepted", 1, true, []));
                return 0;
            }, Cancellation);
        }
        Wrong().Should().BeNull();
        file.Tamper("delete from event where seq >= 9");
        (Wrong()!.Sequence, Wrong()!.Part).Should().Be((9L, WrongPart.Gap));
    }

    [Fact]
    public async Task A_live_journal_is_verified_while_it_is_written()
    {
        await using var journal = file.Open();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var load = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await journal.Write(t => t.Append(JournalFile.Event("more" + i)), Cancellation);
            }
        }, Cancellation);
        var seen = new HashSet<long>();
        for (var watch = Stopwatch.StartNew(); seen.Count < 5 && watch.Elapsed < Patience.Bound;)
        {
            var verification = JournalVerifier.Verify(file.Path, cancellation: Cancellation);
            verification.Wrong.Should().BeNull();
            seen.Add(verification.Events);
        }
        await stop.CancelAsync();
        await load;
        seen.Count.Should().Be(5, "it was verified at different lengths");
    }

    [Fact]
    public async Task A_new_epoch_passes_over_sequences_is_verified_and_cannot_be_taken_out_or_changed()
    {
        var epoch = EventJournal.StartEpoch(file.Path, "restored the backup of Monday", skip: 1000);
        epoch.Sequence.Should().Be(1010);
        await using (var journal = file.Open())
        {
            journal.Head.Should().Be(1010);
            (await journal.Write(t => t.Append(JournalFile.Event("after")), Cancellation)).Sequence.Should().Be(1011);
            journal.Read(r => r.EventsAfter(9, 10)).Reached.Should().Be(1011);
        }
        var verification = JournalVerifier.Verify(file.Path, cancellation: Cancellation);
        verification.Wrong.Should().BeNull();
        verification.Events.Should().Be(10);
        verification.Epochs.Select(e => (e.Number, e.Reason)).Should().Equal((1, "created"), (2, "restored the backup of Monday"));

        file.Tamper("update epoch set reason = 'nothing' where n = 2");
        (Wrong()!.Sequence, Wrong()!.Part).Should().Be((1010L, WrongPart.Epoch));
        file.Tamper("delete from epoch where n = 2");
        (Wrong()!.Sequence, Wrong()!.Part).Should().Be((10L, WrongPart.Gap));
    }

    [Fact]
    public void A_new_epoch_is_refused_while_a_process_holds_the_journal_and_where_there_is_none()
    {
        this.Invoking(_ => EventJournal.StartEpoch(file.Path + "x", "why")).Should().Throw<JournalRefusedException>().WithMessage("There is no journal*");
        File.Exists(file.Path + "x").Should().BeFalse();
        using var held = new FileStream(file.Path + ".lock", FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        this.Invoking(_ => EventJournal.StartEpoch(file.Path, "why")).Should().Throw<JournalRefusedException>().WithMessage("*held by another process*");
    }
}
