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

namespace PipelineBridge.Bridge.DeadLetters;

/// <summary>What could not be handled.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Queue">The queue that could not handle it.</param>
/// <param name="Type">Its event's type.</param>
/// <param name="RequestId">The request that it belonged to.</param>
/// <param name="Reason">What happened, for the operator.</param>
/// <param name="At">When it was given up.</param>
/// <param name="State"><c>open</c>, <c>replayed</c> or <c>dropped</c>.</param>
/// <param name="Replayable">Whether it can be asked for again; what is no ask can only be dropped.</param>
/// <param name="Body">The beginning of a message that is no event of ours, as text; of an event the journal has the whole.</param>
public sealed record DeadLetter(
    long Id, string Queue, string Type, string App, string? Environment, string? RequestId, string Reason, DateTimeOffset At, string State, bool Replayable, string? Body = null);

/// <summary>Dead letters, newest first.</summary>
public sealed record DeadLettersAnswer(IReadOnlyList<DeadLetter> DeadLetters);

/// <summary><c>GET /v1/deadletters</c>, <c>POST /v1/deadletters/{id}/replay</c> and <c>/drop</c>.</summary>
static class DeadLetterEndpoints
{
    const int Most = 200;

    /// <summary>How much of a message that is no event is shown, in bytes.</summary>
    const int ShownBytes = 2000;

    public static void MapDeadLetters(this IEndpointRouteBuilder app)
    {
        app.MapRead<DeadLettersAnswer>("/v1/deadletters", List, "What could not be handled");
        app.MapPost("/v1/deadletters/{id}/replay", (Delegate)(Func<HttpContext, Task>)Replay).Produces<Receipt>(StatusCodes.Status202Accepted).ProducesOurProblems(401, 403, 404, 409, 503).WithSummary("Ask again for what could not be handled");
        app.MapPost("/v1/deadletters/{id}/drop", (Delegate)(Func<HttpContext, Task>)Drop).Produces(StatusCodes.Status204NoContent).ProducesOurProblems(401, 403, 404, 409, 503).WithSummary("Drop a dead letter");
    }

    static async Task List(HttpContext http, Caller caller)
    {
        caller.Demand(Verb.DeadLetter);
        var letters = http.RequestServices.GetRequiredService<EventJournal>().Read(r => r.DeadLetters(null, Most));
        var answer = new DeadLettersAnswer([.. letters.Select(Of).Where(l => caller.MayTouch(l.App))]);
        await Answers.Write(http, StatusCodes.Status200OK, answer, HttpJson.Default.DeadLettersAnswer);
    }

    static async Task Replay(HttpContext http)
    {
        var receipt = await Replay(http, http.RequestServices.GetRequiredService<ApiKeys>().Of(http), (string)http.Request.RouteValues["id"]!, null);
        await Answers.Write(http, StatusCodes.Status202Accepted, receipt, HttpJson.Default.Receipt);
    }

    /// <summary>Asks again for what a dead letter was about; <paramref name="by"/> is the person, where the original's is not meant.</summary>
    internal static async Task<Receipt> Replay(HttpContext http, Caller caller, string id, string? by)
    {
        var (row, letter) = Find(http, caller, id);
        if (!letter.Replayable)
        {
            throw RefusedException.Conflict($"A {letter.Type} is no ask of somebody; it can only be dropped.");
        }
        var intake = http.RequestServices.GetRequiredService<AskIntake>();
        var work = CdEventReader.Read(row.Body);
        // The ask behind the work: itself for a push, a tag and a message; the deployment's ask for a rollout.
        var original = http.RequestServices.GetRequiredService<RequestLookup>().Find(work.Custom!.RequestId!);
        var name = RequestId.Parse(original.Id);
        var journal = http.RequestServices.GetRequiredService<EventJournal>();
        var stored = journal.Read(r => r.Event(name.Ask)) ?? throw RefusedException.NotFound($"The journal has no ask {original.Id}.");
        var ask = CdEventReader.Read(stored.Body);
        return await intake.Journal(http, caller, row.Body, new Ask
        {
            Kind = name.Kind,
            App = ask.Custom!.App,
            Environment = ask.Custom.Environment,
            // What came after a push has its image by now; whose key the push had no longer matters.
            Content = _ => ask.Content is DeploymentRequested { After: not null } d && work.Custom.Image is { } image ? d with { After = null, Image = image } : ask.Content,
            Image = work.Custom.Image ?? ask.Custom.Image,
            Subject = ask.SubjectId,
            Links = [EventLink.Cause(name.Ask)],
            Fields = new CancelAsk(ask.ChainId, ask.Custom.Build is { } b ? new BuildField(b.Url, b.Number, b.Job) : null, by ?? ask.Custom.By?.Person),
            // The old sequence: what is newer by now is not overtaken by it.
            Order = work.Custom.Sequence ?? original.Order ?? original.Sequence,
            Refusal = tx => tx.DeadLetter(row.Id) is { State: DeadLetterState.Open } open ? Replayed(tx, open) : RefusedException.Conflict($"{letter.Id} was replayed or dropped already."),
        });
    }

