using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Pages;

/// <summary>How long the phases of a request took, against what is usual.</summary>
static class PhaseBars
{
    const double WidthPixels = 220;
    const double Noticed = 1;

    /// <summary>How far an open request is: its tasks, and its time against the usual one.</summary>
    public static Html Progress(RequestDocument d, DateTimeOffset now)
    {
        var parts = new List<Html>();
        if (d.Progress is { Total: > 0 } p)
        {
            parts.Add(Html.Of($"<progress value=\"{Math.Clamp(p.Healthy, 0, p.Total)}\" max=\"{p.Total}\" aria-label=\"{p.Healthy} of {p.Total} healthy\"></progress>"));
        }
        if (d.ReleasedAt is { } released && !d.HasEnded)
        {
            var usual = Sum(d.Usual);
            var gone = (now - released).TotalSeconds;
            if (usual > 0)
            {
                parts.Add(Elapsed(d.Usual!, usual, gone));
            }
            parts.Add(Html.Of($"for {PageWords.Duration(gone)}{(usual > 0 ? $", usually {PageWords.Duration(usual)}" : "")}"));
        }
        return parts.Count == 0 ? Html.Empty : Html.Of($"<p>{parts.SelectMany((part, i) => i == 0 ? [part] : new[] { Html.Of($" "), part })}</p>");
    }

    /// <summary>The time gone over the phases as they usually are: each a piece of the track, and past its end it is late.</summary>
    static Html Elapsed(Phases usual, double sum, double gone)
    {
        var whole = Math.Max(sum, gone);
        var pieces = new List<Html>();
        var from = 0.0;
        foreach (var piece in new[] { usual.PushedSeconds, usual.PulledSeconds, usual.HealthySeconds, usual.RoutedSeconds })
        {
            if (piece is { } seconds && seconds / whole * WidthPixels is >= 2 and var width)
            {
                pieces.Add(Html.Of($"<rect class=\"usual\" x=\"{from}\" y=\"9\" height=\"3\" width=\"{width - 1}\"/>"));
                from += width;
            }
        }
        return Html.Of($"<svg class=\"elapsed\" width=\"{WidthPixels}\" height=\"12\" viewBox=\"0 0 {WidthPixels} 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"{(gone > sum ? "late" : "bar")}\" y=\"1\" height=\"7\" width=\"{Width(gone, whole)}\"/>{pieces}</svg>");
    }

    /// <summary>The phases as a table with bars; nothing when none is known but a wait that nobody noticed.</summary>
    public static Html Table(RequestDocument d)
    {
        var (took, usual) = (d.Phases, d.Usual);
        var (rolling, takingBack) = Bad(d);
        var rows = new (string Name, double? Took, double? Usual)[]
        {
            ("waited", took?.WaitedSeconds, usual?.WaitedSeconds),
            ("pushed", took?.PushedSeconds, usual?.PushedSeconds),
            ("pulled", took?.PulledSeconds, usual?.PulledSeconds),
            ("healthy", took?.HealthySeconds, usual?.HealthySeconds),
            ("routed", took?.RoutedSeconds, usual?.RoutedSeconds),
            ("rolling out", rolling, null),
            ("taking back", takingBack, null),
        }.Where(r => r.Took is not null).ToList();
        if (rows is [] or [{ Name: "waited", Took: < Noticed }])
        {
            return Html.Empty;
        }
        var longest = Math.Max(rows.Max(r => Math.Max(r.Took!.Value, r.Usual ?? 0)), 0.001);
        return Html.Of($"""
            <h2>Phases</h2>
            <table class="phases"><thead class="hidden"><tr><th scope="col">Phase</th><th scope="col">Bar</th><th scope="col">Took</th><th scope="col">Usually</th></tr></thead><tbody>{rows.Select(r => Html.Of($"""
            <tr><th scope="row">{r.Name}</th><td><svg width="{WidthPixels}" height="16" viewBox="0 0 {WidthPixels} 16" preserveAspectRatio="none" aria-hidden="true"><rect class="bar" y="2" height="7" width="{Width(r.Took, longest)}"/><rect class="usual" y="11" height="3" width="{Width(r.Usual, longest)}"/></svg></td><td>{PageWords.Duration(r.Took!.Value)}</td><td class="soft">{(r.Usual is { } u ? $"usually {PageWords.Duration(u)}" : "")}</td></tr>
            """))}</tbody></table>
            """);
    }

    /// <summary>What a rollout without a good end took; its stage tells no phases of it.</summary>
    static (double? Rolling, double? TakingBack) Bad(RequestDocument d) =>
        d is { State: RequestState.Failed or RequestState.Cancelled or RequestState.Superseded, Environment: not null, Kind: not "removal", ReleasedAt: { } released, EndedAt: { } ended, Phases: not { PulledSeconds: not null } }
            ? (((d.TakingBackAt ?? ended) - released).TotalSeconds, d.TakingBackAt is { } began ? (ended - began).TotalSeconds : null)
            : default;

    static double Width(double? seconds, double longest) => seconds is { } s ? Math.Max(1, Math.Clamp(s / longest, 0, 1) * WidthPixels) : 0;

    static double Sum(Phases? p) => p is null ? 0 : (p.PushedSeconds ?? 0) + (p.PulledSeconds ?? 0) + (p.HealthySeconds ?? 0) + (p.RoutedSeconds ?? 0);
}
