using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Timeline;

/// <summary>An event of the journal with its place there.</summary>
public sealed record SequencedEvent(long Sequence, JsonElement Event);

/// <summary>Events after a sequence: go on from <paramref name="Reached"/>, also when none of them fits.</summary>
public sealed record EventsAnswer(long Reached, long Head, IReadOnlyList<SequencedEvent> Events);

/// <summary><c>POST /v1/events</c>, <c>GET /v1/events</c> and <c>/v1/events/stream</c>.</summary>
static class EventEndpoints
{
    const int LongestAnswer = 500;
    const int LargestBatch = 1000;

    public static void MapEvents(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/events", (Delegate)Post).Produces<Receipt>(StatusCodes.Status202Accepted).ProducesOurProblems(400, 401, 403, 413, 422, 429, 503).WithSummary("Post a foreign CDEvent, or a batch");
        app.MapRead<EventsAnswer>("/v1/events", Get, "Events after a sequence");
        app.MapRead<SequencedEvent>("/v1/events/stream", Stream, "Events as they come (server-sent events)");
    }

    static async Task Post(HttpContext http)
    {
        var services = http.RequestServices;
        var caller = services.GetRequiredService<ApiKeys>().Of(http).Demand(Verb.Event);
        var body = await Bodies.Read(http);
        var events = Parse(body);
        var deciders = services.GetRequiredService<Deciders>();
        var intake = services.GetRequiredService<AskIntake>();
        await intake.Write(tx =>
        {
            foreach (var (e, bytes) in events)
            {
                deciders.Happened(tx, e, born: true, bytes);
            }
            return 0;
        }, http.RequestAborted);
        var first = events[0].Event;
        var name = new RequestId(RequestId.Fact, first.Key());
        var receipt = intake.Of(name.ToString(), first.ChainId ?? first.Id, RequestState.Succeeded, 1, []);
        await Answers.Write(http, StatusCodes.Status202Accepted, receipt, HttpJson.Default.Receipt);
    }

