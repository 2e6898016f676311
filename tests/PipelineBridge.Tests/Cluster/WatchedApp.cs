using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Watching;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Cluster;

/// <summary>What a watcher tells of one app: it sees those of other tests too.</summary>
sealed class WatchedApp(AppKey app)
{
    public RecordingBridge Bridge { get; } = new();

    /// <summary>The endpoints that were told last; null: none yet.</summary>
    public IReadOnlyList<ServiceEndpoint>? Endpoints => Bridge.Told.Where(e => e.SubjectId == $"{app}").Select(e => e.Content).OfType<EndpointsChanged>().LastOrDefault()?.Tasks;

    /// <summary>The causes of the incidents that were told, oldest first.</summary>
    public IReadOnlyList<string> Incidents => [.. Of<IncidentDetected>().Select(e => e.Custom!.Cause!)];

    /// <summary>How many incidents were told to be over.</summary>
    public int Resolved => Of<IncidentResolved>().Count();

    /// <summary>What the bridge says is to be there.</summary>
    public void Expect(string image, int sequence) =>
        Bridge.Expects = (name, _) => name == app.App ? new ExpectedDeployment(image, sequence, "d-x", false, "chain") : null;

    /// <summary>Watches while something is done.</summary>
    public async Task During(ClusterWatcher watcher, Func<Task> act)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var watching = watcher.Watch(Bridge, stop.Token);
        try
        {
            await act();
        }
        finally
        {
            await stop.CancelAsync();
            await watching;
        }
    }

    IEnumerable<CdEvent> Of<T>() => Bridge.Told.Where(e => e.Custom!.App == app.App && e.Content is T);
}
