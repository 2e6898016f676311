using System.Globalization;
using Docker.DotNet.Models;
using PipelineBridge.Cluster.Watching;
using PipelineBridge.Events;

namespace PipelineBridge.Cluster.Engine;

/// <summary>Docker engines under watch.</summary>
public sealed class WatchedEngines(EngineClusterOptions options, IReadOnlyList<EngineHost> hosts, EngineProbe probe, TimeProvider clock) : IWatchedCluster
{
    internal static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(5);

    readonly Dictionary<EngineHost, DateTimeOffset> heardUntil = [];
    readonly ProbeMemory memory = new(probe, clock);

    /// <inheritdoc/>
    public string Name => options.Name;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Environments => options.Environments;

    /// <inheritdoc/>
    public IClusterChanges Listen() => new EngineChanges(hosts, EngineLabels.Of(Name, null), clock, BetweenLooks);

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<AppKey, WatchedSnapshot>> All(CancellationToken cancellation)
    {
        var found = await Task.WhenAll(hosts.Select(h => h.Containers(EngineLabels.Of(Name, null), cancellation)));
        memory.Keep(found.SelectMany(f => f));
        var all = new Dictionary<AppKey, WatchedSnapshot>();
        var ends = (await Task.WhenAll(hosts.Select(h => Ends(h, cancellation)))).SelectMany(e => e).ToList();
        foreach (var app in found.SelectMany(f => f).Where(c => options.Environments.Contains(c.App.Environment)).GroupBy(c => c.App))
        {
            var seen = await EngineApp.Of([.. app], memory.Ask, clock, cancellation);
            if (seen.Snapshot() is { } now)
            {
                all[app.Key] = Of(seen, now, ends);
            }
        }
        return all;
    }

    /// <inheritdoc/>
    public async Task SetRight(AppKey app, WatchedSnapshot now, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(now);
        foreach (var container in SlippedPast((EngineApp)now.Now.Source))
        {
            await container.Host.Stop(container, cancellation);
            await container.Host.Remove(container.Id, cancellation);
        }
    }

    static WatchedSnapshot Of(EngineApp seen, AppSnapshot now, List<(string Id, DateTimeOffset At, string How)> ends) => new()
    {
        Now = now,
        Endpoints = [.. seen.Tasks.Where(t => seen.StateOf(t) == AppTaskState.Healthy && t.Port() is not null)
            .Select(t => new ServiceEndpoint(t.Host.Options.Address, t.Port()!.Value, Digest(t), t.Mark!.Sequence))
            .OrderBy(e => e.Host, StringComparer.Ordinal).ThenBy(e => e.Port)],
        Ends = [.. ends.SelectMany(e => seen.Current.Where(c => c.Id == e.Id).Select(c => (e.At, IsAtItsLimit(e.How, c) ? $"{e.How}, probably because it used more memory than it may" : e.How)))],
        SlippedPast = SlippedPast(seen).Select(c => (long?)c.Mark!.Sequence).FirstOrDefault(),
    };

    // An engine may tell of the memory after it told of the end, or not at all; 137 is a kill, and the kernel's is the likeliest.
    static bool IsAtItsLimit(string how, EngineContainer container) => how == "with exit code 137" && container.Seen.HostConfig?.Memory > 0;

    // A container that somebody made with our labels may be of anything, e.g. of an image's id.
    static string? Digest(EngineContainer task) => ImageReference.TryParse(task.Image ?? "", out var image, out _) ? image!.Digest : null;

    /// <summary>Tasks of an older deployment that were made after those of the newest: whoever made them was not there when it was overtaken.</summary>
    static IEnumerable<EngineContainer> SlippedPast(EngineApp seen) => seen.Current is [{ Mark: { } newest }, ..] && seen.Current.Max(seen.MadeAt) is var made
        ? seen.Old.Where(c => c.Mark!.Sequence < newest.Sequence && seen.MadeAt(c) > made)
        : [];

    async Task<IReadOnlyList<(string Id, DateTimeOffset At, string How)>> Ends(EngineHost host, CancellationToken cancellation)
    {
        var events = await host.Happened(EngineLabels.Of(Name, null), heardUntil.TryGetValue(host, out var until) ? until : null, cancellation);
        if (events.Count > 0 && events[^1].TimeNano is { } last)
        {
            heardUntil[host] = DateTimeOffset.UnixEpoch.AddTicks((last / 100) + TimeSpan.TicksPerMillisecond);
        }
        var ahead = await host.Now(cancellation) - clock.GetUtcNow();
        return [.. events.Where(e => e.Action == "die" && e.Actor?.ID is not null).Select(e => (e.Actor!.ID!, DateTimeOffset.UnixEpoch.AddTicks((e.TimeNano ?? 0) / 100) - ahead, How(e, events)))];
    }

    static string How(Message die, IReadOnlyList<Message> events) => events.Any(e => e.Action == "oom" && e.Actor?.ID == die.Actor!.ID)
        ? "because it used more memory than it may"
        : string.Create(CultureInfo.InvariantCulture, $"with exit code {(die.Actor!.Attributes?.TryGetValue("exitCode", out var code) == true ? code : "?")}");
}
