using System.Text;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Work;

/// <summary>The bridge as the stages of its own process see it: straight to the journal.</summary>
public sealed class EmbeddedBridge(EventJournal journal, Deciders deciders, WorkStandings standings) : IBridgeClient
{
    /// <summary>The longest piece of evidence that is kept, in characters; of a longer one the end, where the reason mostly stands.</summary>
    const int LongestEvidence = 64 * 1024;

    /// <inheritdoc/>
    public Task Tell(CdEvent seen, CancellationToken cancellation) =>
        journal.Write(tx => deciders.Happened(tx, seen, born: false), cancellation);

    /// <inheritdoc/>
    public Task<WorkStanding> Standing(EventId work, CancellationToken cancellation) =>
        Task.FromResult(standings.Of(work) ?? throw new InvalidOperationException($"The journal has no work {work}."));

    /// <inheritdoc/>
    public Task TakingBack(EventId work, CancellationToken cancellation) => standings.TakingBack(work, cancellation);

    /// <inheritdoc/>
    public async Task<Evidence> PutEvidence(string name, string text, CancellationToken cancellation)
    {
        var bytes = Encoding.UTF8.GetBytes(text.Length > LongestEvidence ? text[^LongestEvidence..] : text);
        var blob = BlobRow.Of("text/plain; charset=utf-8", bytes);
        try
        {
            await journal.Write(tx => { tx.PutBlob(blob); return 0; }, cancellation).WaitAsync(TimeSpan.FromSeconds(30), cancellation);
            return new Evidence(name, blob.Digest);
        }
        catch (Exception e) when (e is JournalUnavailableException or JournalBusyException or TimeoutException)
        {
            return new Evidence(name, Missing: "It could not be kept within 30 seconds.");
        }
    }

    /// <inheritdoc/>
    public Task<string?> ReadEvidence(Evidence evidence, CancellationToken cancellation) =>
        Task.FromResult(evidence.Blob is { } digest && journal.Read(r => r.Blob(digest)) is { Bytes: { } bytes } ? Encoding.UTF8.GetString(bytes) : null);

    /// <inheritdoc/>
    public Task<ExpectedDeployment?> Expected(string app, string environment, CancellationToken cancellation) =>
        Task.FromResult(standings.Expected(app, environment));
}
