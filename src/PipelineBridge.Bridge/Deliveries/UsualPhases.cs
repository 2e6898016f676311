using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>What a deployment of an app in an environment usually takes: the median of each phase of the last good ones.</summary>
static class UsualPhases
{
    /// <summary>How many good ones are looked at.</summary>
    public const int Kept = 9;

    public static Phases? Of(IReadOnlyList<Phases> recent) => recent.Count == 0 ? null : new Phases
    {
        PulledSeconds = Median(recent.Select(p => p.PulledSeconds)),
        HealthySeconds = Median(recent.Select(p => p.HealthySeconds)),
        RoutedSeconds = Median(recent.Select(p => p.RoutedSeconds)),
    };

    static double? Median(IEnumerable<double?> values)
    {
        var sorted = values.OfType<double>().Order().ToList();
        return sorted.Count == 0 ? null : sorted[sorted.Count / 2];
    }
}
