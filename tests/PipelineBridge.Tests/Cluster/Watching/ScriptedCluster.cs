using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Watching;

namespace PipelineBridge.Tests.Cluster.Watching;

/// <summary>A cluster that shows what a test wants.</summary>
sealed class ScriptedCluster : IWatchedCluster
{
    int looks;

    public Dictionary<AppKey, WatchedSnapshot> Shows { get; } = [];

    /// <summary>What each look fails by; null: none does.</summary>
    public Exception? Fails { get; set; }

    /// <summary>How often it was looked at.</summary>
    public int Looks => looks;

    public string Name => "main";

    public IReadOnlyCollection<string> Environments => ["prod"];

    public Task<IReadOnlyDictionary<AppKey, WatchedSnapshot>> All(CancellationToken cancellation)
    {
        Interlocked.Increment(ref looks);
        return Fails is { } e ? Task.FromException<IReadOnlyDictionary<AppKey, WatchedSnapshot>>(e) : Task.FromResult<IReadOnlyDictionary<AppKey, WatchedSnapshot>>(Shows);
    }

    public IClusterChanges Listen() => new Pause();

    public Task SetRight(AppKey app, WatchedSnapshot now, CancellationToken cancellation) => Task.CompletedTask;

    sealed class Pause : IClusterChanges
    {
        public Task Wait(TimeSpan atMost, CancellationToken cancellation) => Task.Delay(10, cancellation);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
