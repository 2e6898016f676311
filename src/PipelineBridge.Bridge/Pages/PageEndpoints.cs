using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Bridge.DeadLetters;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Bridge.Timeline;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Pages;

/// <summary>The pages for people: <c>/</c>, <c>/{request}</c> and <c>/chains/{id}</c>.</summary>
static class PageEndpoints
{
    const int MostOpen = 100;
    const int MostDeadLetters = 100;
    const int LongestFilter = 200;

    /// <summary>The form of a path that names a request; every other path is not ours.</summary>
    public const string RequestForm = "^[ptdnf]-[0-9a-z]{4,26}$";

    public static void MapPages(this IEndpointRouteBuilder app)
    {
        Map(app, "/", null, BoardOf);
        // The pattern is made by hand: the short form of a template with a regular expression is not in a server of this size.
        Map(app, "/{request}", new { request = new RegexRouteConstraint(RequestForm) }, Request);
        Map(app, "/chains/{id}", null, Chain);
    }

    static void Map(IEndpointRouteBuilder app, string path, object? constraints, Func<HttpContext, Caller, Html> page) =>
        app.Map(RoutePatternFactory.Parse(path, null, constraints), (RequestDelegate)(http =>
            PageShell.Write(http, StatusCodes.Status200OK, page(http, http.RequestServices.GetRequiredService<ApiKeys>().Reader(http)))))
            .WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]))
            .ExcludeFromDescription();

    static Html BoardOf(HttpContext http, Caller caller)
    {
        var services = http.RequestServices;
        var options = services.GetRequiredService<BridgeOptions>();
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var board = services.GetRequiredService<EventJournal>().Read(r => Read(r, caller, options, now));
        return BoardPage.Render(board, Text(http, "text"), Text(http, "zone"), Refresh.Of(http.Request));
    }

    static Board Read(JournalReader r, Caller caller, BridgeOptions options, DateTimeOffset now)
    {
        var cells = r.Services().Where(s => caller.MayTouch(s.App)).Select(s => JsonSerializer.Deserialize(s.Body, BridgeJson.Default.ServiceDocument)!).ToList();
        var open = r.OpenRequests(MostOpen + 1);
        var environments = options.Environments.Select(e => new BoardEnvironment(e.Key, e.Value.Zone)).ToList();
        // What ran in an environment that the configuration no longer has is still shown.
        environments.AddRange(cells.Select(c => c.Environment).Distinct().Where(e => !options.Environments.ContainsKey(e)).Order(StringComparer.Ordinal).Select(e => new BoardEnvironment(e, null)));
        return new Board
        {
            Environments = environments,
            Services = cells,
            Open = [.. open.Take(MostOpen).Where(o => caller.MayTouch(o.App)).Select(o => JsonSerializer.Deserialize(o.Body, BridgeJson.Default.RequestDocument)!)],
            MoreOpen = open.Count > MostOpen,
            DeadLetters = [.. r.DeadLetters(DeadLetterState.Open, MostDeadLetters).Select(DeadLetterEndpoints.Of).Where(d => caller.MayTouch(d.App))
                .Select(d => new BoardTrouble(d.App, d.Environment, d.Queue, d.RequestId, d.At))],
            Now = now,
        };
    }

    static Html Request(HttpContext http, Caller caller)
    {
        var services = http.RequestServices;
        var text = (string)http.Request.RouteValues["request"]!;
        var (document, evidence, story) = services.GetRequiredService<EventJournal>().Read(r =>
        {
            var found = RequestLookup.Find(r, text);
            caller.Demand(Verb.Read, found.App);
            return (found, found.Evidence?.Select(e => EvidenceText.Of(r, e)).ToList() ?? [], TimelineEndpoints.Story(r, found.ChainId, caller));
        });
        return StoryPages.Request(document, evidence, story, services.GetRequiredService<TimeProvider>().GetUtcNow(), Refresh.Of(http.Request));
    }

    static Html Chain(HttpContext http, Caller caller)
    {
        var services = http.RequestServices;
        var id = (string)http.Request.RouteValues["id"]!;
        var story = services.GetRequiredService<EventJournal>().Read(r => TimelineEndpoints.Story(r, id, caller))
            ?? throw RefusedException.NotFound($"There is no chain {id}.");
        return StoryPages.Chain(story, services.GetRequiredService<TimeProvider>().GetUtcNow(), Refresh.Of(http.Request));
    }

    static string Text(HttpContext http, string name)
    {
        var text = http.Request.Query[name].ToString();
        return text.Length <= LongestFilter ? text : throw RefusedException.Fields(new FieldMistake(name, null, $"it has {text.Length} characters; at most {LongestFilter} are taken."));
    }
}
