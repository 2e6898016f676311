using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using PipelineBridge.Journal;

namespace PipelineBridge.Tests.Bridge;

/// <summary>All that requests said they wait for, however short a time they said it: it is read at each commit of the journal.</summary>
sealed class WaitsSaid
{
    readonly ConcurrentQueue<(string Id, string Words)> said = new();

    public WaitsSaid(EventJournal journal) => journal.Committed += commit =>
    {
        foreach (var sequence in commit.Requests)
        {
            if (journal.Read(r => r.Request(sequence)) is { } row && JsonNode.Parse(row.Body) is { } document && (string?)document["waitingFor"] is { } words)
            {
                said.Enqueue(((string)document["id"]!, words));
            }
        }
    };

    /// <summary>Waits until a request said something, or did so before.</summary>
    public Task Until(JsonObject receipt, string words) => Work.BrokerScene.Until(
        () => said.Any(s => s.Id == (string)receipt["id"]! && s.Words.StartsWith(words, StringComparison.Ordinal)), $"{receipt["id"]} said that it waits for {words}");
}