    static RefusedException? Replayed(JournalTransaction tx, DeadLetterRow open)
    {
        tx.PutDeadLetter(open with { State = DeadLetterState.Replayed });
        return null;
    }

    static async Task Drop(HttpContext http)
    {
        await Drop(http, http.RequestServices.GetRequiredService<ApiKeys>().Of(http), (string)http.Request.RouteValues["id"]!);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>Drops a dead letter.</summary>
    internal static async Task Drop(HttpContext http, Caller caller, string id)
    {
        var (row, letter) = Find(http, caller, id);
        await http.RequestServices.GetRequiredService<AskIntake>().Write(tx =>
        {
            if (tx.DeadLetter(row.Id) is not { State: DeadLetterState.Open } open)
            {
                throw RefusedException.Conflict($"{letter.Id} was replayed or dropped already.");
            }
            tx.PutDeadLetter(open with { State = DeadLetterState.Dropped });
            return 0;
        }, http.RequestAborted);
    }

    /// <summary>A dead letter that a caller may decide about.</summary>
    internal static (DeadLetterRow Row, DeadLetter Letter) Find(HttpContext http, Caller caller, string text)
    {
        caller.Demand(Verb.DeadLetter);
        var row = long.TryParse(text, out var id) ? http.RequestServices.GetRequiredService<EventJournal>().Read(r => r.DeadLetter(id)) : null;
        if (row is null)
        {
            throw RefusedException.NotFound($"There is no dead letter {text}.");
        }
        var letter = Of(row);
        caller.Demand(Verb.DeadLetter, letter.App);
        return (row, letter);
    }

    internal static DeadLetter Of(DeadLetterRow row)
    {
        var at = DateTimeOffset.FromUnixTimeMilliseconds(row.AtMilliseconds);
        var state = row.State switch { DeadLetterState.Open => "open", DeadLetterState.Replayed => "replayed", _ => "dropped" };
        if (row.Sequence == 0)
        {
            // It is no event of the journal: nothing in it is believed, and only who may see every app sees it.
            return new DeadLetter(row.Id, row.Queue, "-", "-", null, null, row.Reason, at, state, false, Beginning(row.Body));
        }
        var e = CdEventReader.Read(row.Body);
        var replayable = e.Content is ImagePushRequested or ImageTagRequested or DeploymentRolloutRequested or DeploymentRetireRequested { Scope: DeploymentRetireRequested.All }
            || (e.Content is NotificationRequested && RequestId.TryParse(e.Custom?.RequestId, out var id) && id.Ask == e.Key());
        return new DeadLetter(row.Id, row.Queue, e.Type, e.Custom?.App ?? "-", e.Custom?.Environment, e.Custom?.RequestId, row.Reason, at, state, replayable);
    }

    /// <summary>So much of a message as a person can look at: text, what is none replaced.</summary>
    static string Beginning(byte[] body)
    {
        var text = System.Text.Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, ShownBytes));
        return string.Concat(text.Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? '\ufffd' : c)) + (body.Length > ShownBytes ? "…" : "");
    }
}
