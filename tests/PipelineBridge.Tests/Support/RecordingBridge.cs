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

    /// <summary>How a certain work stands, where that differs.</summary>
    public Func<EventId, WorkStanding>? StandsOf { get; set; }

    public Func<string, string, ExpectedDeployment?> Expects { get; set; } = (_, _) => null;

    /// <summary>Whether what is told now is not taken, as by a bridge that cannot be reached.</summary>
    public Func<bool>? Refuses { get; set; }

    public Action? OnTakingBack { get; set; }

    public Task Tell(CdEvent seen, CancellationToken cancellation)
    {
        if (Refuses?.Invoke() == true)
        {
            throw new HttpRequestException("The bridge cannot be reached.");
        }
        Told.Enqueue(seen);
        return Task.CompletedTask;
    }

    public Task<WorkStanding> Standing(EventId work, CancellationToken cancellation) => Task.FromResult(StandsOf?.Invoke(work) ?? Stands());

    public Task TakingBack(EventId work, CancellationToken cancellation)
    {
        OnTakingBack?.Invoke();
        TakenBack.Enqueue(work);
        return Task.CompletedTask;
    }

    public Task<Evidence> PutEvidence(string name, string text, CancellationToken cancellation)
    {
        EvidencePut.Enqueue((name, text));
        return Task.FromResult(new Evidence(name, "sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)))));
    }

    /// <summary>What a piece of evidence says, by its digest.</summary>
    public Func<string, string?> Texts { get; set; } = _ => null;

    public Task<string?> ReadEvidence(Evidence evidence, CancellationToken cancellation) => Task.FromResult(evidence.Blob is { } blob ? Texts(blob) : null);

    public Task<ExpectedDeployment?> Expected(string app, string environment, CancellationToken cancellation) =>
        Task.FromResult(Expects(app, environment));
}
