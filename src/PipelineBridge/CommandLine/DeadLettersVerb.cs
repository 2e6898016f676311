using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge deadletters</c>: what could not be handled; ask for it again, or drop it.</summary>
static class DeadLettersVerb
{
    public static Command Command(Surroundings at)
    {
        var all = new Option<bool>("--all") { Description = "Also those that were replayed or dropped." };
        var list = VerbRun.Verb(new Command("deadletters", "What could not be handled: list it, ask for it again, drop it.") { all }, at, (run, stop) => List(run, run.Parsed.GetValue(all), stop));
        var id = new Argument<long>("number") { Description = "The number of the dead letter." };
        var replay = new Command("replay", "Ask for it again, with its old order: it never overtakes what is newer.") { id };
        AskOptions.AddTo(replay, saysWho: false);
        list.Subcommands.Add(VerbRun.Verb(replay, at, (run, stop) => run.AskAndFollow(HttpMethod.Post, $"/v1/deadletters/{run.Parsed.GetValue(id)}/replay", new JsonObject(), stop)));
        list.Subcommands.Add(VerbRun.Verb(new Command("drop", "Drop it: it is looked into no more.") { id }, at, async (run, stop) =>
        {
            await run.Bridge.Tell(HttpMethod.Post, $"/v1/deadletters/{run.Parsed.GetValue(id)}/drop", AskOptions.NewKey(), stop);
            if (!run.IsJson)
            {
                run.Print($"Dead letter {run.Parsed.GetValue(id)} is dropped.");
            }
            return ExitCode.Live;
        }));
        return list;
    }

    static async Task<int> List(VerbRun run, bool all, CancellationToken stop)
    {
        var (answer, text) = await run.Bridge.Read("/v1/deadletters", CommandJson.Default.DeadLettersAnswer, stop);
        if (run.IsJson)
        {
            run.Print(text);
            return ExitCode.Live;
        }
        var letters = answer.DeadLetters.Where(l => all || l.State == "open").ToList();
        if (letters.Count == 0)
        {
            run.Print("There is no dead letter.");
            return ExitCode.Live;
        }
        foreach (var letter in letters)
        {
            run.Print($"{letter.Id}  {letter.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}  {letter.App}{(letter.Environment is null ? "" : $" → {letter.Environment}")}  {letter.Queue}{(letter.RequestId is null ? "" : $"  #{VerbRun.PageName(letter.RequestId)}")}{(letter.State == "open" ? "" : $"  {letter.State}")}");
            run.Print($"     {Refusals.Line(letter.Reason)}");
            if (letter.State == "open")
            {
                run.Print($"     {(letter.Replayable ? $"pipelinebridge deadletters replay {letter.Id}, or " : "")}pipelinebridge deadletters drop {letter.Id}");
            }
        }
        return ExitCode.Live;
    }
}
