using PipelineBridge.Events;

namespace PipelineBridge.Cluster.Watching;

/// <summary>What the watch needs of a kind of cluster: all apps that are ours, and to set right what slipped past.</summary>
public interface IWatchedCluster
{
    /// <summary>The cluster's name in the configuration.</summary>
    string Name { get; }

    /// <summary>The environments whose apps run there.</summary>
    IReadOnlyCollection<string> Environments { get; }

    /// <summary>All apps that are ours, as they are now.</summary>
    Task<IReadOnlyDictionary<AppKey, WatchedSnapshot>> All(CancellationToken cancellation);

    /// <summary>Listens for changes of any app.</summary>
    IClusterChanges Listen();

    /// <summary>Sets right what an older deployment of ours did after a newer one.</summary>
    Task SetRight(AppKey app, WatchedSnapshot now, CancellationToken cancellation);
}

/// <summary>An app under watch at one moment.</summary>
public sealed record WatchedSnapshot
{
    /// <summary>Its newest deployment.</summary>
    public required AppSnapshot Now { get; init; }

    /// <summary>Its healthy tasks, of old deployments too.</summary>
    public required IReadOnlyList<ServiceEndpoint> Endpoints { get; init; }

    /// <summary>How tasks ended since the last look, each with a sentence's part of our own, e.g. <c>with exit code 1</c>.</summary>
    public IReadOnlyList<(DateTimeOffset At, string How)> Ends { get; init; } = [];

    /// <summary>What a person should know of the app besides its tasks, in our own words; null: nothing.</summary>
    public string? Trouble { get; init; }

    /// <summary>What somebody else changed, in our own words; null: nothing that the labels do not show.</summary>
    public string? Drift { get; init; }

    /// <summary>The sequence of an older deployment whose tasks came after those of a newer one; null: there is none.</summary>
    public long? SlippedPast { get; init; }
}
