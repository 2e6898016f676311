namespace PipelineBridge.Cluster.Engine;

/// <summary>All containers of an app on all hosts, by the deployments that made them.</summary>
sealed class EngineApp
{
    // A task without a check is good once it ran as long as this: one that cannot run is over sooner.
    static readonly TimeSpan ShortestRun = TimeSpan.FromSeconds(2);

    IReadOnlyList<EngineContainer>? current;

    readonly IReadOnlyDictionary<EngineHost, DateTimeOffset> times;
    readonly DateTimeOffset now;

    EngineApp(IReadOnlyList<EngineContainer> containers, IReadOnlyDictionary<string, ProbeAnswer> answers, IReadOnlyDictionary<EngineHost, DateTimeOffset> times, DateTimeOffset now) =>
        (Containers, Answers, this.times, this.now) = (containers, answers, times, now);

    /// <summary>All of them, those that ran before a deployment too.</summary>
    public IReadOnlyList<EngineContainer> Containers { get; }

    /// <summary>What the containers that are asked by HTTP answered, by id.</summary>
    public IReadOnlyDictionary<string, ProbeAnswer> Answers { get; }

    /// <summary>The tasks.</summary>
    public IEnumerable<EngineContainer> Tasks => Containers.Where(c => c.Number is not null && c.Mark is not null);

    /// <summary>The tasks of the newest deployment that left some.</summary>
    public IReadOnlyList<EngineContainer> Current => current ??= Tasks.GroupBy(t => t.Mark!)
        // What was made to take a deployment back stands above it; a replay has the sequence of what it replays.
        .OrderByDescending(g => (g.Key.Sequence, g.Key.TakesBack, g.Max(MadeAt))).FirstOrDefault()?.OrderBy(t => t.Number).ToList() ?? [];

    /// <summary>The tasks of older deployments.</summary>
    public IEnumerable<EngineContainer> Old => Tasks.Except(Current);

    /// <summary>Of what is there now; those that run are asked how they are.</summary>
    public static async Task<EngineApp> Of(IReadOnlyList<EngineContainer> containers, Func<EngineContainer, CancellationToken, Task<ProbeAnswer>> ask, TimeProvider clock, CancellationToken cancellation)
    {
        var answers = await Task.WhenAll(containers.Where(c => c is { IsRunning: true, HealthPath: not null }).Select(async c => (c.Id, Answer: await ask(c, cancellation))));
        var times = await Task.WhenAll(containers.Select(c => c.Host).Distinct().Select(async h => (Host: h, Time: await h.Now(cancellation))));
        return new EngineApp(containers, answers.ToDictionary(a => a.Id, a => a.Answer), times.ToDictionary(t => t.Host, t => t.Time), clock.GetUtcNow());
    }

    /// <summary>When a container was made, by our clock: each engine has one of its own, and it may be wrong.</summary>
    public DateTimeOffset MadeAt(EngineContainer container) => now - (times[container.Host] - container.CreatedAt);

    /// <summary>How long a container has been running.</summary>
    TimeSpan? RunsFor(EngineContainer container) => times[container.Host] - container.StartedAt;

    /// <summary>As the rollout policy sees it; null when there is no task.</summary>
    public AppSnapshot? Snapshot()
    {
        if (Current is not [var first, ..])
        {
            return null;
        }
        var mark = first.Mark!;
        var images = Current.Select(c => c.Image).Distinct().ToList();
        return new AppSnapshot
        {
            Definition = $"{mark.Sequence}{(mark.TakesBack ? " taken back" : "")}",
            WrittenAt = Current.Min(MadeAt),
            Mark = mark,
            Image = images is [var image] ? image : string.Join(", ", images),
            Wanted = first.Replicas,
            HasHealthCheck = Current.Any(c => c.HasHealthCheck),
            IsMoving = false,
            IsHopeless = Current.Any(c => c.IsHopeless),
            Tasks = [.. Current.Select(c => new AppTask(c.Name, c.Host.Options.Address, c.Port(), StateOf(c), true))],
            Source = this,
        };
    }

    /// <summary>One of <see cref="AppTaskState"/>.</summary>
    public string StateOf(EngineContainer container) => container switch
    {
        { IsToBeStarted: true } => AppTaskState.Staging,
        { State.Paused: true } => AppTaskState.Unhealthy,
        { IsRunning: false } => AppTaskState.Failed,
        { HealthPath: not null } => Answers.TryGetValue(container.Id, out var answer) && answer.IsGood ? AppTaskState.Healthy
            : RunsFor(container) < TimeSpan.FromSeconds(container.HealthGraceSeconds) ? AppTaskState.Running : AppTaskState.Unhealthy,
        { State.Health.Status: "healthy" } => AppTaskState.Healthy,
        { State.Health.Status: "unhealthy" } => AppTaskState.Unhealthy,
        { HasHealthCheck: true } => AppTaskState.Running,
        _ => RunsFor(container) < ShortestRun ? AppTaskState.Starting : AppTaskState.Running,
    };
}
