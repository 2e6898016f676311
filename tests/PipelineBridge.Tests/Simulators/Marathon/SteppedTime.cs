namespace PipelineBridge.Tests.Simulators.Marathon;

/// <summary>A clock that moves only when it is told to, and then takes every timer in the order it is due.</summary>
sealed class SteppedTime : TimeProvider
{
    readonly Lock gate = new();
    readonly List<Timer> timers = [];
    DateTimeOffset now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            return now;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Step(double seconds)
    {
        var end = GetUtcNow() + TimeSpan.FromSeconds(seconds);
        while (Next(end) is { } due)
        {
            due();
        }
    }

    Action? Next(DateTimeOffset end)
    {
        lock (gate)
        {
            var timer = timers.Where(one => one.Due <= end).MinBy(one => one.Due);
            if (timer is null)
            {
                now = end;
                return null;
            }

            now = timer.Due > now ? timer.Due : now;
            if (timer.Period > TimeSpan.Zero)
            {
                timer.Due = now + timer.Period;
            }
            else
            {
                timers.Remove(timer);
            }

            return timer.Call;
        }
    }

    sealed class Timer(SteppedTime time, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset Due { get; set; }

        public TimeSpan Period { get; private set; }

        public void Call() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time.gate)
            {
                time.timers.Remove(this);
                if (dueTime >= TimeSpan.Zero)
                {
                    Due = time.now + dueTime;
                    Period = period > TimeSpan.Zero ? period : TimeSpan.Zero;
                    time.timers.Add(this);
                }

                return true;
            }
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
