using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster.Watching;

/// <summary>One app under watch: what was told of it, and what is open.</summary>
sealed class WatchedService(AppKey app, IWatchedCluster cluster, TimeProvider clock)
{
    // What is over by itself within this time is no trouble: a task that is started again, a check that fails once.
    static readonly TimeSpan Lasting = TimeSpan.FromSeconds(15);
    static readonly TimeSpan LoopWindow = TimeSpan.FromMinutes(5);
    static readonly TimeSpan LongestUnasked = TimeSpan.FromSeconds(30);
    const int Loop = 3;

    readonly Incident trouble = new(app, "service");
    readonly Incident drift = new(app, "drift");
    readonly List<(DateTimeOffset At, string How)> ends = [];
    IReadOnlyList<ServiceEndpoint>? told;
    DateTimeOffset? badSince;
    string? askedOf;
    DateTimeOffset askedAt;
    ExpectedDeployment? expected;

    /// <summary>It is there.</summary>
    public async Task Seen(WatchedSnapshot seen, WatcherEvents events, IBridgeClient bridge, CancellationToken cancellation)
    {
        if (told is null || !told.SequenceEqual(seen.Endpoints))
        {
            await Tell(seen.Endpoints, events, cancellation);
        }
        ends.AddRange(seen.Ends);
        ends.RemoveAll(e => e.At < clock.GetUtcNow() - LoopWindow);
        var wrong = Wrong(seen);
        if (seen.Now.Definition != askedOf || wrong is not null || seen.SlippedPast is not null || trouble.IsOpen || drift.IsOpen || clock.GetUtcNow() - askedAt > LongestUnasked)
        {
            expected = await bridge.Expected(app.App, app.Environment, cancellation);
            (askedOf, askedAt) = (seen.Now.Definition, clock.GetUtcNow());
        }
        if (expected?.Moving == true || seen.Now.IsMoving)
        {
            // A rollout tells of itself, and of how its tasks end.
            badSince = null;
            ends.Clear();
            return;
        }
        badSince = wrong is null ? null : badSince ?? clock.GetUtcNow();
        if (wrong is null || clock.GetUtcNow() - badSince >= Lasting || ends.Count >= Loop)
        {
            await trouble.Is(wrong, FailureCategory.Health, expected?.Image, expected?.ChainId, events, cancellation);
        }
        await Drift(seen, events, cancellation);
    }

    /// <summary>It is not there; true when nobody expects it to be.</summary>
    public async Task<bool> Gone(WatcherEvents events, IBridgeClient bridge, CancellationToken cancellation)
    {
        if (told is null or { Count: > 0 })
        {
            await Tell([], events, cancellation);
        }
        expected = await bridge.Expected(app.App, app.Environment, cancellation);
        askedOf = null;
        if (expected is { Moving: false })
        {
            await drift.Is("Somebody else removed it from the cluster.", FailureCategory.Cluster, expected.Image, expected.ChainId, events, cancellation);
        }
        else if (expected is null)
        {
            await drift.Is(null, FailureCategory.Cluster, null, null, events, cancellation);
            await trouble.Is(null, FailureCategory.Health, null, null, events, cancellation);
        }
        return expected is null;
    }

    async Task Tell(IReadOnlyList<ServiceEndpoint> list, WatcherEvents events, CancellationToken cancellation)
    {
        await events.Tell(app, new EndpointsChanged(events.Cluster, list), $"{app}", expected?.ChainId, null, cancellation);
        told = list;
    }

    /// <summary>What is wrong with its tasks now; null when nothing is.</summary>
    string? Wrong(WatchedSnapshot seen)
    {
        var now = seen.Now;
        var running = now.NewTasks.Count(t => t.State is AppTaskState.Running or AppTaskState.Healthy or AppTaskState.Unhealthy);
        var unhealthy = now.NewTasks.Count(t => t.State == AppTaskState.Unhealthy);
        return ends.Count >= Loop ? $"Its tasks end again and again, last {ends[^1].How}: {ends.Count} times within {LoopWindow.TotalMinutes:0} minutes; {now.Good} of {now.Wanted} are well now."
            : unhealthy > 0 ? $"{unhealthy} of {now.Wanted} tasks fail their health check."
            : running < now.Wanted ? $"{now.Wanted - running} of {now.Wanted} tasks do not run{(ends.Count > 0 ? $"; the last ended {ends[^1].How}" : "")}."
            : seen.Trouble;
    }

    async Task Drift(WatchedSnapshot seen, WatcherEvents events, CancellationToken cancellation)
    {
        var now = seen.Now;
        var should = expected is null ? null : ImageReference.Parse(expected.Image).Pinned;
        var wrong = expected is null ? null
            : now.Mark is null ? "Somebody else changed it on the cluster: it carries no label of ours any more."
            : now.Mark.Image != now.Image ? "Somebody else changed its image on the cluster."
            : now.Mark.Sequence < expected.Sequence && now.Image != should ? $"An older deployment of ours, number {now.Mark.Sequence}, stands on the cluster, and number {expected.Sequence} was deployed last."
            : seen.SlippedPast is { } old ? $"An older deployment of ours, number {old}, came to the cluster after number {now.Mark.Sequence}; its tasks are ended."
            : seen.Drift;
        await drift.Is(wrong, FailureCategory.Cluster, expected?.Image, expected?.ChainId, events, cancellation);
        if (seen.SlippedPast is not null && expected is not null && now.Mark?.Sequence >= expected.Sequence)
        {
            await cluster.SetRight(app, seen, cancellation);
        }
    }
}
