namespace PipelineBridge.Simulators.Marathon;

/// <summary>The one lock around the simulated cluster, and what is to happen in it later, in the order it is due.</summary>
sealed class Agenda : IDisposable
{
    readonly Lock gate = new();
    readonly PriorityQueue<Appointment, (DateTimeOffset Due, long Number)> appointments = new();
    readonly TimeProvider time;
    readonly ITimer timer;
    long last;
    bool ended;

    public Agenda(TimeProvider time)
    {
        this.time = time;
        timer = time.CreateTimer(_ => RunDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Runs after every act, still in the lock: deployments take their next step here.</summary>
    public Action Settle { get; set; } = () => { };

    public T Do<T>(Func<T> act)
    {
        lock (gate)
        {
            var result = act();
            Settle();
            SetTimer();
            return result;
        }
    }

    public void Do(Action act) => Do(() =>
    {
        act();
        return true;
    });

    public Appointment After(TimeSpan wait, Action act)
    {
        lock (gate)
        {
            var due = Now + wait;
            var appointment = new Appointment(act, due);
            appointments.Enqueue(appointment, (due, ++last));
            SetTimer();
            return appointment;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            ended = true;
            appointments.Clear();
        }

        timer.Dispose();
    }

    void RunDue()
    {
        lock (gate)
        {
            while (!ended && appointments.TryPeek(out var next, out _) && next.Due <= Now)
            {
                appointments.Dequeue();
                if (!next.Cancelled)
                {
                    next.Act();
                    Settle();
                }
            }

            SetTimer();
        }
    }

    void SetTimer()
    {
        if (!ended && appointments.TryPeek(out var next, out _))
        {
            var wait = next.Due - Now;
            timer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}

/// <summary>One thing that happens later unless it is cancelled.</summary>
sealed class Appointment(Action act, DateTimeOffset due)
{
    public Action Act { get; } = act;

    public DateTimeOffset Due { get; } = due;

    public bool Cancelled { get; set; }
}
