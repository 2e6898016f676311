using System.Collections.Concurrent;
using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Tests.Support;

/// <summary>A bridge that keeps what a handler tells it, and answers what a test wants.</summary>
sealed class RecordingBridge : IBridgeClient
{
    public ConcurrentQueue<CdEvent> Told { get; } = new();

    public ConcurrentQueue<EventId> TakenBack { get; } = new();

    public ConcurrentQueue<(string Name, string Text)> EvidencePut { get; } = new();

    public Func<WorkStanding> Stands { get; set; } = () => new WorkStanding(WorkState.Open, false, null, null);

    public Func<string, string, ExpectedDeployment?> Expects { get; set; } = (_, _) => null;

    public Task Tell(CdEvent seen, CancellationToken cancellation)
    {
        Told.Enqueue(seen);
        return Task.CompletedTask;
    }

    public Task<WorkStanding> Standing(EventId work, CancellationToken cancellation) => Task.FromResult(Stands());

    public Task TakingBack(EventId work, CancellationToken cancellation)
    {
        TakenBack.Enqueue(work);
        return Task.CompletedTask;
    }

    public Task<Evidence> PutEvidence(string name, string text, CancellationToken cancellation)
    {
        EvidencePut.Enqueue((name, text));
        return Task.FromResult(new Evidence(name, $"blob-{EvidencePut.Count}"));
    }

    public Task<ExpectedDeployment?> Expected(string app, string environment, CancellationToken cancellation) =>
        Task.FromResult(Expects(app, environment));
}
