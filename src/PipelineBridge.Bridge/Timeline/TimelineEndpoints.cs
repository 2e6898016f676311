using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Timeline;

/// <summary>The story of a chain: its requests as they stand, and its events in the order of the journal.</summary>
public sealed record ChainAnswer(string ChainId, IReadOnlyList<RequestDocument> Requests, IReadOnlyList<SequencedEvent> Events);

/// <summary>The chains in which a commit, a digest or an app in an environment occurs, newest first.</summary>
public sealed record TimelineAnswer(IReadOnlyList<ChainAnswer> Chains);

/// <summary>Deployments, newest first.</summary>
public sealed record DeploymentsAnswer(IReadOnlyList<RequestDocument> Deployments);

/// <summary><c>GET /v1/chains/{id}</c>, <c>/v1/timeline</c> and <c>/v1/deployments</c>.</summary>
static class TimelineEndpoints
{
    const int LongestChain = 1000;
    const int MostChains = 20;

    public static void MapTimeline(this IEndpointRouteBuilder app)
    {
        app.MapRead<ChainAnswer>("/v1/chains/{id}", Chain, "The story of a chain");
        app.MapRead<TimelineAnswer>("/v1/timeline", Timeline, "What ran where: by commit, digest, or app and environment");
        app.MapRead<DeploymentsAnswer>("/v1/deployments", Deployments, "Deployments, newest first");
    }

    static async Task Chain(HttpContext http, Caller caller)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var story = http.RequestServices.GetRequiredService<EventJournal>().Read(r => Story(r, id, caller));
        await Answers.Write(http, StatusCodes.Status200OK, story ?? throw RefusedException.NotFound($"There is no chain {id}."), HttpJson.Default.ChainAnswer);
    }

    static async Task Timeline(HttpContext http, Caller caller)
    {
        var query = http.Request.Query;
        var (commit, digest, app, environment) = (query["commit"].ToString(), query["digest"].ToString(), query["app"].ToString(), query["environment"].ToString());
        var journal = http.RequestServices.GetRequiredService<EventJournal>();
        var chains = journal.Read(r =>
        {
            IEnumerable<string> ids = (commit, digest, app) switch
            {
                ({ Length: > 0 }, _, _) => r.ChainsByReference(commit, MostChains),
                (_, { Length: > 0 }, _) => r.ChainsByReference(digest, MostChains),
                (_, _, { Length: > 0 }) when environment.Length > 0 => Requests(r, app, environment, MostChains, caller).Select(d => d.ChainId).Distinct(),
                _ => throw RefusedException.Fields(new FieldMistake("(the query)", null, "give commit, or digest, or app and environment.")),
            };
            return ids.Select(id => Story(r, id, caller)).OfType<ChainAnswer>().ToList();
        });
        await Answers.Write(http, StatusCodes.Status200OK, new TimelineAnswer(chains), HttpJson.Default.TimelineAnswer);
    }

    static async Task Deployments(HttpContext http, Caller caller)
    {
        var query = http.Request.Query;
        var (app, environment) = (query["app"].ToString(), query["environment"].ToString());
        var limit = (int)RequestEndpoints.Number(http, "limit", 20, 500);
        if (app.Length == 0 || environment.Length == 0)
        {
            throw RefusedException.Fields(new FieldMistake("(the query)", null, "give app and environment."));
        }
        caller.Demand(Verb.Read, app);
        var documents = http.RequestServices.GetRequiredService<EventJournal>().Read(r => Requests(r, app, environment, limit, caller));
        await Answers.Write(http, StatusCodes.Status200OK, new DeploymentsAnswer(documents), HttpJson.Default.DeploymentsAnswer);
    }

    static List<RequestDocument> Requests(JournalReader r, string app, string environment, int limit, Caller caller)
    {
        caller.Demand(Verb.Read, app);
        return [.. r.Requests(app, environment, limit).Select(row => JsonSerializer.Deserialize(row.Body, BridgeJson.Default.RequestDocument)!)];
    }

    /// <summary>The story of a chain as far as the caller may read it; null when there is nothing.</summary>
    internal static ChainAnswer? Story(JournalReader r, string id, Caller caller)
    {
        var events = r.Chain(id, LongestChain).Where(e => e.App == "-" ? caller.Apps.Contains("*") : caller.MayTouch(e.App)).ToList();
        if (events.Count == 0)
        {
            return null;
        }
        var requests = events.Select(e => r.Request(e.Sequence)).OfType<RequestRow>().Select(row => JsonSerializer.Deserialize(row.Body, BridgeJson.Default.RequestDocument)!);
        return new ChainAnswer(id, [.. requests], [.. events.Select(EventEndpoints.Sequenced)]);
    }
}
