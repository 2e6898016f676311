using System.Threading.Channels;

namespace PipelineBridge.Bridge.Work.Broker;

/// <summary>Wakes one waiter; set while nobody waits, the next wait is over at once.</summary>
sealed class Signal(TimeProvider clock)
{
    readonly Channel<bool> set = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => set.Writer.TryWrite(true);

    /// <summary>Waits until it is set, at most so long.</summary>
    public async Task Wait(TimeSpan most, CancellationToken cancellation)
    {
        using var timer = clock.CreateTimer(_ => Set(), null, most > TimeSpan.Zero ? most : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        await set.Reader.ReadAsync(cancellation);
    }
}
