namespace PipelineBridge.Cluster.Engine;

/// <summary>Wakes when an engine tells that something happened to a container with these labels.</summary>
sealed class EngineChanges : IClusterChanges
{
    static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(2);

    // A task that is asked by HTTP makes no event when it comes up. It is asked again after a tenth of the time that
    // it has taken, within these bounds, so that what comes up fast is told fast and what is slow costs little.
    static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(500);

    // Whoever watches many apps looks at all of them each time: what happens within this time is one look.
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    readonly CancellationTokenSource stop = new();
    readonly SemaphoreSlim changed = new(0, 1);
    readonly Task listening;
    readonly TimeProvider clock;
    readonly long began;
    readonly TimeSpan? between;
    long waited;

    /// <param name="between">How long it waits at most; null: the longer it waits already, the longer.</param>
    public EngineChanges(IReadOnlyList<EngineHost> hosts, IReadOnlyList<string> labels, TimeProvider clock, TimeSpan? between = null)
    {
        (this.clock, this.between, began) = (clock, between, clock.GetTimestamp());
        waited = began;
        listening = Task.WhenAll(hosts.Select(h => Listen(h, labels)));
    }

    public async Task Wait(TimeSpan atMost, CancellationToken cancellation)
    {
        if (between is not null && Pause - clock.GetElapsedTime(waited) is var pause && pause > TimeSpan.Zero)
        {
            await Task.Delay(pause, clock, cancellation);
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var longest = between ?? TimeSpan.FromTicks(Math.Clamp(clock.GetElapsedTime(began).Ticks / 10, Shortest.Ticks, Longest.Ticks));
        var late = Task.Delay(atMost < longest ? atMost : longest, clock, limit.Token);
        var woken = changed.WaitAsync(limit.Token);
        await Task.WhenAny(late, woken);
        await limit.CancelAsync();
        await Task.WhenAll(late, woken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        waited = clock.GetTimestamp();
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
        changed.Dispose();
    }

    async Task Listen(EngineHost host, IReadOnlyList<string> labels)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await host.Listen(labels, Wake, stop.Token);
            }
            catch (Exception e) when (e is ClusterUnreachableException or ClusterRefusedException)
            {
                // Looking again by the clock goes on.
            }
            Wake();
            await Task.Delay(BetweenTries, clock, stop.Token);
        }
    }

    void Wake()
    {
        lock (changed)
        {
            if (changed.CurrentCount == 0)
            {
                changed.Release();
            }
        }
    }
}
