using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Timeline;

/// <summary>An environment of the configuration.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Zone"><c>public</c> or <c>internal</c>.</param>
public sealed record EnvironmentAnswer(string Name, string Zone);

/// <summary>What runs where.</summary>
/// <param name="At">The time that was asked for; null for now.</param>
/// <param name="Environments">The environments, in the order of the configuration.</param>
/// <param name="Services">The cells of the matrix.</param>
/// <param name="Incidents">What is wrong with running services now, newest first; none where a time was asked for.</param>
public sealed record ServicesAnswer(DateTimeOffset? At, IReadOnlyList<EnvironmentAnswer> Environments, IReadOnlyList<ServiceDocument> Services, IReadOnlyList<OpenIncident>? Incidents = null);

/// <summary><c>GET /v1/services</c>.</summary>
static class ServiceEndpoints
{
    const int PageOfRequests = 200;
    const int MostRequests = 10_000;

    public static void MapServices(this IEndpointRouteBuilder app) =>
        app.MapRead<ServicesAnswer>("/v1/services", Get, "What runs where, now or at a time");

    static async Task Get(HttpContext http, Caller caller)
    {
        var query = http.Request.Query;
        var (app, environment, at) = (query["app"].ToString(), query["environment"].ToString(), Time(query["at"].ToString()));
        if (app.Length > 0)
        {
            caller.Demand(Verb.Read, app);
        }
        var options = http.RequestServices.GetRequiredService<BridgeOptions>();
        var (services, incidents) = http.RequestServices.GetRequiredService<EventJournal>().Read(r => (
            r.Services()
                .Where(s => caller.MayTouch(s.App) && (app.Length == 0 || s.App == app) && (environment.Length == 0 || s.Environment == environment))
                .Select(s => JsonSerializer.Deserialize(s.Body, BridgeJson.Default.ServiceDocument)!)
                .Select(s => at is { } time ? At(r, s, time) : s).ToList(),
            // What is wrong with a whole cluster is wrong with each app on it.
            at is not null ? null : (r.State(OpenIncidents.Key, BridgeJson.Default.OpenIncidents) ?? OpenIncidents.None).SeenBy(caller)
                .Where(i => (app.Length == 0 || i.App == app || i.App == "-") && (environment.Length == 0 || i.Environment == environment)).ToList()));
        var answer = new ServicesAnswer(at, [.. options.Environments.Where(e => environment.Length == 0 || e.Key == environment).Select(e => new EnvironmentAnswer(e.Key, e.Value.Zone))], services, incidents);
        await Answers.Write(http, StatusCodes.Status200OK, answer, HttpJson.Default.ServicesAnswer);
    }

    /// <summary>The cell as it was at a time: by the newest request that had its good end then. After so many that were later or not good, it is not known.</summary>
    internal static ServiceDocument At(JournalReader r, ServiceDocument now, DateTimeOffset at, int most = MostRequests)
    {
        var before = long.MaxValue;
        RequestDocument? alreadyLive = null;
        for (var looked = 0; looked < most; looked += PageOfRequests)
        {
            var page = r.Requests(now.App, now.Environment, PageOfRequests, before);
            foreach (var row in page)
            {
                before = row.Sequence;
                var document = JsonSerializer.Deserialize(row.Body, BridgeJson.Default.RequestDocument)!;
                if (document.State != RequestState.Succeeded || document.EndedAt > at)
                {
                    continue;
                }
                if (document.AlreadyLive != true)
                {
                    return alreadyLive is null ? Cell(now, document)
                        : ServiceDocument.IsSame(document.Image, alreadyLive.Image) && document.Kind != "removal" ? Cell(now, document) with { Image = alreadyLive.Image }
                        : Cell(now, alreadyLive);
                }
                // It changed nothing: since when it runs is told by an older one.
                alreadyLive ??= document;
            }
            if (page.Count < PageOfRequests)
            {
                return alreadyLive is null ? Cell(now, null) : Cell(now, alreadyLive);
            }
        }
        return alreadyLive is null ? Cell(now, null) with { State = "notknown" } : Cell(now, alreadyLive);
    }

    static ServiceDocument Cell(ServiceDocument now, RequestDocument? good) => good is null or { Kind: "removal" }
        ? new ServiceDocument { App = now.App, Environment = now.Environment, State = "none" }
        : new ServiceDocument { App = now.App, Environment = now.Environment, State = "live", Image = good.Image, Since = good.EndedAt, RequestId = good.Id };

    static DateTimeOffset? Time(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw RefusedException.Fields(new FieldMistake("at", text, "it must be a day or a time, e.g. 2026-11-01 or 2026-11-01T08:00:00Z."));
    }
}
