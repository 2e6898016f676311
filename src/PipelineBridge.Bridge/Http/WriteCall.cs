using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.Security;

namespace PipelineBridge.Bridge.Http;

/// <summary>A write as its endpoint gets it: who calls, and the body as its shape.</summary>
sealed record WriteCall<T>(HttpContext Http, Caller Caller, ReadOnlyMemory<byte> Bytes, T Body, BridgeOptions Options, AskIntake Intake)
{
    /// <summary>What is answered once it is on disk; null: 202 and the receipt.</summary>
    public Func<Receipt, Task>? Accepted { get; init; }

    /// <summary>Journals the ask and answers with its receipt.</summary>
    public async Task Accept(Ask ask) => await Answer(await Intake.Journal(Http, Caller, Bytes, ask));

    /// <summary>Answers with a receipt; only once it is on disk.</summary>
    public Task Answer(Receipt receipt) =>
        Accepted is null ? Answers.Write(Http, StatusCodes.Status202Accepted, receipt, HttpJson.Default.Receipt) : Accepted(receipt);

    /// <summary>A value of the route.</summary>
    public string Route(string name) => (string)Http.Request.RouteValues[name]!;
}

/// <summary>Maps endpoints with the frame that all of them share: the key first, then the body, then the endpoint.</summary>
static class EndpointFrame
{
    public static RouteHandlerBuilder MapWrite<T>(this IEndpointRouteBuilder app, string method, string path, Func<WriteCall<T>, Task> endpoint, JsonTypeInfo<T> type, string summary)
        where T : class =>
        app.MapCall(method, path, endpoint, type, summary).Produces<Receipt>(StatusCodes.Status202Accepted).ProducesOurProblems(400, 401, 403, 409, 413, 422, 429, 503);

    /// <summary>A write that is only judged: it answers 204 or the refusal that the write would get, and nothing is journaled.</summary>
    public static RouteHandlerBuilder MapCheck<T>(this IEndpointRouteBuilder app, string path, Action<WriteCall<T>> judge, JsonTypeInfo<T> type, string summary)
        where T : class
    {
        return app.MapCall("POST", path, Judged, type, summary).Produces(StatusCodes.Status204NoContent).ProducesOurProblems(400, 401, 403, 413, 422);

        Task Judged(WriteCall<T> call)
        {
            judge(call);
            call.Http.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }
    }

    static RouteHandlerBuilder MapCall<T>(this IEndpointRouteBuilder app, string method, string path, Func<WriteCall<T>, Task> endpoint, JsonTypeInfo<T> type, string summary)
        where T : class
    {
        return app.MapMethods(path, [method], (Delegate)Handle)
            // What curl says when nobody tells it otherwise is taken too: the body is judged, not its label.
            .Accepts<T>(isOptional: true, "application/json", "*/*")
            .WithSummary(summary);

        async Task Handle(HttpContext http)
        {
            var services = http.RequestServices;
            var caller = services.GetRequiredService<ApiKeys>().Of(http);
            var bytes = await Bodies.Read(http);
            // A DELETE or a cancel without a body says nothing more than its path.
            var body = bytes.Length == 0 && method == "DELETE" || bytes.Length == 0 && path.EndsWith("/cancel", StringComparison.Ordinal)
                ? Bodies.Parse("{}"u8.ToArray(), type)
                : Bodies.Parse(bytes, type);
            await endpoint(new WriteCall<T>(http, caller, bytes, body, services.GetRequiredService<BridgeOptions>(), services.GetRequiredService<AskIntake>()));
        }
    }

    public static RouteHandlerBuilder MapRead<T>(this IEndpointRouteBuilder app, string path, Func<HttpContext, Caller, Task> endpoint, string summary)
    {
        return app.MapGet(path, (Delegate)Handle).Produces<T>().ProducesOurProblems(401, 403, 404, 422).WithSummary(summary);

        async Task Handle(HttpContext http) =>
            await endpoint(http, http.RequestServices.GetRequiredService<ApiKeys>().Of(http).Demand(Verb.Read));
    }

    public static RouteHandlerBuilder ProducesOurProblems(this RouteHandlerBuilder builder, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            builder.Produces<ProblemDocument>(status, "application/problem+json");
        }
        return builder;
    }
}
