namespace PipelineBridge.Registry.Oci;

/// <summary>The quick repetitions of one request: 0.25 s, then doubled up to 8 s, until 30 s after the first failure.</summary>
sealed class Backoff(TimeProvider clock)
{
    /// <summary>How long a failing request is repeated before the work waits instead.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(8);

    TimeSpan next = First;
    long? firstFailure;

    /// <summary>Waits before the next try; false, at once, when there is to be none.</summary>
    public async Task<bool> Wait(TimeSpan? asked, CancellationToken cancellation)
    {
        firstFailure ??= clock.GetTimestamp();
        // Not all at the same moment after a registry came back.
        var delay = asked is { } wanted && wanted > next ? wanted : next * (0.8 + 0.4 * Random.Shared.NextDouble());
        if (clock.GetElapsedTime(firstFailure.Value) + delay > Bound)
        {
            return false;
        }
        await Task.Delay(delay, clock, cancellation);
        next = next * 2 < Longest ? next * 2 : Longest;
        return true;
    }

    /// <summary>Something was gained: the next failure is a first one.</summary>
    public void Progressed()
    {
        firstFailure = null;
        next = First;
    }
}
