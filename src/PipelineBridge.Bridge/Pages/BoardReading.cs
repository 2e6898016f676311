using System.Collections.Concurrent;
using System.Text.Json;
using PipelineBridge.Bridge.DeadLetters;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Pages;

/// <summary>Reads what the first page shows: from what is kept beside the events, never from the events, whose number grows.</summary>
sealed class BoardReading(BridgeOptions options)
{
    const int MostOpen = 100;
    const int MostDeadLetters = 100;
    const int MostRecent = 15;

    /// <summary>How many of the newest requests are looked at for those that came to their end and may be seen.</summary>
    const int LookedForRecent = 300;

    // Most cells are what they were when somebody looked last, and parsing them is most of the work.
    readonly ConcurrentDictionary<(string App, string Environment), (byte[] Body, ServiceDocument Document)> cells = new();

    /// <summary>The board for a caller.</summary>
    public Board Read(JournalReader r, Caller caller, DateTimeOffset now)
    {
        var services = r.Services().Where(s => caller.MayTouch(s.App)).Select(Cell).ToList();
        var open = r.OpenRequests(MostOpen + 1);
        var environments = options.Environments.Select(e => new BoardEnvironment(e.Key, e.Value.Zone)).ToList();
        // What ran in an environment that the configuration no longer has is still shown.
        environments.AddRange(services.Select(c => c.Environment).Distinct().Where(e => !options.Environments.ContainsKey(e)).Order(StringComparer.Ordinal).Select(e => new BoardEnvironment(e, null)));
        return new Board
        {
            Environments = environments,
            Services = services,
            Open = [.. open.Take(MostOpen).Where(o => caller.MayTouch(o.App)).Select(Document)],
            MoreOpen = open.Count > MostOpen,
            Recent = Recent(r, caller),
            DeadLetters = [.. r.DeadLetters(DeadLetterState.Open, MostDeadLetters).Select(DeadLetterEndpoints.Of).Where(d => caller.MayTouch(d.App))],
            Incidents = [.. (r.State(OpenIncidents.Key, BridgeJson.Default.OpenIncidents) ?? OpenIncidents.None).SeenBy(caller)],
            Targets = caller.Apps.Contains("*") ? [.. options.Targets.Order(StringComparer.Ordinal).Select(t => Target(r, t)).OfType<RefusingTarget>()] : [],
            Bound = TimeSpan.FromSeconds(options.WorkSeconds + options.LongestHealthTimeoutSeconds),
            WaitingBound = TimeSpan.FromSeconds(options.AfterSeconds + options.WorkSeconds + options.LongestHealthTimeoutSeconds),
            Now = now,
        };
    }

    ServiceDocument Cell(ServiceRow row)
    {
        var key = (row.App, row.Environment);
        if (cells.TryGetValue(key, out var known) && known.Body.AsSpan().SequenceEqual(row.Body))
        {
            return known.Document;
        }
        var document = JsonSerializer.Deserialize(row.Body, BridgeJson.Default.ServiceDocument)!;
        cells[key] = (row.Body, document);
        return document;
    }

    static List<RequestDocument> Recent(JournalReader r, Caller caller)
    {
        var found = new List<RequestDocument>();
        var looked = 0;
        for (var before = long.MaxValue; found.Count < MostRecent && looked < LookedForRecent;)
        {
            var page = r.NewestRequests(MostRecent * 2, before);
            found.AddRange(page.Where(row => row.Kind == RequestId.Deployment && !row.Open && caller.MayTouch(row.App)).Take(MostRecent - found.Count).Select(Document));
            if (page.Count == 0)
            {
                break;
            }
            looked += page.Count;
            before = page[^1].Sequence;
        }
        return found;
    }

    /// <summary>A target that lost what it was to be told last, or keeps it waiting with a reason.</summary>
    static RefusingTarget? Target(JournalReader r, string name)
    {
        var lost = r.State(TargetRefusal.Key(name), BridgeJson.Default.TargetRefusal);
        var queue = Queues.Notify(name);
        var waits = r.OldestOpenWork(queue);
        if (lost is null && waits?.Error is null)
        {
            return null;
        }
        return new RefusingTarget(name, waits?.Error ?? lost!.Cause, lost?.Since, lost?.Messages ?? 0, r.OpenWorkCounts().Where(q => q.Queue == queue).Sum(q => q.Ready + q.Running));
    }

    static RequestDocument Document(RequestRow row) => JsonSerializer.Deserialize(row.Body, BridgeJson.Default.RequestDocument)!;
}
