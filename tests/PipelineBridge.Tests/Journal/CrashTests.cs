using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Journal;

[Trait("Needs", "process")]
public sealed class CrashTests : IDisposable
{
    const int Rounds = 20;

    readonly JournalFile file = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => file.Dispose();

    Process StartChild(int round)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardError = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        }
        start.ArgumentList.Add("-?");
        start.Environment[CrashChild.PathVariable] = file.Path;
        start.Environment[CrashChild.RoundVariable] = round.ToString(CultureInfo.InvariantCulture);
        return Process.Start(start)!;
    }

    long AnsweredBytes() => new FileInfo(CrashChild.AnsweredPath(file.Path)) is { Exists: true } answered ? answered.Length : 0;

    async Task UntilAnswered(Process child, long bytes)
    {
        var watch = Stopwatch.StartNew();
        while (AnsweredBytes() < bytes)
        {
            child.HasExited.Should().BeFalse("it writes until it is killed, and said: {0}", child.HasExited ? child.StandardError.ReadToEnd() : "");
            watch.Elapsed.Should().BeLessThan(Patience.Bound, "the child answers at all");
            await Task.Delay(5, Cancellation);
        }
    }

    [Fact]
    public async Task Killed_20_times_under_load_everything_answered_is_there_nothing_twice_nothing_half_and_the_chain_whole()
    {
        for (var round = 0; round < Rounds; round++)
        {
            using var child = StartChild(round);
            // Killed after another count each time, so at another point of a commit or checkpoint.
            await UntilAnswered(child, AnsweredBytes() + (16 * (50 + (round * 37))));
            child.Kill();
            await child.WaitForExitAsync(Cancellation);
        }

        // The last kill left a log that only a writer's start has read until now.
        JournalVerifier.Verify(file.Path, cancellation: Cancellation).Wrong.Should().BeNull();
        await using var journal = file.Open();
        var answered = AnsweredAsks();
        answered.Should().OnlyHaveUniqueItems().And.HaveCountGreaterThan(Rounds * 50);
        journal.Read(r => answered.Where(ask => r.Request(ask) is null || r.Event(ask) is null || r.Event(ask.Then("work")) is null || r.Idempotency(ask.ToBytes()) is null).ToList())
            .Should().BeEmpty("every answered ask is there, whole");

        var asks = file.Number("select count(*) from request");
        asks.Should().BeGreaterThanOrEqualTo(answered.Count);
        file.Number("select count(distinct id) from event").Should().Be(asks * 2);
        foreach (var half in new[] { "select count(*) from event", "select 2 * count(*) from idempotency", "select 2 * count(*) from work", "select 2 * count(*) from chain", "select max(seq) from event" })
        {
            file.Number(half).Should().Be(asks * 2, half);
        }
        file.Number("select sum(json_extract(cast(body as text), '$.Newest')) from state").Should().Be(asks, "states are counted in the transaction of their ask");
        var verification = JournalVerifier.Verify(file.Path, cancellation: Cancellation);
        (verification.Wrong, verification.Events).Should().Be((null, asks * 2));
    }

    [Fact]
    public async Task Another_process_that_holds_the_journal_is_told_and_its_death_lets_go_of_it()
    {
        using var child = StartChild(0);
        await UntilAnswered(child, 16);
        this.Invoking(t => t.file.Open()).Should().Throw<JournalRefusedException>().WithMessage("*held by another process*");
        JournalVerifier.Verify(file.Path, cancellation: Cancellation).Wrong.Should().BeNull("reading needs no lock");
        child.Kill();
        await child.WaitForExitAsync(Cancellation);
        await using var journal = file.Open();
        journal.Head.Should().BePositive();
    }

    List<EventId> AnsweredAsks() =>
        [.. File.ReadAllBytes(CrashChild.AnsweredPath(file.Path)).Chunk(16).Where(bytes => bytes.Length == 16).Select(bytes => EventId.FromBytes(bytes))];
}
