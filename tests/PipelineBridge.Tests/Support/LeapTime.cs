namespace PipelineBridge.Tests.Support;

/// <summary>
/// The real time, which leaps to its end whenever a wait is over after a part of it: waits are short, and a machine that
/// is slow meanwhile seems no slower than it is.
/// </summary>
/// <param name="times">How many times as short a wait is.</param>
/// <param name="upTo">Longer waits are real: they are for what should not happen.</param>
sealed class LeapTime(int times, TimeSpan? upTo = null) : TimeProvider
{
    readonly int times = times;
    readonly TimeSpan longest = upTo ?? TimeSpan.MaxValue;
    long leapt;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Volatile.Read(ref leapt));

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => System.GetElapsedTime(0).Ticks + Volatile.Read(ref leapt);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(callback, state, this);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Leaps to a time that has not come yet.</summary>
    void To(long timestamp)
    {
        long seen;
        do
        {
            seen = Volatile.Read(ref leapt);
            if (System.GetElapsedTime(0).Ticks + seen >= timestamp)
            {
                return;
            }
        }
        while (Interlocked.CompareExchange(ref leapt, timestamp - System.GetElapsedTime(0).Ticks, seen) != seen);
    }

    sealed class Timer : ITimer
    {
        readonly LeapTime time;
        readonly ITimer timer;
        long end;

        public Timer(TimerCallback callback, object? state, LeapTime time)
        {
            this.time = time;
            timer = System.CreateTimer(_ =>
            {
                time.To(Volatile.Read(ref end));
                callback(state);
            }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            // Waits that begin again by themselves are not for this clock.
            period.Should().Be(Timeout.InfiniteTimeSpan);
            if (dueTime <= TimeSpan.Zero)
            {
                return timer.Change(dueTime, period);
            }
            Volatile.Write(ref end, time.GetTimestamp() + dueTime.Ticks);
            return timer.Change(dueTime > time.longest ? dueTime : dueTime / time.times, period);
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
