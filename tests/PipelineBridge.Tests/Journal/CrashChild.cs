using System.Globalization;
using System.Runtime.CompilerServices;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Tests.Journal;

/// <summary>
/// The process that the crash test kills: this assembly, started with a journal's path in its environment. It writes
/// asks from 32 sides and notes each one that was answered, until it is killed.
/// </summary>
static class CrashChild
{
    public const string PathVariable = "JOURNAL_CRASH_PATH";
    public const string RoundVariable = "JOURNAL_CRASH_ROUND";
    const int Sides = 32;

    [ModuleInitializer]
    public static void RunWhenAsked()
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is { } path)
        {
            var round = int.Parse(Environment.GetEnvironmentVariable(RoundVariable)!, CultureInfo.InvariantCulture);
            // Other threads see this assembly only once its initializer is over. The process is told to print its help,
            // and then lives as long as this thread.
            new Thread(() => Run(path, round).GetAwaiter().GetResult()).Start();
        }
    }

    public static string AnsweredPath(string path) => path + ".answered";

    public static EventId Ask(int round, int side, int number) =>
        EventId.Derive(JournalFile.Birth + number, "ask", FormattableString.Invariant($"{round}-{side}-{number}"));

    static async Task Run(string path, int round)
    {
        await using var journal = EventJournal.Open(new JournalOptions { Path = path });
        // What the system has of a file survives the process; unbuffered, so that nothing answered waits in it.
        using var answered = new FileStream(AnsweredPath(path), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var gate = new Lock();
        await Task.WhenAll(Enumerable.Range(0, Sides).Select(side => Task.Run(async () =>
        {
            for (var number = 0; ; number++)
            {
                var ask = Ask(round, side, number);
                await journal.Write(t => Write(t, ask, side));
                lock (gate)
                {
                    answered.Write(ask.ToBytes());
                }
            }
        })));
    }

    static long Write(JournalTransaction t, EventId ask, int side)
    {
        var chain = ask.Then("chain").ToString();
        var (sequence, isNew) = t.Append(JournalFile.Event("") with { Id = ask, ChainId = chain, Body = new byte[1350] });
        if (!isNew)
        {
            return sequence;
        }
        var decided = t.Append(JournalFile.Event("") with { Id = ask.Then("work"), ChainId = chain, Body = new byte[900] });
        t.PutRequest(new RequestRow(sequence, ask, 'd', "portal", "prod", "running", 1, true, new byte[400]));
        t.PutIdempotency(new IdempotencyRow(ask.ToBytes(), [1], sequence, 0));
        t.OpenWork(new WorkRow(decided.Sequence, "cluster.main.deploy", "portal/prod", WorkRowState.Ready, 0, 0, null, 0));
        var count = t.State("count/" + side, LaneJson.Default.Lane)?.Newest ?? 0;
        t.PutState("count/" + side, new Lane(count + 1), LaneJson.Default.Lane);
        return sequence;
    }
}
