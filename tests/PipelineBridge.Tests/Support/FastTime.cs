namespace PipelineBridge.Tests.Support;

/// <summary>The real time, so many times as fast: waits of half a minute are over in a moment, in the order they would be.</summary>
sealed class FastTime(int times) : TimeProvider
{
    readonly DateTimeOffset began = System.GetUtcNow();
    readonly long beganStamp = System.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => began + (System.GetElapsedTime(beganStamp) * times);

    public override long GetTimestamp() => beganStamp + ((System.GetTimestamp() - beganStamp) * times);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(System.CreateTimer(callback, state, Shorter(dueTime), Shorter(period)), this);

    TimeSpan Shorter(TimeSpan wait) => wait > TimeSpan.Zero ? wait / times : wait;

    sealed class Timer(ITimer timer, FastTime time) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(time.Shorter(dueTime), time.Shorter(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
