using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>The deployments that Marathon runs: whose they are, and the revert of ours.</summary>
sealed class MarathonDeployments(MarathonClient client)
{
    const int Remembered = 1000;

    // What this process began. After a restart our label on the app stands in for it.
    readonly ConcurrentQueue<string> order = new();
    readonly ConcurrentDictionary<string, bool> ours = new(StringComparer.Ordinal);

    /// <summary>Remembers the deployment of a good answer to a write of ours, and returns its id.</summary>
    public string? Remember(MarathonAnswer answer)
    {
        var id = answer.Body.Length == 0 ? null : answer.Json.At("deploymentId").Text();
        if (id is not null && ours.TryAdd(id, true))
        {
            order.Enqueue(id);
            if (order.Count > Remembered && order.TryDequeue(out var oldest))
            {
                ours.TryRemove(oldest, out _);
            }
        }
        return id;
    }

    /// <summary>Whether one of them touches an app.</summary>
    public async Task<bool> Affect(string app, CancellationToken cancellation) => (await All(cancellation)).Any(d => Affects(d, app));

    /// <summary>The id of our own deployment of an app that is on its way; null when there is none.</summary>
    public async Task<string?> OwnOf(string app, AppSnapshot now, CancellationToken cancellation) =>
        (await All(cancellation)).FirstOrDefault(d => Affects(d, app) && IsOurs(d, app, now))?["id"].Text();

    /// <summary>Reverts a deployment; false when there is none of that id any more.</summary>
    public async Task<bool> Revert(string deployment, CancellationToken cancellation)
    {
        var answer = await client.Send(HttpMethod.Delete, $"v2/deployments/{Uri.EscapeDataString(deployment)}", null, cancellation);
        if (answer.IsGood)
        {
            Remember(answer);
        }
        return answer.IsGood;
    }

    /// <summary>What locks an app is somebody else's: says whose and since when. Returns when it is ours alone.</summary>
    /// <exception cref="ClusterLockedException">It is not ours.</exception>
    public async Task ThrowIfForeign(string app, MarathonAnswer conflict, AppSnapshot? now, CancellationToken cancellation)
    {
        var named = conflict.Json.At("deployments").Objects().Select(d => d["id"].Text()).ToHashSet();
        var locks = (await All(cancellation)).Where(d => named.Contains(d["id"].Text()) || Affects(d, app)).ToList();
        if (locks.FirstOrDefault(d => !IsOurs(d, app, now)) is { } foreign)
        {
            var others = (foreign["affectedApps"] as JsonArray ?? []).Count(a => a.Text() != app);
            var since = foreign["version"].Time() is { } at ? $" since {at.UtcDateTime:HH:mm:ss} UTC" : "";
            throw new ClusterLockedException($"The app is locked{since} by the deployment {foreign["id"].Text()} that somebody else began{(others > 0 ? $", which also changes {others} other app{(others == 1 ? "" : "s")}" : "")}.");
        }
        if (locks.Count == 0 && named.Any(id => id is null || !ours.ContainsKey(id)))
        {
            // It is over, or not listed yet: the next try tells.
            throw new ClusterLockedException("The app is locked by a deployment that the cluster does not list.");
        }
    }

    bool IsOurs(JsonObject deployment, string app, AppSnapshot? now) =>
        (deployment["id"].Text() is { } id && ours.ContainsKey(id))
        || (now?.Mark is not null && deployment["affectedApps"] is JsonArray { Count: 1 } affected && affected[0].Text() == app
            // A deployment that only scales our app has a version of its own: somebody else's.
            && deployment["version"].Text() is { } version && version == now.Definition);

    static bool Affects(JsonObject deployment, string app) => (deployment["affectedApps"] as JsonArray ?? []).Any(a => a.Text() == app);

    async Task<IReadOnlyList<JsonObject>> All(CancellationToken cancellation)
    {
        var answer = await client.Send(HttpMethod.Get, "v2/deployments", null, cancellation);
        return answer.IsGood ? [.. answer.Json.Objects()] : throw new ClusterUnreachableException($"Marathon {client.Options.Name} answered {(int)answer.Status} when it was asked for its deployments.");
    }
}
