using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Pages.Actions;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Bridge.Timeline;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Pages;

/// <summary>The pages for people: <c>/</c>, <c>/{request}</c> and <c>/chains/{id}</c>, and what belongs to them.</summary>
static class PageEndpoints
{
    const int LongestFilter = 200;

    /// <summary>The form of a path that names a request; every other path is not ours.</summary>
    public const string RequestForm = "^[ptdnf]-[0-9a-z]{4,26}$";

    public static void MapPages(this IEndpointRouteBuilder app)
    {
        Map(app, "/", null, BoardOf);
        // The pattern is made by hand: the short form of a template with a regular expression is not in a server of this size.
        Map(app, "/{request}", new { request = new RegexRouteConstraint(RequestForm) }, Request);
        Map(app, "/chains/{id}", null, Chain);
        app.MapPageFiles();
        app.MapChanges();
        app.MapSignIn();
        app.MapActions();
    }

    static void Map(IEndpointRouteBuilder app, string path, object? constraints, Func<HttpContext, Visit, Html> page) =>
        app.Map(RoutePatternFactory.Parse(path, null, constraints), (RequestDelegate)(http =>
        {
            var viewer = http.RequestServices.GetRequiredService<ApiKeys>().Viewer(http);
            // Before it is read: what is journaled meanwhile is told as a change.
            var head = http.RequestServices.GetRequiredService<EventJournal>().Head;
            return PageShell.Write(http, StatusCodes.Status200OK, page(http, Visit.Of(http.Request) with { Viewer = viewer, Head = head }));
        }))
            .WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]))
            .ExcludeFromDescription();

    static Html BoardOf(HttpContext http, Visit visit)
    {
        var services = http.RequestServices;
        var reading = services.GetRequiredService<BoardReading>();
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var (board, message) = services.GetRequiredService<EventJournal>().Read(r =>
            (reading.Read(r, visit.Viewer!.Caller, now), PageMessages.Of(r, http.Request, visit.Viewer.Caller)));
        return BoardPage.Render(board, Text(http, "text"), Text(http, "zone"), visit with { Message = message });
    }

    static Html Request(HttpContext http, Visit visit)
    {
        var services = http.RequestServices;
        var text = (string)http.Request.RouteValues["request"]!;
        var caller = visit.Viewer!.Caller;
        var (document, evidence, story, lane, message) = services.GetRequiredService<EventJournal>().Read(r =>
        {
            var found = RequestLookup.Find(r, text);
            caller.Demand(Verb.Read, found.App);
            return (found, found.Evidence?.Select(e => EvidenceText.Of(r, e)).ToList() ?? [], TimelineEndpoints.Story(r, found.ChainId, caller),
                found.Environment is null ? null : r.State(DeploymentLane.Key(found.App, found.Environment), BridgeJson.Default.DeploymentLane),
                PageMessages.Of(r, http.Request, caller));
        });
        return StoryPages.Request(document, evidence, story, services.GetRequiredService<TimeProvider>().GetUtcNow(), visit with { Message = message }, lane);
    }

    static Html Chain(HttpContext http, Visit visit)
    {
        var services = http.RequestServices;
        var id = (string)http.Request.RouteValues["id"]!;
        var story = services.GetRequiredService<EventJournal>().Read(r => TimelineEndpoints.Story(r, id, visit.Viewer!.Caller))
            ?? throw RefusedException.NotFound($"There is no chain {id}.");
        return StoryPages.Chain(story, services.GetRequiredService<TimeProvider>().GetUtcNow(), visit);
    }

    static string Text(HttpContext http, string name)
    {
        var text = http.Request.Query[name].ToString();
        return text.Length <= LongestFilter ? text : throw RefusedException.Fields(new FieldMistake(name, null, $"it has {text.Length} characters; at most {LongestFilter} are taken."));
    }
}
