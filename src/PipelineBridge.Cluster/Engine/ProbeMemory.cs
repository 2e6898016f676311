using System.Collections.Concurrent;

namespace PipelineBridge.Cluster.Engine;

/// <summary>
/// Asks tasks for whoever looks at them again and again: one that is healthy is asked once an interval, and stays so
/// until as many checks in a row failed as its specification says.
/// </summary>
sealed class ProbeMemory(EngineProbe probe, TimeProvider clock)
{
    // Half of the time between two looks: an interval that is over a moment after a look must not last until the next.
    static readonly TimeSpan Early = WatchedEngines.BetweenLooks / 2;

    readonly ConcurrentDictionary<string, Remembered> known = new(StringComparer.Ordinal);

    /// <summary>How a task is now, as far as that is to be known.</summary>
    public async Task<ProbeAnswer> Ask(EngineContainer container, CancellationToken cancellation)
    {
        var before = known.GetValueOrDefault(Key(container));
        if (before is { Shown.IsGood: true } && clock.GetElapsedTime(before.At) + Early < TimeSpan.FromSeconds(container.HealthIntervalSeconds))
        {
            return before.Shown;
        }
        var at = clock.GetTimestamp();
        var answer = await probe.Ask(container, cancellation);
        var failures = answer.IsGood ? 0 : (before?.Failures ?? 0) + 1;
        var shown = before is { Shown.IsGood: true } && failures < container.HealthFailures ? before.Shown : answer;
        known[Key(container)] = new(shown, failures, at);
        return shown;
    }

    /// <summary>Forgets the tasks that are not there any more.</summary>
    public void Keep(IEnumerable<EngineContainer> containers)
    {
        foreach (var gone in known.Keys.Except(containers.Select(Key)).ToList())
        {
            known.TryRemove(gone, out _);
        }
    }

    // One that was started again begins anew.
    static string Key(EngineContainer container) => $"{container.Id} {container.State.StartedAt}";

    sealed record Remembered(ProbeAnswer Shown, int Failures, long At);
}
