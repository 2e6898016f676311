using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster.Watching;

/// <summary>
/// Watches all apps of a cluster that are ours: tells where their healthy tasks are, what is wrong with them, and who
/// changed them behind our back; an older deployment of ours that slipped past a newer one is set right.
/// </summary>
public sealed class ClusterWatcher(IWatchedCluster cluster, TimeProvider clock) : IWatcher
{
    static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);
    static readonly TimeSpan OutageToTell = TimeSpan.FromSeconds(30);

    readonly Dictionary<AppKey, WatchedService> apps = [];
    readonly Dictionary<string, Incident> outages = new(StringComparer.Ordinal);
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
        try
        {
            var found = await cluster.All(cancellation);
            silentSince = null;
            await Outage(null, events, cancellation);
            await Each(found, events, bridge, cancellation);
        }
        catch (Exception e) when (e is ClusterUnreachableException or ClusterRefusedException)
        {
            silentSince ??= clock.GetUtcNow();
            await Outage(e, events, cancellation);
        }
#pragma warning disable CA1031 // Whatever the bridge's side does, the watch goes on: what was not told is told at the next look.
        catch (Exception) when (!cancellation.IsCancellationRequested)
#pragma warning restore CA1031
        {
        }
    }

    async Task Each(IReadOnlyDictionary<AppKey, WatchedSnapshot> found, WatcherEvents events, IBridgeClient bridge, CancellationToken cancellation)
    {
        foreach (var (key, app) in found)
        {
            if (!apps.TryGetValue(key, out var watched))
            {
                apps[key] = watched = new WatchedService(key, cluster, clock);
            }
            await watched.Seen(app, events, bridge, cancellation);
        }
        foreach (var (key, watched) in apps.Where(a => !found.ContainsKey(a.Key)).ToList())
        {
            if (await watched.Gone(events, bridge, cancellation))
            {
                apps.Remove(key);
            }
        }
    }

    /// <summary>Told once when it has lasted, per environment, whose people it concerns; and once when it is over.</summary>
    async Task Outage(Exception? why, WatcherEvents events, CancellationToken cancellation)
    {
        if (why is not null && clock.GetUtcNow() - silentSince < OutageToTell)
        {
            return;
        }
        foreach (var environment in cluster.Environments)
        {
            var incident = outages.GetValueOrDefault(environment) ?? (outages[environment] = new Incident(new AppKey("-", environment), "cluster"));
            try
            {
                await incident.Is(why is null ? null : $"{why.Message} What runs there is not watched meanwhile.", FailureCategory.Cluster, null, null, events, cancellation);
            }
#pragma warning disable CA1031 // As above: it is tried again.
            catch (Exception) when (!cancellation.IsCancellationRequested)
#pragma warning restore CA1031
            {
            }
        }
    }
}
