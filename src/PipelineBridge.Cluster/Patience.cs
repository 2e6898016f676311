namespace PipelineBridge.Cluster;

/// <summary>Asks a cluster that does not answer again for a minute; a longer outage is the bridge's to wait out.</summary>
static class Patience
{
    /// <summary>How long a cluster is asked again before the work is deferred.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromMinutes(1);

    /// <summary>How long a deferred work waits.</summary>
    public static readonly TimeSpan Deferral = TimeSpan.FromMinutes(1);

    /// <summary>Does something that is safe to do again.</summary>
    public static async Task<T> Try<T>(Func<CancellationToken, Task<T>> act, TimeProvider clock, CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        for (var wait = TimeSpan.FromMilliseconds(500); ; wait = wait < TimeSpan.FromSeconds(8) ? wait * 2 : wait)
        {
            try
            {
                return await act(cancellation);
            }
            catch (ClusterUnreachableException) when (clock.GetElapsedTime(began) + wait < Bound)
            {
                await Task.Delay(wait, clock, cancellation);
            }
        }
    }
}
