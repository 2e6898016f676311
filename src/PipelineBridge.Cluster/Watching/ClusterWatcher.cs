using Microsoft.Extensions.Logging;
using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster.Watching;

/// <summary>
/// Watches all apps of a cluster that are ours: tells where their healthy tasks are, what is wrong with them, and who
/// changed them behind our back; an older deployment of ours that slipped past a newer one is set right.
/// </summary>
public sealed partial class ClusterWatcher(IWatchedCluster cluster, TimeProvider clock, ILogger log) : IWatcher
{
    static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);
    static readonly TimeSpan OutageToTell = TimeSpan.FromSeconds(30);

    readonly Dictionary<AppKey, WatchedService> apps = [];
    readonly Dictionary<string, Incident> outages = new(StringComparer.Ordinal);
    readonly EachApp each = new($"cluster.{cluster.Name}.watcher", log);
    DateTimeOffset? silentSince;

    /// <inheritdoc/>
    public string Name => $"cluster.{cluster.Name}.watcher";

    /// <inheritdoc/>
    public async Task Watch(IBridgeClient bridge, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(bridge);
        await using var changes = cluster.Listen();
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await Look(bridge, cancellation);
                await changes.Wait(Poll, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
        }
    }

    async Task Look(IBridgeClient bridge, CancellationToken cancellation)
    {
        var events = new WatcherEvents(bridge, cluster.Name, clock);
        IReadOnlyDictionary<AppKey, WatchedSnapshot> found;
        try
        {
            found = await cluster.All(cancellation);
        }
        catch (Exception e) when (e is ClusterUnreachableException or ClusterRefusedException)
        {
            await Outage(e.Message, events, cancellation);
            return;
        }
#pragma warning disable CA1031 // The watch goes on, and says that it sees nothing.
        catch (Exception e) when (!(e is OperationCanceledException && cancellation.IsCancellationRequested))
#pragma warning restore CA1031
        {
            if (silentSince is null)
            {
                Log.NotSeen(log, e, Name);
            }
            await Outage("What it shows is not understood; the log says more.", events, cancellation);
            return;
        }
        await Outage(null, events, cancellation);
        try
        {
            await Each(found, events, bridge, cancellation);
        }
        catch (ClusterUnreachableException e)
        {
            await Outage(e.Message, events, cancellation);
        }
    }

    async Task Each(IReadOnlyDictionary<AppKey, WatchedSnapshot> found, WatcherEvents events, IBridgeClient bridge, CancellationToken cancellation)
    {
        foreach (var (key, app) in found)
        {
            await each.Look(key, async () =>
            {
                if (!apps.TryGetValue(key, out var watched))
                {
                    apps[key] = watched = new WatchedService(key, cluster, clock);
                }
                await watched.Seen(app, events, bridge, cancellation);
            }, cancellation);
        }
        foreach (var (key, watched) in apps.Where(a => !found.ContainsKey(a.Key)).ToList())
        {
            await each.Look(key, async () =>
            {
                if (await watched.Gone(events, bridge, cancellation))
                {
                    apps.Remove(key);
                }
            }, cancellation);
        }
    }

    /// <summary>Told once when it has lasted, per environment, whose people it concerns; and once when it is over.</summary>
    async Task Outage(string? why, WatcherEvents events, CancellationToken cancellation)
    {
        silentSince = why is null ? null : silentSince ?? clock.GetUtcNow();
        if (why is not null && clock.GetUtcNow() - silentSince < OutageToTell)
        {
            return;
        }
        foreach (var environment in cluster.Environments)
        {
            var incident = outages.GetValueOrDefault(environment) ?? (outages[environment] = new Incident(new AppKey("-", environment), "cluster"));
            try
            {
                await incident.Is(why is null ? null : $"{why} What runs there is not watched meanwhile.", FailureCategory.Cluster, null, null, events, cancellation);
            }
#pragma warning disable CA1031 // It is tried again at the next look.
            catch (Exception e) when (!(e is OperationCanceledException && cancellation.IsCancellationRequested))
#pragma warning restore CA1031
            {
            }
        }
    }

    static partial class Log
    {
        [LoggerMessage(5101, LogLevel.Error, "{Watcher} does not understand what its cluster shows; nothing there is watched meanwhile.")]
        public static partial void NotSeen(ILogger log, Exception e, string watcher);
    }
}