    internal static List<(CdEvent Event, ReadOnlyMemory<byte> Bytes)> Parse(ReadOnlyMemory<byte> body)
    {
        // CloudEvents JSON format, 4: a batch is a list of structured events.
        var first = body.Span.TrimStart(" \t\r\n"u8);
        if (first.Length == 0 || first[0] != (byte)'[')
        {
            return [(Foreign(body, ""), body)];
        }
        using var document = Document(body);
        var list = document.RootElement;
        if (list.GetArrayLength() is 0 or > LargestBatch)
        {
            throw RefusedException.Fields(new FieldMistake("(the body)", null, $"a batch has 1 to {LargestBatch} events; this one has {list.GetArrayLength()}."));
        }
        return [.. list.EnumerateArray().Select((e, i) =>
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(e.GetRawText());
            return (Foreign(bytes, $"[{i}]."), (ReadOnlyMemory<byte>)bytes);
        })];
    }

    static CdEvent Foreign(ReadOnlyMemory<byte> bytes, string at)
    {
        CdEvent e;
        try
        {
            e = CdEventReader.Read(bytes);
        }
        catch (EventFormatException wrong) when (wrong.Field == "(the body)" && at.Length == 0)
        {
            throw new RefusedException(StatusCodes.Status400BadRequest, "No CloudEvent", $"The body is no structured CloudEvent: {wrong.Reason}");
        }
        catch (EventFormatException wrong)
        {
            throw RefusedException.Fields(new FieldMistake(at + wrong.Field, null, wrong.Reason));
        }
        if (e.Source.StartsWith(CdEvent.OurSource, StringComparison.Ordinal) || e.Source == CdEvent.OurSource.TrimEnd('/'))
        {
            throw RefusedException.Fields(new FieldMistake(at + "source", e.Source, "it claims to be the bridge's own; a foreign event has its own source. Ask by /v1/pushes, /v1/deployments and the like."));
        }
        if (e.Type.StartsWith(EventTypes.OurPrefix, StringComparison.Ordinal))
        {
            throw RefusedException.Fields(new FieldMistake(at + "type", e.Type, "asks, work and ends of the bridge are not posted as events. Ask by /v1/pushes, /v1/deployments and the like."));
        }
        return e;
    }

    static JsonDocument Document(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException e)
        {
            throw new RefusedException(StatusCodes.Status400BadRequest, "No JSON", $"The body is no JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}. It may have been cut.");
        }
    }

    static async Task Get(HttpContext http, Caller caller)
    {
        var after = RequestEndpoints.Number(http, "after", 0, long.MaxValue);
        var (type, app) = Filter(http, caller);
        var journal = http.RequestServices.GetRequiredService<EventJournal>();
        var head = journal.Head;
        var page = journal.Read(r => r.EventsAfter(after, LongestAnswer, type, app));
        var answer = new EventsAnswer(page.Reached, head, [.. page.Events.Where(e => Readable(caller, e)).Select(Sequenced)]);
        await Answers.Write(http, StatusCodes.Status200OK, answer, HttpJson.Default.EventsAnswer);
    }

    static async Task Stream(HttpContext http, Caller caller)
    {
        var services = http.RequestServices;
        var journal = services.GetRequiredService<EventJournal>();
        var stopping = services.GetRequiredService<Microsoft.Extensions.Hosting.IHostApplicationLifetime>().ApplicationStopping;
        var (type, app) = Filter(http, caller);
        var last = http.Request.Headers["Last-Event-ID"].ToString();
        var after = long.TryParse(last, System.Globalization.CultureInfo.InvariantCulture, out var l) ? l
            : RequestEndpoints.Number(http, "after", journal.Head, long.MaxValue);
        http.Response.ContentType = "text/event-stream; charset=utf-8";
        http.Response.Headers.CacheControl = "no-store";
        // Not disposed: a commit may be telling of itself at the moment the reader leaves. It holds no handle.
        var wake = new SemaphoreSlim(1);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        void Wake(JournalCommit _)
        {
            if (wake.CurrentCount == 0)
            {
                wake.Release();
            }
        }
        journal.Committed += Wake;
        try
        {
            await http.Response.StartAsync(limit.Token);
            while (!limit.IsCancellationRequested)
            {
                // Woken by the journal; after 15 s a comment, so that a proxy keeps the connection.
                var woken = await wake.WaitAsync(TimeSpan.FromSeconds(15), limit.Token);
                EventPage page;
                do
                {
                    page = journal.Read(r => r.EventsAfter(after, LongestAnswer, type, app));
                    foreach (var e in page.Events.Where(e => Readable(caller, e)))
                    {
                        await http.Response.WriteAsync($"id: {e.Sequence}\ndata: ", limit.Token);
                        await http.Response.Body.WriteAsync(OneLine(e.Body), limit.Token);
                        await http.Response.WriteAsync("\n\n", limit.Token);
                    }
                }
                while (page.Reached > after && (after = page.Reached) < journal.Head);
                if (!woken)
                {
                    await http.Response.WriteAsync(": still here\n\n", limit.Token);
                }
                await http.Response.Body.FlushAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
        }
        finally
        {
            journal.Committed -= Wake;
        }
    }

    /// <summary>A data line has no line breaks (HTML, server-sent events): a foreign event may have come with some.</summary>
    static ReadOnlyMemory<byte> OneLine(byte[] body)
    {
        if (!body.AsSpan().ContainsAny((byte)'\n', (byte)'\r'))
        {
            return body;
        }
        using var document = JsonDocument.Parse(body);
        return JsonSerializer.SerializeToUtf8Bytes(document.RootElement, HttpJson.Default.JsonElement);
    }

    static (string? Type, string? App) Filter(HttpContext http, Caller caller)
    {
        var app = http.Request.Query["app"].ToString();
        var type = http.Request.Query["type"].ToString();
        if (app.Length > 0)
        {
            caller.Demand(Verb.Read, app);
        }
        // People say deployment.succeeded; the journal has the full name.
        var full = EventTypes.All.FirstOrDefault(t => t.ShortName == type)?.Name ?? type;
        return (full.Length == 0 ? null : full, app.Length == 0 ? null : app);
    }

    /// <summary>Whether a caller may see an event.</summary>
    internal static bool Readable(Caller caller, StoredEvent e) => e.App == "-" ? caller.Apps.Contains("*") : caller.MayTouch(e.App);

    internal static SequencedEvent Sequenced(StoredEvent e)
    {
        using var document = JsonDocument.Parse(e.Body);
        return new SequencedEvent(e.Sequence, document.RootElement.Clone());
    }
}
