using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>A request is to be taken back; the path names it.</summary>
public sealed record CancelAsk(string? ChainId = null, BuildField? Build = null, string? By = null) : IAskFields;

/// <summary><c>GET /v1/requests/{id}</c> and <c>POST /v1/requests/{id}/cancel</c>.</summary>
static class RequestEndpoints
{
    const int LongestWaitSeconds = 60;

    public static void MapRequests(this IEndpointRouteBuilder app)
    {
        app.MapRead<RequestDocument>("/v1/requests/{id}", Get, "Where a request stands");
        app.MapWrite("POST", "/v1/requests/{id}/cancel", Cancel, HttpJson.Default.CancelAsk, "Take a request back");
    }

    static async Task Get(HttpContext http, Caller caller)
    {
        var services = http.RequestServices;
        var lookup = services.GetRequiredService<RequestLookup>();
        var wait = Number(http, "wait", 0, LongestWaitSeconds);
        var since = Number(http, "since", 0, long.MaxValue);
        var document = lookup.Find((string)http.Request.RouteValues["id"]!);
        caller.Demand(Verb.Read, document.App);
        if (wait > 0)
        {
            var id = RequestId.Parse(document.Id);
            var journal = services.GetRequiredService<EventJournal>();
            var row = journal.Read(r => r.Request(id.Ask)?.Sequence) ?? document.Sequence;
            document = await Moved(services, lookup, document, row, since, TimeSpan.FromSeconds(wait), http.RequestAborted);
        }
        await Answers.Write(http, StatusCodes.Status200OK, lookup.Answer(document), HttpJson.Default.RequestDocument);
    }

    static async Task<RequestDocument> Moved(IServiceProvider services, RequestLookup lookup, RequestDocument document, long sequence, long since, TimeSpan wait, CancellationToken aborted)
    {
        var waits = services.GetRequiredService<RequestWaits>();
        var stopping = services.GetRequiredService<Microsoft.Extensions.Hosting.IHostApplicationLifetime>().ApplicationStopping;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(aborted, stopping);
        limit.CancelAfter(wait);
        while (document.Revision <= since && !document.HasEnded)
        {
            // First the promise to be woken, then the look: a move between the two is not missed.
            var moved = waits.Next(sequence);
            document = lookup.Find(document.Id);
            if (document.Revision > since)
            {
                break;
            }
            try
            {
                await moved.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
            {
                return lookup.Find(document.Id);
            }
            document = lookup.Find(document.Id);
        }
        return document;
    }

    static Task Cancel(WriteCall<CancelAsk> call) => Cancel(call, call.Route("id"));

    /// <summary>Takes a request back.</summary>
    internal static async Task Cancel(WriteCall<CancelAsk> call, string id)
    {
        var services = call.Http.RequestServices;
        var deciders = services.GetRequiredService<Deciders>();
        var document = services.GetRequiredService<RequestLookup>().Find(id);
        var checks = new FieldChecks(call.Caller);
        checks.Common(call.Body);
        checks.Throw();
        call.Caller.Demand(Verb.Cancel, document.App);
        if (document.Environment is null || document.Kind is "push" or "tag" or "notification" or "fact")
        {
            throw RefusedException.Conflict(NoCancel(document, call.Options.WorkSeconds));
        }
        var by = new Actor(call.Body.By, call.Caller.Name);
        var key = AskIntake.KeyOf(call.Http, call.Caller);
        var bodyHash = System.Security.Cryptography.SHA256.HashData(call.Bytes.Span);
        var after = await call.Intake.Write(tx =>
        {
            if (key is not null && tx.Idempotency(key) is { } earlier)
            {
                AskIntake.SameBody(earlier, bodyHash);
                return Document(tx, document.Id);
            }
            var lane = tx.State(DeploymentLane.Key(document.App, document.Environment), BridgeJson.Default.DeploymentLane)!;
            if (DeploymentRefusals.Cancel(lane, document.Id) is { } why)
            {
                throw RefusedException.Conflict(why);
            }
            deciders.Cancel(tx, document, by);
            if (key is not null)
            {
                tx.PutIdempotency(new IdempotencyRow(key, bodyHash, tx.Find(RequestId.Parse(document.Id).Ask)!.Value, tx.Now.ToUnixTimeMilliseconds()));
            }
            return Document(tx, document.Id);
        }, call.Http.RequestAborted);
        await call.Answer(call.Intake.Of(after.Id, after.ChainId, after.State, after.Revision, []));
    }

    /// <summary>Why what is no deployment cannot be taken back, and what to do instead.</summary>
    internal static string NoCancel(RequestDocument document, int workSeconds) => document switch
    {
        { HasEnded: true } => $"{document.Id} has its end already: {document.State}.",
        // Its registry cannot be had: no tag can be set there either, and nothing has to be.
        { ReleasedAt: { } released, WaitingFor: { } why } => string.Create(CultureInfo.InvariantCulture,
            $"A {document.Kind} cannot be taken back once it is accepted. If it cannot be done until then, it ends as failed by itself at about {released.AddSeconds(workSeconds):yyyy-MM-dd HH:mm:ss} UTC (limits.workSeconds). What it waits for: {why}"),
        { Kind: "push" or "tag" } => $"A {document.Kind} cannot be taken back once it is accepted. Set the tag to another image instead: pipelinebridge tag {document.App} IMAGE TAG, or POST /v1/tags.",
        _ => $"A {document.Kind} cannot be taken back once it is accepted.",
    };

    static RequestDocument Document(JournalTransaction tx, string id) =>
        System.Text.Json.JsonSerializer.Deserialize(tx.Request(tx.Find(RequestId.Parse(id).Ask)!.Value)!.Body, BridgeJson.Default.RequestDocument)!;

    /// <summary>A whole number of the query.</summary>
    public static long Number(HttpContext http, string name, long absent, long most)
    {
        var text = http.Request.Query[name].ToString();
        if (text.Length == 0)
        {
            return absent;
        }
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= most
            ? value
            : throw RefusedException.Fields(new FieldMistake(name, text, $"it must be a whole number from 0 to {most}."));
    }
}
