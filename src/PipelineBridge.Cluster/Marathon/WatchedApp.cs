using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBridge.Cluster.Watching;
using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>One app under watch: what was told of it, and what is open.</summary>
sealed class WatchedApp(AppKey app, MarathonClient client, WatchedVersions versions, TimeProvider clock)
{
    // What is over by itself within this time is no trouble: a task that is replaced, a check that fails once.
    static readonly TimeSpan Lasting = TimeSpan.FromSeconds(15);
    static readonly TimeSpan LoopWindow = TimeSpan.FromMinutes(5);
    static readonly TimeSpan LongestUnasked = TimeSpan.FromSeconds(30);
    const int Loop = 3;

    readonly string id = client.Options.IdOf(app)!;
    readonly Incident trouble = new(app, "service");
    readonly Incident drift = new(app, "drift");
    readonly List<DateTimeOffset> failures = [];
    IReadOnlyList<ServiceEndpoint>? told;
    DateTimeOffset? badSince;
    string? askedVersion;
    DateTimeOffset askedAt;
    ExpectedDeployment? expected;

    /// <summary>It is there.</summary>
    public async Task Seen(JsonObject found, WatcherEvents events, IBridgeClient bridge, CancellationToken cancellation)
    {
        var now = MarathonApp.Read(found);
        await Endpoints(found, now, events, cancellation);
        var wrong = Wrong(found, now);
        if (found["version"].Text() != askedVersion || wrong is not null || trouble.IsOpen || drift.IsOpen || clock.GetUtcNow() - askedAt > LongestUnasked)
        {
            expected = await bridge.Expected(app.App, app.Environment, cancellation);
            (askedVersion, askedAt) = (found["version"].Text(), clock.GetUtcNow());
        }
        if (expected?.Moving == true || now.IsMoving)
        {
            // A rollout tells of itself.
            badSince = null;
            return;
        }
        badSince = wrong is null ? null : badSince ?? clock.GetUtcNow();
        if (wrong is null || clock.GetUtcNow() - badSince >= Lasting)
        {
            await trouble.Is(wrong, FailureCategory.Health, expected?.Image, expected?.ChainId, events, cancellation);
        }
        await Drift(found, now, events, cancellation);
    }

    /// <summary>It is not there; true when nobody expects it to be.</summary>
    public async Task<bool> Gone(WatcherEvents events, IBridgeClient bridge, CancellationToken cancellation)
    {
        if (told is null or { Count: > 0 })
        {
            await Tell([], events, cancellation);
        }
        expected = await bridge.Expected(app.App, app.Environment, cancellation);
        askedVersion = null;
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

    /// <summary>The whole list of healthy tasks, when it is another one than was told.</summary>
    async Task Endpoints(JsonObject found, AppSnapshot now, WatcherEvents events, CancellationToken cancellation)
    {
        var digests = new Dictionary<string, (string? Digest, long? Sequence)>(StringComparer.Ordinal);
        foreach (var task in found["tasks"].Objects())
        {
            digests[task["id"].Text() ?? ""] = await Version(found, task["version"].Text(), cancellation);
        }
        var list = now.Tasks.Where(t => t is { State: AppTaskState.Healthy, Host: not null, Port: not null })
            .Select(t => new ServiceEndpoint(t.Host!, t.Port!.Value, digests[t.Id].Digest, digests[t.Id].Sequence))
            .OrderBy(e => e.Host, StringComparer.Ordinal).ThenBy(e => e.Port).ToList();
        if (told is null || !told.SequenceEqual(list))
        {
            await Tell(list, events, cancellation);
        }
    }

    async Task Tell(IReadOnlyList<ServiceEndpoint> list, WatcherEvents events, CancellationToken cancellation)
    {
        await events.Tell(app, new EndpointsChanged(events.Cluster, list), $"{app}", expected?.ChainId, null, cancellation);
        told = list;
    }

    async Task<(string? Digest, long? Sequence)> Version(JsonObject found, string? version, CancellationToken cancellation)
    {
        var of = version is null || version == found["version"].Text() ? found : await versions.Of(id, version, cancellation);
        var image = of?["container"].At("docker").At("image").Text();
        var at = image?.IndexOf('@', StringComparison.Ordinal) ?? -1;
        return (at < 0 ? null : image![(at + 1)..], MarathonLabels.Mark(of)?.Sequence);
    }

    /// <summary>What is wrong with its tasks now; null when nothing is.</summary>
    string? Wrong(JsonObject found, AppSnapshot now)
    {
        if (found["lastTaskFailure"] is JsonObject failure && failure["timestamp"].Time() is { } at && !failures.Contains(at) && failure["version"].Time() >= now.WrittenAt)
        {
            failures.Add(at);
        }
        failures.RemoveAll(f => f < clock.GetUtcNow() - LoopWindow);
        var running = now.Tasks.Count(t => t.State is AppTaskState.Running or AppTaskState.Healthy or AppTaskState.Unhealthy);
        var unhealthy = now.Tasks.Count(t => t.State == AppTaskState.Unhealthy);
        return failures.Count >= Loop && now.Good < now.Wanted ? $"Its tasks end again and again: {failures.Count} times within {LoopWindow.TotalMinutes:0} minutes; {now.Good} of {now.Wanted} are well."
            : unhealthy > 0 ? $"{unhealthy} of {now.Wanted} tasks fail their health check."
            : running < now.Wanted ? $"{now.Wanted - running} of {now.Wanted} tasks are gone, and the cluster did not start others."
            : null;
    }

    async Task Drift(JsonObject found, AppSnapshot now, WatcherEvents events, CancellationToken cancellation)
    {
        var should = expected is null ? null : ImageReference.Parse(expected.Image).Pinned;
        var slipped = expected is not null && now.Mark is { } old && old.Image == now.Image && old.Sequence < expected.Sequence && now.Image != should;
        var written = found["labels"].At(MarathonLabels.Instances).Text();
        var wrong = expected is null ? null
            : now.Mark is null ? "Somebody else changed it on the cluster: it carries no label of ours any more."
            : now.Mark.Image != now.Image ? "Somebody else changed its image on the cluster."
            : slipped ? $"An older deployment of ours, number {now.Mark.Sequence}, came to the cluster after number {expected.Sequence}; what was deployed last is brought back."
            : written is not null && written != now.Wanted.ToString(CultureInfo.InvariantCulture) ? $"Somebody else scaled it on the cluster from {written} to {now.Wanted} tasks."
            : null;
        await drift.Is(wrong, FailureCategory.Cluster, expected?.Image, expected?.ChainId, events, cancellation);
        if (slipped && await versions.Newest(id, expected!.RequestId, should!, cancellation) is { } version)
        {
            // Without force: while somebody else's deployment runs it is tried again at the next look.
            await client.Send(HttpMethod.Put, $"v2/apps{id}", new JsonObject { ["version"] = version }, cancellation);
        }
    }
}
