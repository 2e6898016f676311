using System.Text.Json;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>Finds requests by their whole name or a prefix of at least four characters.</summary>
public sealed class RequestLookup(EventJournal journal, BridgeOptions options)
{
    /// <summary>How many requests, newest first, a prefix is looked for in.</summary>
    const int Looked = 200_000;

    /// <summary>The document of a request.</summary>
    /// <exception cref="RefusedException">404, or 409 when a prefix names several.</exception>
    public RequestDocument Find(string text) => journal.Read(r => Find(r, text));

    /// <summary>The document of a request, read in a snapshot at hand.</summary>
    public static RequestDocument Find(JournalReader r, string text)
    {
        if (RequestId.TryParse(text, out var id))
        {
            return Document(r, id) ?? throw RefusedException.NotFound($"There is no request {text}.");
        }
        if (!RequestId.IsPrefix(text))
        {
            throw RefusedException.NotFound($"\"{text}\" is no request; a request is a letter, a dash and at least {RequestId.ShortestPrefix} characters, e.g. d-81c0.");
        }
        var found = new List<RequestId>();
        r.RequestsNewestFirst((_, ask, kind) =>
        {
            var name = new RequestId(kind, ask);
            if (name.ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase))
            {
                found.Add(name);
            }
            return found.Count < 5;
        }, Looked);
        return found.Count switch
        {
            0 => throw RefusedException.NotFound($"There is no request {text}."),
            1 => Document(r, found[0])!,
            _ => throw RefusedException.Conflict($"{text} may be any of {string.Join(", ", found)}; give more of it."),
        };
    }

    /// <summary>The document with the places to follow it.</summary>
    public RequestDocument Answer(RequestDocument document) =>
        document with { StatusUrl = $"{options.Url}/v1/requests/{document.Id}", TimelineUrl = $"{options.Url}/{document.Id}" };

    static RequestDocument? Document(JournalReader r, RequestId id)
    {
        if (r.Request(id.Ask) is { } row)
        {
            return row.Kind == id.Kind ? JsonSerializer.Deserialize(row.Body, BridgeJson.Default.RequestDocument) : null;
        }
        if (id.Kind != RequestId.Fact || r.Event(id.Ask) is not { } stored)
        {
            return null;
        }
        // A posted fact: it happened, and that is its end.
        var e = CdEventReader.Read(stored.Body);
        return new RequestDocument
        {
            Id = id.ToString(),
            Kind = "fact",
            App = e.Custom?.App ?? "-",
            Environment = e.Custom?.Environment,
            ChainId = e.ChainId ?? e.Id,
            Sequence = stored.Sequence,
            State = RequestState.Succeeded,
            Revision = 1,
            AskedAt = e.Time,
            EndedAt = e.Time,
            By = e.Custom?.By,
            Build = e.Custom?.Build,
        };
    }
}
