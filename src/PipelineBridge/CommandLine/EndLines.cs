using System.Globalization;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Pages;
using PipelineBridge.Events;

namespace PipelineBridge.CommandLine;

/// <summary>The last lines about a request: a good end in one, a failure with its cause and evidence, so that nobody scrolls.</summary>
static class EndLines
{
    const int MostEvidence = 5;
    const int LinesOfOne = 5;

    public static async Task<IReadOnlyList<string>> Of(RequestDocument d, BridgeCalls bridge, CancellationToken stop)
    {
        if (d.State == RequestState.Succeeded)
        {
            return [Good(d), .. (d.Warnings ?? []).Select(w => $"  warning   {Refusals.Line(w)}")];
        }
        var lines = new List<string>
        {
            d.State == RequestState.Failed
                ? $"FAILED  {RequestWords.Title(d)}  {(d.Category is null ? "" : $"{d.Category}: ")}{Refusals.Line(d.Cause ?? "no cause is told")}"
                : $"{d.State.ToUpperInvariant()}  {RequestWords.Title(d)}  {RequestWords.Stands(d)}",
        };
        foreach (var evidence in (d.Evidence ?? []).Take(MostEvidence))
        {
            lines.AddRange(await Of(evidence, bridge, stop));
        }
        if (d.State == RequestState.Failed && d.Environment is not null)
        {
            lines.Add($"  now running    {(d.NowRunning is null ? "not known" : RequestWords.Image(d.NowRunning))}{(d.Effect == WorkEffect.TakenBack ? ", taken back to it" : d.Effect == WorkEffect.Unknown ? "; what the rollout left is not known" : "")}");
        }
        lines.Add($"  to see more    {d.TimelineUrl}");
        if (d.State == RequestState.Failed && d is { Kind: "deployment", Image: not null })
        {
            lines.Add($"  to retry       pipelinebridge deploy {d.App} {d.Environment} {d.Image}");
        }
        return lines;
    }

    static string Good(RequestDocument d)
    {
        if (d.Environment is null || d.Kind == "removal" || d.AlreadyLive == true)
        {
            return $"{RequestWords.Title(d)}  {RequestWords.Stands(d)}{(d.Kind == "push" ? $"  {d.Image}" : "")}";
        }
        var was = d.PreviousImage is { } previous && previous != d.Image ? $", was {RequestWords.Image(previous)}" : "";
        var usual = Sum(d.Usual) is > 0 and var u ? $" (usual {PageWords.Duration(u)})" : "";
        var phases = new (string Name, double? Seconds)[]
        {
            ("pull", d.Phases?.PulledSeconds), ("healthy", d.Phases?.HealthySeconds), ("route", d.Phases?.RoutedSeconds),
        }.Where(p => p.Seconds is not null).Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Name} {p.Seconds:0.#}")).ToList();
        var took = PageWords.Duration(((d.EndedAt ?? d.AskedAt) - d.AskedAt).TotalSeconds);
        return $"{d.App} is live on {d.Environment}: {RequestWords.Image(d.Image)}{was}. {took}{usual}{(phases.Count == 0 ? "" : ": " + string.Join(", ", phases))}"
            + (d.Unchecked == true ? " (unchecked: no health check)" : "");
    }

    static double Sum(Phases? p) => p is null ? 0 : (p.PulledSeconds ?? 0) + (p.HealthySeconds ?? 0) + (p.RoutedSeconds ?? 0);

    static async Task<IEnumerable<string>> Of(Evidence evidence, BridgeCalls bridge, CancellationToken stop)
    {
        string text;
        if (evidence.Blob is null)
        {
            text = $"not at hand: {evidence.Missing}";
        }
        else
        {
            try
            {
                var (answer, trouble) = await bridge.TryRead($"/v1/blobs/{evidence.Blob}", 0, stop);
                text = answer?.Text ?? $"not read, {trouble}; it is the blob {evidence.Blob}";
            }
            catch (VerbException)
            {
                text = $"not read; it is the blob {evidence.Blob}";
            }
        }
        var last = text.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(LinesOfOne);
        return last.Select((line, i) => $"  {(i == 0 ? evidence.Name : ""),-14} {Refusals.Line(line)}");
    }
}
