using System.CommandLine;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Pages;
using PipelineBridge.Events;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge explain</c>: what runs, since when, by whom, and why not the newer one.</summary>
static class ExplainVerb
{
    public static Command Command(Surroundings at)
    {
        var names = new Names(at);
        var (app, environment) = (names.App(), names.Environment());
        var command = new Command("explain", "What an app runs in an environment, since when, by whom, and why not the newer one.") { app, environment };
        return VerbRun.Verb(command, at, async (run, stop) =>
        {
            var (a, e) = (run.Parsed.GetValue(app)!, run.Parsed.GetValue(environment)!);
            var (answer, text) = await run.Bridge.Read($"/v1/services?app={Uri.EscapeDataString(a)}&environment={Uri.EscapeDataString(e)}", CommandJson.Default.ServicesAnswer, stop);
            if (run.IsJson)
            {
                run.Print(text);
                return answer.Services.Count > 0 ? ExitCode.Live : ExitCode.Failed;
            }
            if (answer.Services is not [var cell, ..])
            {
                throw await NothingFound.Of(run, a, e, answer, stop);
            }
            var brought = cell.RequestId is { } id ? (await run.Bridge.Read($"/v1/requests/{id}", CommandJson.Default.RequestDocument, stop)).Document : null;
            foreach (var line in Lines(cell, answer.Incidents ?? [], brought, run.At.Clock.GetUtcNow()))
            {
                run.Print(line);
            }
            return ExitCode.Live;
        });
    }

    static IEnumerable<string> Lines(ServiceDocument cell, IReadOnlyList<OpenIncident> incidents, RequestDocument? brought, DateTimeOffset now)
    {
        yield return cell.Image is null
            ? $"{cell.App} does not run on {cell.Environment}."
            : $"{cell.App} runs {RequestWords.Image(cell.Image)} on {cell.Environment}{(cell.Since is { } since ? $" since {PageWords.Full(since)}, {PageWords.Duration((now - since).TotalSeconds, coarse: true)} ago" : "")}.";
        if (brought is not null)
        {
            yield return $"  brought by   {brought.Kind} #{VerbRun.PageName(brought.Id)}{By(brought.By)}{Build(brought.Build)}";
            yield return $"  its story    {brought.TimelineUrl}";
        }
        foreach (var incident in incidents)
        {
            yield return $"In trouble since {PageWords.Full(incident.Since)}, {PageWords.Duration((now - incident.Since).TotalSeconds, coarse: true)} ago: {StatusVerb.Trouble(incident)}";
        }
        if (incidents.Any(i => i.App == cell.App))
        {
            yield return $"  what to do   look at the cluster; to set right what runs: pipelinebridge deploy {cell.App} {cell.Environment}";
        }
        if (cell.Hold is { } hold)
        {
            yield return $"  held         until {PageWords.Full(hold.Until)}{By(hold.By)}: {Refusals.Line(hold.Reason)}";
        }
        if (cell.Newer is { } newer)
        {
            yield return $"Not the newer {newer.Kind} #{VerbRun.PageName(newer.Id)}{By(newer.By)}{Build(newer.Build)}: {RequestWords.Stands(newer)}";
            if (newer.Category is not null)
            {
                yield return $"  why          {newer.Category}: {Refusals.Line(newer.Cause ?? "")}";
            }
            yield return $"  what to do   {ToDo(newer)}";
        }
    }

    // Never a deployment without an image: that brings what runs, and not what is newer.
    static string ToDo(RequestDocument newer) => newer switch
    {
        { HasEnded: false } => $"pipelinebridge await {VerbRun.PageName(newer.Id)}",
        { Kind: "deployment", Category: FailureCategory.Image } when ImageReference.TryParse(newer.Image ?? "", out var image, out _) && image is { Tag: { } tag } =>
            $"push the tag first: pipelinebridge push {newer.App} {image.Name}:{tag}; then pipelinebridge deploy {newer.App} {newer.Environment} {image.Name}:{tag}",
        { Kind: "deployment", Category: FailureCategory.Health } => $"mend it, and deploy the new version: pipelinebridge deploy {newer.App} {newer.Environment} IMAGE",
        _ => $"look at the delivery: pipelinebridge timeline {VerbRun.PageName(newer.Id)}",
    };

    static string By(Actor? by) => by is null ? "" : by.Person is { } person ? $" by {Refusals.Line(person)} (key {by.Key})" : $" by the key {by.Key}";

    static string Build(BuildReference? build) => build is null ? "" : $", build {Refusals.Line(build.Job ?? "")}{(build.Number is { } number ? $" #{number}" : "")}".TrimEnd();
}
