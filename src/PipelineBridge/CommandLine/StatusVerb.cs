using System.CommandLine;
using System.Globalization;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Pages;
using PipelineBridge.Bridge.Timeline;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge status</c>: what runs where, apps down and environments across, now or at a time.</summary>
static class StatusVerb
{
    public static Command Command(Surroundings at)
    {
        var names = new Names(at);
        var app = names.App("The app; default: all.");
        var environment = names.Environment("The environment; default: all.");
        app.Arity = environment.Arity = ArgumentArity.ZeroOrOne;
        var time = new Option<string?>("--at") { Description = "As it was then, in UTC where no zone is given.", HelpName = "2026-11-01|2026-11-01T08:00Z" };
        var command = new Command("status", "What runs where, and what is wrong, now; or what ran at a time.") { app, environment, time };
        return VerbRun.Verb(command, at, async (run, stop) =>
        {
            var query = new List<string>();
            var (a, e) = (run.Parsed.GetValue(app), run.Parsed.GetValue(environment));
            Add(query, "app", a);
            Add(query, "environment", e);
            Add(query, "at", run.Parsed.GetValue(time));
            var (answer, text) = await run.Bridge.Read($"/v1/services?{string.Join('&', query)}", CommandJson.Default.ServicesAnswer, stop);
            var isFound = (a is null && e is null) || Cells(answer).Count > 0;
            if (run.IsJson)
            {
                run.Print(text);
                return isFound ? ExitCode.Live : ExitCode.Failed;
            }
            if (!isFound)
            {
                throw await NothingFound.Of(run, a, e, answer, stop);
            }
            foreach (var line in Matrix(answer, run.At.Clock.GetUtcNow()))
            {
                run.Print(line);
            }
            return ExitCode.Live;
        });
    }

    internal static IEnumerable<string> Matrix(ServicesAnswer answer, DateTimeOffset now)
    {
        var cells = Cells(answer);
        if (cells.Count == 0)
        {
            yield return answer.At is { } at ? $"Nothing ran by this bridge at {PageWords.Full(at)}." : "Nothing was deployed by this bridge.";
        }
        foreach (var line in cells.Count == 0 ? [] : TextTable.Lines(Rows(answer, cells, now)))
        {
            yield return line;
        }
        foreach (var incident in answer.Incidents ?? [])
        {
            yield return $"✗ {Trouble(incident)} ({PageWords.Duration((now - incident.Since).TotalSeconds, coarse: true)} ago)";
        }
    }

    /// <summary>What is wrong, and where.</summary>
    internal static string Trouble(OpenIncident incident) => Refusals.Line($"{TroubleList.Place(incident.App, incident.Environment)}: {incident.Cause ?? "something is wrong"}");

    static List<ServiceDocument> Cells(ServicesAnswer answer) => [.. answer.Services.Where(s => s.State != "none" || answer.At is null)];

    static List<IReadOnlyList<string>> Rows(ServicesAnswer answer, List<ServiceDocument> cells, DateTimeOffset now)
    {
        var environments = answer.Environments.Select(e => e.Name).Concat(cells.Select(c => c.Environment)).Distinct(StringComparer.Ordinal).ToList();
        var rows = new List<IReadOnlyList<string>> { new[] { answer.At is { } time ? $"at {PageWords.Minute(time)}" : "" }.Concat(environments).ToList() };
        foreach (var app in cells.GroupBy(c => c.App).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var of = environments.Select(e => app.FirstOrDefault(c => c.Environment == e)).ToList();
            rows.Add([app.Key, .. of.Select(c => Serves(c, answer.At ?? now))]);
            // A newer one that waits or failed is a second line in the same cell.
            if (of.Any(c => Newer(c).Length > 0))
            {
                rows.Add(["", .. of.Select(Newer)]);
            }
            if (of.Any(c => Held(c).Length > 0))
            {
                rows.Add(["", .. of.Select(Held)]);
            }
            if (of.Any(InTrouble))
            {
                rows.Add(["", .. of.Select(c => InTrouble(c) ? "✗ in trouble" : "")]);
            }
        }
        return rows;
        bool InTrouble(ServiceDocument? cell) => cell is not null && (answer.Incidents ?? []).Any(i => i.App == cell.App && i.Environment == cell.Environment);
    }

    static string Serves(ServiceDocument? cell, DateTimeOffset now) => cell switch
    {
        null => "",
        { State: "notknown" } => "? too long ago",
        { Image: null } => "–",
        _ => $"● {RequestWords.Image(cell.Image)} {(cell.Since is { } since ? Since(since, now) : "")}".TrimEnd(),
    };

    static string Newer(ServiceDocument? cell)
    {
        if (cell?.Newer is { } newer)
        {
            var (_, sign, word) = PageWords.Look(newer.State);
            return $"{sign} {(newer.Image is null ? newer.Kind : DeliveryMessage.Version(newer.Image))} {word} #{VerbRun.PageName(newer.Id)}";
        }
        return "";
    }

    static string Held(ServiceDocument? cell) => cell?.Hold is { } hold ? $"‖ held until {PageWords.Minute(hold.Until)}" : "";

    static string Since(DateTimeOffset since, DateTimeOffset now) =>
        (now - since).TotalDays >= 30 ? since.UtcDateTime.ToString("d MMM yyyy", CultureInfo.InvariantCulture) : PageWords.Duration((now - since).TotalSeconds, coarse: true);

    static void Add(List<string> query, string name, string? value)
    {
        if (value is not null)
        {
            query.Add($"{name}={Uri.EscapeDataString(value)}");
        }
    }
}
