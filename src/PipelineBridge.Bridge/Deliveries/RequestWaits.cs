using System.Collections.Concurrent;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>Wakes those who wait for a request to move: by the journal's commits, not by the clock.</summary>
public sealed class RequestWaits : IDisposable
{
    readonly EventJournal journal;
    readonly ConcurrentDictionary<long, TaskCompletionSource> waiting = new();

    /// <summary>Listens to the journal.</summary>
    public RequestWaits(EventJournal journal)
    {
        this.journal = journal;
        journal.Committed += Wake;
    }

    /// <summary>Waits until the request of a sequence moved again, or the time is over. Ask how it stands after this was called once.</summary>
    public Task Next(long sequence) =>
        waiting.GetOrAdd(sequence, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <inheritdoc/>
    public void Dispose() => journal.Committed -= Wake;

    void Wake(JournalCommit commit)
    {
        if (waiting.IsEmpty)
        {
            return;
        }
        foreach (var sequence in commit.Requests)
        {
            if (waiting.TryRemove(sequence, out var source))
            {
                source.TrySetResult();
            }
        }
    }
}
