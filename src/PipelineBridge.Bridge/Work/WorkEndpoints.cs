using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using WorkState = PipelineBridge.Messaging.WorkState;

namespace PipelineBridge.Bridge.Work;

/// <summary>How a work stands, for the stage that has it; the specifications are text.</summary>
public sealed record WorkAnswer(string Id, string State, bool TakingBack, string? Specification, string? PreviousSpecification, bool Started = false);

/// <summary>The phase that a stage comes to: <c>takingback</c>.</summary>
public sealed record PhaseReport(string? Phase);

/// <summary>A blob that was kept.</summary>
public sealed record BlobAnswer(string Digest, long Bytes);

/// <summary>The stages' calls: <c>GET /v1/work/{id}</c>, <c>PUT /v1/work/{id}/phase</c>, <c>PUT /v1/blobs/{digest}</c>; and <c>GET /v1/blobs/{digest}</c> for people too.</summary>
static class WorkEndpoints
{
    public static void MapWork(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/work/{id}", (Delegate)Get).Produces<WorkAnswer>().Produces<WorkAnswer>(StatusCodes.Status410Gone).ProducesOurProblems(401, 403, 404).WithSummary("How a work stands (stages)");
        app.MapPut("/v1/work/{id}/phase", (Delegate)Phase).Produces(StatusCodes.Status204NoContent).Produces<WorkAnswer>(StatusCodes.Status410Gone).Accepts<PhaseReport>(isOptional: true, "application/json", "*/*").ProducesOurProblems(400, 401, 403, 404, 422, 503).WithSummary("A work comes to a phase (stages)");
        app.MapGet("/v1/expected/{app}/{environment}", (Delegate)Expected).Produces<Messaging.ExpectedDeployment>().Produces(StatusCodes.Status204NoContent).ProducesOurProblems(401, 403).WithSummary("What an app should run in an environment (stages)");
        app.MapPut("/v1/blobs/{digest}", (Delegate)PutBlob).Produces<BlobAnswer>(StatusCodes.Status201Created).ProducesOurProblems(400, 401, 403, 413, 422, 503).WithSummary("Keep evidence (stages)");
        app.MapGet("/v1/blobs/{digest}", (Delegate)GetBlob).Produces<string>(StatusCodes.Status200OK, "text/plain").ProducesOurProblems(401, 403, 404).WithSummary("Evidence or a specification");
    }

    static async Task Get(HttpContext http)
    {
        var (id, standing) = Find(http);
        var answer = new WorkAnswer(id.ToString(), standing.State, standing.TakingBack, Text(standing.Specification), Text(standing.PreviousSpecification), standing.Started);
        await Answers.Write(http, standing.State == WorkState.Open ? StatusCodes.Status200OK : StatusCodes.Status410Gone, answer, HttpJson.Default.WorkAnswer);
    }

    static async Task Phase(HttpContext http)
    {
        var (id, standing) = Find(http);
        var body = await Bodies.Read(http);
        var report = Bodies.Parse(body, HttpJson.Default.PhaseReport);
        if (report.Phase != "takingback")
        {
            throw RefusedException.Fields(new FieldMistake("phase", report.Phase, "it must be takingback."));
        }
        if (standing.State == WorkState.Closed)
        {
            await Answers.Write(http, StatusCodes.Status410Gone, new WorkAnswer(id.ToString(), standing.State, standing.TakingBack, null, null), HttpJson.Default.WorkAnswer);
            return;
        }
        var deciders = http.RequestServices.GetRequiredService<Deliveries.Deciders>();
        await http.RequestServices.GetRequiredService<AskIntake>().Write(tx => { deciders.TakingBack(tx, id); return 0; }, http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    static async Task Expected(HttpContext http)
    {
        http.RequestServices.GetRequiredService<ApiKeys>().Of(http).Demand(Verb.Stage);
        var (app, environment) = ((string)http.Request.RouteValues["app"]!, (string)http.Request.RouteValues["environment"]!);
        if (http.RequestServices.GetRequiredService<WorkStandings>().Expected(app, environment) is not { } expected)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        await Answers.Write(http, StatusCodes.Status200OK, expected, HttpJson.Default.ExpectedDeployment);
    }

    static async Task PutBlob(HttpContext http)
    {
        http.RequestServices.GetRequiredService<ApiKeys>().Of(http).Demand(Verb.Stage);
        var digest = (string)http.Request.RouteValues["digest"]!;
        var body = await Bodies.Read(http);
        var blob = BlobRow.Of("text/plain; charset=utf-8", body.ToArray());
        if (blob.Digest != digest)
        {
            throw RefusedException.Fields(new FieldMistake("digest", digest, $"the body has the digest {blob.Digest}."));
        }
        await http.RequestServices.GetRequiredService<AskIntake>().Write(tx => { tx.PutBlob(blob); return 0; }, http.RequestAborted);
        await Answers.Write(http, StatusCodes.Status201Created, new BlobAnswer(digest, body.Length), HttpJson.Default.BlobAnswer);
    }

    static async Task GetBlob(HttpContext http)
    {
        http.RequestServices.GetRequiredService<ApiKeys>().Reader(http, orStage: true);
        var digest = (string)http.Request.RouteValues["digest"]!;
        var blob = http.RequestServices.GetRequiredService<EventJournal>().Read(r => r.Blob(digest));
        if (blob is not { Bytes: { } bytes })
        {
            throw RefusedException.NotFound(blob is null ? $"There is no blob {digest}." : $"The blob {digest} was erased.");
        }
        // Never anything that a browser would run: evidence is quoted from outside.
        http.Response.Headers.XContentTypeOptions = "nosniff";
        await Answers.WriteBytes(http, StatusCodes.Status200OK, bytes, "text/plain; charset=utf-8");
    }

    static (EventId Id, Messaging.WorkStanding Standing) Find(HttpContext http)
    {
        http.RequestServices.GetRequiredService<ApiKeys>().Of(http).Demand(Verb.Stage);
        var text = (string)http.Request.RouteValues["id"]!;
        return EventId.TryParse(text, out var id) && http.RequestServices.GetRequiredService<WorkStandings>().Of(id) is { } standing
            ? (id, standing)
            : throw RefusedException.NotFound($"There is no work {text}.");
    }

    static string? Text(ReadOnlyMemory<byte>? bytes) => bytes is { } b ? System.Text.Encoding.UTF8.GetString(b.Span) : null;
}
