using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;

namespace PipelineBridge.CommandLine;

/// <summary>The lines of a request as a terminal shows it while it goes on.</summary>
static class RequestBlock
{
    const int BarWidth = 10;
    const int MostTasks = 12;

    /// <summary>The lines, none longer than the width where it can be helped.</summary>
    public static IEnumerable<string> Of(RequestDocument d, DateTimeOffset now, int width)
    {
        var until = d.EndedAt ?? now;
        yield return $"{RequestWords.Title(d)}   #{VerbRun.PageName(d.Id)}   {State(d)}   {RequestWords.Clock((until - d.AskedAt).TotalSeconds)}";
        if (d.Environment is null)
        {
            if (!d.HasEnded && d.WaitingFor is { } what)
            {
                yield return Row("◐", "waits", what);
            }
            yield break;
        }
        if (d.ReleasedAt is { } released)
        {
            yield return Row("●", "queued", RequestWords.Clock((released - d.AskedAt).TotalSeconds));
        }
        else if (!d.HasEnded)
        {
            yield return Row("◐", "queued", d.WaitingFor is { } what ? $"waits for {what}" : "accepted");
        }
        if (d.Kind == "removal" || (d.HasEnded && d.Progress is null && d.Phases is null))
        {
            yield break;
        }
        var p = d.Progress;
        var tasks = p?.Tasks ?? [];
        var pulled = d.Phases?.PulledSeconds;
        var running = tasks.Count(t => t.State is not ("staging" or "starting"));
        yield return pulled is { } took ? Row("●", "pulled", RequestWords.Clock(took) + Usual(d.Usual?.PulledSeconds))
            : p is { Total: > 0 } && running >= p.Total ? Row("●", "pulled", "")
            : Row(d.ReleasedAt is null ? "○" : "◐", "pulled", (tasks.Count > 0 ? $"{running} of {p!.Total}" : "") + Usual(d.Usual?.PulledSeconds));
        var name = p?.Phase == "takingback" ? "taken back" : "healthy";
        yield return p is { Total: > 0 }
            ? Row(p.Healthy >= p.Total ? "●" : "◐", name, $"{p.Healthy} of {p.Total}   {Bar(p.Healthy, p.Total)}{Usual(d.Usual?.HealthySeconds)}")
            : Row(d.Phases?.HealthySeconds is null ? "○" : "●", name, d.Phases?.HealthySeconds is { } healthy ? RequestWords.Clock(healthy) : "");
        if (!d.HasEnded)
        {
            foreach (var line in Lines(tasks.Take(MostTasks).Select(Task), width))
            {
                yield return line;
            }
            if (tasks.Count > MostTasks)
            {
                yield return $"      and {tasks.Count - MostTasks} more";
            }
            if (p?.Waiting is { } waiting)
            {
                yield return $"      {Refusals.Line(waiting)}";
            }
        }
        if (d.Phases?.RoutedSeconds is { } routed)
        {
            yield return Row("●", "routed", RequestWords.Clock(routed));
        }
    }

    static string State(RequestDocument d) => d.State switch
    {
        RequestState.Running when d.Progress?.Phase == "takingback" => "taking back",
        RequestState.Running when d.Kind == "removal" => "removing",
        RequestState.Running when d.Environment is not null => "rolling out",
        RequestState.Succeeded when d.Environment is not null && d.Kind != "removal" => "live",
        _ => d.State,
    };

    internal static string Row(string sign, string name, string text) => $"  {sign} {name,-10} {Refusals.Line(text)}".TrimEnd();

    static string Usual(double? seconds) => seconds is { } s ? $"   usual {RequestWords.Clock(s)}" : "";

    internal static string Bar(long done, long total)
    {
        var full = (int)Math.Clamp(done * BarWidth / Math.Max(1, total), 0, BarWidth);
        return new string('█', full) + new string('░', BarWidth - full);
    }

    static IEnumerable<string> Lines(IEnumerable<string> tasks, int width)
    {
        const string Indent = "      ";
        var line = "";
        foreach (var task in tasks)
        {
            if (line.Length > 0 && line.Length + 3 + task.Length > width)
            {
                yield return line;
                line = "";
            }
            line += line.Length == 0 ? Indent + task : "   " + task;
        }
        if (line.Length > 0)
        {
            yield return line;
        }
    }

    static string Task(TaskProgress t) => $"{(t.Host is null ? t.Id : t.Port is null ? t.Host : $"{t.Host}:{t.Port}")}  {t.State}";
}
