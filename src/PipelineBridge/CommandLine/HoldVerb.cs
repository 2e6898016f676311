using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge hold</c>: later deployments of an app wait.</summary>
static class HoldVerb
{
    static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    public static Command Command(Surroundings at)
    {
        var names = new Names(at);
        var (app, environment) = (names.App(), names.Environment());
        var reason = new Option<string?>("--reason") { Description = "Why, for those who wait.", HelpName = "text" };
        var until = new Option<string?>("--until") { Description = "When it ends by itself: a time, or how long from now.", HelpName = "2h|3d|2026-11-25T08:00Z" };
        var lift = new Option<bool>("--lift") { Description = "End the hold now." };
        var command = new Command("hold", "Let later deployments of an app wait; a rollback passes.") { app, environment, reason, until, lift };
        AskOptions.AddTo(command, waits: false);
        return VerbRun.Verb(command, at, async (run, stop) =>
        {
            var (a, e) = (run.Parsed.GetValue(app)!, run.Parsed.GetValue(environment)!);
            var path = $"/v1/holds/{Uri.EscapeDataString(a)}/{Uri.EscapeDataString(e)}";
            var body = new JsonObject();
            string done;
            HttpMethod method;
            if (run.Parsed.GetValue(lift))
            {
                if (run.Parsed.GetValue(reason) is not null || run.Parsed.GetValue(until) is not null)
                {
                    throw new VerbException(ExitCode.WrongUse, "--lift ends a hold; --reason and --until begin one.", "Give --lift alone, or the other two.");
                }
                (method, done) = (HttpMethod.Delete, $"{a} → {e} is held no longer.");
            }
            else
            {
                var time = Until(run.Parsed.GetValue(until), run.At.Clock.GetUtcNow());
                body["reason"] = run.Parsed.GetValue(reason) is { Length: > 0 } why ? why
                    : throw new VerbException(ExitCode.WrongUse, "--reason is missing.", "Say why, for those who wait: --reason \"database migration\".");
                body["until"] = time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
                (method, done) = (HttpMethod.Put, $"{a} → {e} is held until {time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC: {Refusals.Line(why)}\n  to end it   pipelinebridge hold {a} {e} --lift");
            }
            var (_, text) = await run.Ask(method, path, body, stop);
            run.Print(run.IsJson ? text : done);
            return ExitCode.Live;
        });
    }

    /// <summary>A time, or a number with <c>m</c>, <c>h</c> or <c>d</c> behind it from now.</summary>
    internal static DateTimeOffset Until(string? text, DateTimeOffset now)
    {
        const string Right = "Give how long from now, 30m, 2h or 3d, or a time, 2026-11-25T08:00Z.";
        if (text is null)
        {
            throw new VerbException(ExitCode.WrongUse, "--until is missing: a hold ends by itself.", Right);
        }
        if (text.Length > 1 && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && "mhd".Contains(text[^1], StringComparison.Ordinal))
        {
            var minutes = number * (text[^1] switch { 'm' => 1.0, 'h' => 60, _ => 1440 });
            return minutes > 0 && minutes <= Longest.TotalMinutes ? now.AddMinutes(minutes) : throw new VerbException(ExitCode.WrongUse, $"--until {text} is not between a minute and a year.", Right);
        }
        // A time of which nobody knows the zone is a guess.
        var isTime = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            && (text.EndsWith('Z') || text.LastIndexOf('+') > 9 || text.LastIndexOf('-') > 9);
        return isTime ? time : throw new VerbException(ExitCode.WrongUse, $"--until \"{text}\" is no time with its zone.", Right);
    }
}
