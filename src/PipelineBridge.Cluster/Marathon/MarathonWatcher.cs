using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using PipelineBridge.Cluster.Watching;
using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>
/// Watches all apps of a Marathon that are ours: tells where their healthy tasks are, what is wrong with them, and who
/// changed them behind our back; an older deployment of ours that slipped past a newer one is set right.
/// </summary>
public sealed partial class MarathonWatcher(MarathonClient client, TimeProvider clock, ILogger log) : IWatcher
{
    static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);
    static readonly TimeSpan OutageToTell = TimeSpan.FromSeconds(30);

    readonly Dictionary<AppKey, WatchedApp> apps = [];
    readonly EachApp each = new($"cluster.{client.Options.Name}.watcher", log);
    readonly WatchedVersions versions = new(client);
    readonly Dictionary<string, Incident> outages = new(StringComparer.Ordinal);
    DateTimeOffset? silentSince;
    string? logged;

    /// <inheritdoc/>
    public string Name => $"cluster.{client.Options.Name}.watcher";

    /// <inheritdoc/>
    public async Task Watch(IBridgeClient bridge, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(bridge);
        await using var changes = new MarathonEvents(client, null, clock);
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
        var events = new WatcherEvents(bridge, client.Options.Name, clock);
        try
        {
            var found = await All(cancellation);
            silentSince = null;
            await Outage(null, events, cancellation);
            await Each(found, events, bridge, cancellation);
            logged = null;
        }
        catch (Exception e) when (e is ClusterUnreachableException or ClusterRefusedException or ClusterLockedException)
        {
            silentSince ??= clock.GetUtcNow();
            await Outage(e, events, cancellation);
        }
#pragma warning disable CA1031 // Whatever happens, the watch goes on: what was not told is told at the next look.
        catch (Exception e) when (!(e is OperationCanceledException && cancellation.IsCancellationRequested))
#pragma warning restore CA1031
        {
            if (logged != e.Message)
            {
                logged = e.Message;
                Log.NotSeen(log, e, Name);
            }
        }
    }

    async Task Each(Dictionary<AppKey, JsonObject> found, WatcherEvents events, IBridgeClient bridge, CancellationToken cancellation)
    {
        foreach (var (key, app) in found)
        {
            await each.Look(key, () => Seen(key, app, events, bridge, cancellation), cancellation);
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

    async Task Seen(AppKey key, JsonObject app, WatcherEvents events, IBridgeClient bridge, CancellationToken cancellation)
    {
        if (!apps.TryGetValue(key, out var watched))
        {
            if (MarathonLabels.Mark(app) is null && await bridge.Expected(key.App, key.Environment, cancellation) is null)
            {
                // Never ours: nobody asked us to watch it.
                return;
            }
            apps[key] = watched = new WatchedApp(key, client, versions, clock);
        }
        // A Marathon that does not embed tasks in its list answers them with the app alone.
        if (app["tasks"] is not null || await One(key, cancellation) is not { } whole)
        {
            whole = app;
        }
        await watched.Seen(whole, events, bridge, cancellation);
    }

    /// <summary>Told once when it has lasted, per environment, whose people it concerns; and once when it is over.</summary>
    async Task Outage(Exception? why, WatcherEvents events, CancellationToken cancellation)
    {
        if (why is not null && clock.GetUtcNow() - silentSince < OutageToTell)
        {
            return;
        }
        foreach (var environment in client.Options.Groups.Keys)
        {
            var incident = outages.GetValueOrDefault(environment) ?? (outages[environment] = new Incident(new AppKey("-", environment), "cluster"));
            try
            {
                await incident.Is(why is null ? null : $"{why.Message} What runs there is not watched meanwhile.", FailureCategory.Cluster, null, null, events, cancellation);
            }
#pragma warning disable CA1031 // As above: it is tried again.
            catch (Exception e) when (!(e is OperationCanceledException && cancellation.IsCancellationRequested))
#pragma warning restore CA1031
            {
            }
        }
    }

    async Task<JsonObject?> One(AppKey key, CancellationToken cancellation)
    {
        var answer = await client.Send(HttpMethod.Get, $"v2/apps{client.Options.IdOf(key)}", null, cancellation);
        return answer.IsGood ? answer.Json.At("app") as JsonObject : null;
    }

    async Task<Dictionary<AppKey, JsonObject>> All(CancellationToken cancellation)
    {
        var answer = await client.Send(HttpMethod.Get, "v2/apps?embed=apps.tasks&embed=apps.counts&embed=apps.deployments&embed=apps.lastTaskFailure", null, cancellation);
        if (answer.Status != HttpStatusCode.OK)
        {
            throw new ClusterUnreachableException($"Marathon {client.Options.Name} answered {(int)answer.Status} when it was asked for its apps.");
        }
        var all = new Dictionary<AppKey, JsonObject>();
        foreach (var app in answer.Json.At("apps").Objects())
        {
            if (client.Options.AppOf(app["id"].Text() ?? "") is { } key)
            {
                all[key] = app;
            }
        }
        return all;
    }

    static partial class Log
    {
        [LoggerMessage(5103, LogLevel.Error, "{Watcher} does not understand what Marathon shows; nothing there is watched meanwhile.")]
        public static partial void NotSeen(ILogger log, Exception e, string watcher);
    }
}
