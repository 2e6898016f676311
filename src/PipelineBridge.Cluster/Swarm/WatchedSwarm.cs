using System.Globalization;
using Docker.DotNet.Models;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Cluster.Watching;
using PipelineBridge.Events;

namespace PipelineBridge.Cluster.Swarm;

/// <summary>A Swarm under watch.</summary>
public sealed class WatchedSwarm(SwarmClusterOptions options, SwarmManagers managers, TimeProvider clock) : IWatchedCluster
{
    static readonly TimeSpan LookedBack = TimeSpan.FromMinutes(5);

    readonly HashSet<string> toldEnds = [];

    /// <inheritdoc/>
    public string Name => options.Name;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Environments => options.Environments;

    /// <inheritdoc/>
    public IClusterChanges Listen() => new SwarmChanges(clock);

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<AppKey, WatchedSnapshot>> All(CancellationToken cancellation)
    {
        var labels = EngineLabels.Of(Name, null);
        var services = await managers.Ask((c, t) => c.Swarm.ListServicesAsync(new ServiceListParameters { Filters = SwarmDriver.Filter("label", [.. labels]) }, t), cancellation);
        var nodes = await SwarmDriver.Nodes(managers, cancellation);
        var all = new Dictionary<AppKey, WatchedSnapshot>();
        if (services.Count == 0)
        {
            return all;
        }
        var tasks = await managers.Ask((c, t) => c.Tasks.ListAsync(new TasksListParameters { Filters = SwarmDriver.Filter("service", [.. services.Select(s => s.ID!)]) }, t), cancellation);
        foreach (var service in services)
        {
            var app = new SwarmApp(service, [.. tasks.Where(t => t.ServiceID == service.ID)], nodes, clock.GetUtcNow());
            if (options.Environments.Contains(app.App.Environment))
            {
                all[app.App] = Of(app);
            }
        }
        return all;
    }

    /// <summary>Nothing: a write that came too late was refused by the Swarm itself.</summary>
    public Task SetRight(AppKey app, WatchedSnapshot now, CancellationToken cancellation) => Task.CompletedTask;

    WatchedSnapshot Of(SwarmApp app)
    {
        var written = SwarmApp.Label(app.Spec, EngineLabels.Replicas);
        return new WatchedSnapshot
        {
            Now = app.Snapshot(),
            Endpoints = [.. app.Wished.Where(t => t.Status?.State == TaskState.Running && t.DesiredState == TaskState.Running && app.HasHealthCheck && app.Host(t) is not null && SwarmApp.Port(t) is not null)
                .Select(t => new ServiceEndpoint(app.Host(t)!, SwarmApp.Port(t)!.Value, Digest(t), Sequence(app, t)))
                .OrderBy(e => e.Host, StringComparer.Ordinal).ThenBy(e => e.Port)],
            Ends = Ends(app),
            Trouble = app.UpdateState is "paused" or "rollback_paused" ? "The Swarm stopped its update because a task ended; it does not go on by itself." : null,
            Drift = app.IsRolledBack ? "The Swarm went back to an earlier version by itself."
                : written is not null && written != app.Wanted.ToString(CultureInfo.InvariantCulture) ? $"Somebody else scaled it on the cluster from {written} to {app.Wanted} tasks."
                : null,
        };
    }

    List<(DateTimeOffset, string)> Ends(SwarmApp app)
    {
        var since = clock.GetUtcNow() - LookedBack;
        var ends = new List<(DateTimeOffset, string)>();
        foreach (var task in app.Tasks.Where(t => app.IsCurrent(t) && t.Status?.State is TaskState.Failed or TaskState.Rejected or TaskState.Complete))
        {
            var at = new DateTimeOffset(DateTime.SpecifyKind(task.Status?.Timestamp ?? DateTime.UnixEpoch, DateTimeKind.Utc));
            if (at >= since && toldEnds.Add(task.ID!))
            {
                ends.Add((at, task.Status?.Err switch
                {
                    null or "" => "by itself",
                    var e when e.Contains("unhealthy container", StringComparison.Ordinal) => "for its health check",
                    var e when SwarmExplanation.IsPerhapsMemory(e, task.Spec) => $"with exit code {SwarmExplanation.ExitCode(e)}, probably for using more memory than it may",
                    var e when SwarmExplanation.ExitCode(e) is { } code => $"with exit code {code}",
                    _ => "for a reason that its node has",
                }));
            }
        }
        if (toldEnds.Count > 10_000)
        {
            toldEnds.Clear();
        }
        return ends;
    }

    static string? Digest(TaskResponse task) =>
        ImageReference.TryParse(task.Spec?.ContainerSpec?.Image ?? "", out var image, out _) ? image!.Digest : null;

    static long? Sequence(SwarmApp app, TaskResponse task) => app.IsCurrent(task) ? app.Mark?.Sequence : SwarmApp.MarkOf(app.Service.PreviousSpec)?.Sequence;
}
