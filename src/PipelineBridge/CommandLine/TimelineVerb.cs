using System.CommandLine;
using PipelineBridge.Bridge.Pages;
using PipelineBridge.Bridge.Timeline;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge timeline</c>: the story of a request, a commit, a digest, or an app in an environment.</summary>
static class TimelineVerb
{
    public static Command Command(Surroundings at)
    {
        var what = new Names(at).RequestOrApp("A request, e.g. d-81c0; or an app, with its environment.");
        var environment = new Names(at).Environment("The environment, after an app.");
        what.Arity = environment.Arity = ArgumentArity.ZeroOrOne;
        var commit = new Option<string?>("--commit") { Description = "The stories in which a commit occurs.", HelpName = "sha" };
        var digest = new Option<string?>("--digest") { Description = "The stories in which an image occurs.", HelpName = "sha256:…" };
        var command = new Command("timeline", "The story from commit to chat: of a request, a commit, a digest, or an app in an environment.") { what, environment, commit, digest };
        return VerbRun.Verb(command, at, async (run, stop) =>
        {
            var (w, e, c, d) = (run.Parsed.GetValue(what), run.Parsed.GetValue(environment), run.Parsed.GetValue(commit), run.Parsed.GetValue(digest));
            if (new[] { w, c, d }.Count(x => x is not null) != 1)
            {
                throw new VerbException(ExitCode.WrongUse, "Of what is the timeline?", "Give one of: a request; an app and its environment; --commit; --digest.");
            }
            var (chains, text) = (w, e) switch
            {
                (not null, null) => await OfRequest(run, w, stop),
                (not null, _) => await Of(run, $"app={Uri.EscapeDataString(w)}&environment={Uri.EscapeDataString(e)}", stop),
                _ => await Of(run, c is not null ? $"commit={Uri.EscapeDataString(c)}" : $"digest={Uri.EscapeDataString(d!)}", stop),
            };
            if (run.IsJson)
            {
                run.Print(text);
                return ExitCode.Live;
            }
            if (chains.Count == 0)
            {
                run.Print("The bridge knows no story of that.");
            }
            foreach (var line in chains.SelectMany((chain, i) => i == 0 ? Lines(chain) : Lines(chain).Prepend("")))
            {
                run.Print(line);
            }
            return ExitCode.Live;
        });
    }

    static async Task<(IReadOnlyList<ChainAnswer>, string)> OfRequest(VerbRun run, string id, CancellationToken stop)
    {
        var (document, _) = await run.Bridge.Read($"/v1/requests/{Uri.EscapeDataString(id)}", CommandJson.Default.RequestDocument, stop);
        var (chain, text) = await run.Bridge.Read($"/v1/chains/{document.ChainId}", CommandJson.Default.ChainAnswer, stop);
        return ([chain], text);
    }

    static async Task<(IReadOnlyList<ChainAnswer>, string)> Of(VerbRun run, string query, CancellationToken stop)
    {
        var (answer, text) = await run.Bridge.Read($"/v1/timeline?{query}", CommandJson.Default.TimelineAnswer, stop);
        return (answer.Chains, text);
    }

    static IEnumerable<string> Lines(ChainAnswer chain)
    {
        yield return $"chain {chain.ChainId}";
        foreach (var request in chain.Requests)
        {
            var (_, sign, _) = PageWords.Look(request.State);
            yield return $"  {sign} {RequestWords.Title(request)}  #{VerbRun.PageName(request.Id)}  {RequestWords.Stands(request)}";
        }
        foreach (var entry in StoryEntry.Of(chain.Events))
        {
            yield return $"  {(entry.Read is null ? "" : PageWords.Full(entry.Read.Time)),-23}  {Refusals.Line(entry.Text)}";
        }
    }
}
