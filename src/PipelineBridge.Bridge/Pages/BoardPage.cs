using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Pages.Actions;
using PipelineBridge.Bridge.Security;

namespace PipelineBridge.Bridge.Pages;

/// <summary>The page <c>/</c>: what moves, who holds, what is in trouble; what runs where; what came to its end last.</summary>
static class BoardPage
{
    /// <summary>The page of a board under a filter.</summary>
    public static Html Render(Board whole, string text, string zone, Visit visit)
    {
        var board = whole.Filter(text, zone);
        var zones = whole.Environments.Select(e => e.Zone).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        var filtered = text.Length + zone.Length > 0;
        return PageShell.Page("PipelineBridge", Html.Of($"""
            <h1 class="hidden">PipelineBridge</h1>
            {Summary(board, whole)}<div class="now" data-key="now">
            {TroubleList.Render(whole, visit)}{Now(board, visit)}{Holds(board, visit)}{Html.If(!whole.HasTrouble && board.Open.Count == 0, () => Html.Of($"<p class=\"soft\" data-key=\"quiet\">Nothing moves, and nothing is in trouble.</p>"))}</div>
            {MatrixTable.Render(board, whole, filtered)}
            {Recent(board)}
            """), visit, whole.Open.Count > 0, Filter(text, zone, zones), "board");
    }

    static Html Filter(string text, string zone, List<string> zones) => Html.Of($"""
        <form method="get" action="/" role="search"><label class="hidden" for="text">Filter by text</label><input id="text" name="text" type="search" value="{text}" placeholder="app, version, state" maxlength="200">
        <label class="hidden" for="zone">Zone</label><select id="zone" name="zone"><option value="">all zones</option>{zones.Select(z => Html.Of($"<option{(z == zone ? Html.Of($" selected") : Html.Empty)}>{z}</option>"))}</select>
        <button>Filter</button>{Html.If(text.Length + zone.Length > 0, () => Html.Of($"<a href=\"/\">Show all</a>"))}</form>
        """);

    // One look tells whether there is anything to look at further down. Trouble is told whatever the filter leaves.
    static Html Summary(Board board, Board whole)
    {
        var moving = board.Open.Count(d => d.State == RequestState.Running);
        var trouble = whole.DeadLetters.Count + whole.Incidents.Count + whole.Targets.Count + whole.Overdue.Count();
        var parts = new[]
        {
            (Look: "failed", Section: "trouble", Text: trouble > 0 ? $"{trouble} in trouble" : null),
            (Look: "moving", Section: "moves", Text: moving > 0 ? $"{moving} moving" : null),
            (Look: "waiting", Section: "moves", Text: board.Open.Count > moving ? $"{board.Open.Count - moving} waiting" : null),
            (Look: "held", Section: "holds", Text: board.Services.Count(s => s.Hold is not null) is > 0 and var held ? $"{held} held" : null),
            (Look: "failed", Section: "matrix", Text: board.Services.Count(s => s.Newer?.State is RequestState.Failed or RequestState.Refused) is > 0 and var failed ? $"{failed} failed" : null),
        }.Where(p => p.Text is not null).ToList();
        return Html.If(parts.Count > 0, () => Html.Of($"<p class=\"summary\" data-key=\"summary\">{parts.Select(p => Html.Of($"<a class=\"{p.Look}\" href=\"#{p.Section}\">{p.Text}</a> "))}</p>"));
    }

    static Html Now(Board board, Visit visit) => Html.If(board.Open.Count > 0, () => Html.Of($"""
        <section data-key="moves" aria-labelledby="moves"><h2 id="moves">Now</h2>
        <ul class="list">{board.Open.OrderBy(d => d.State == RequestState.Running ? 0 : 1).ThenByDescending(d => d.Sequence).Select(d => Open(d, board.Now, visit))}</ul>
        {Html.If(board.MoreOpen, () => Html.Of($"<p class=\"soft\">There are more that have no end yet; these are {board.Open.Count} of them.</p>"))}</section>

        """));

    static Html Open(RequestDocument d, DateTimeOffset now, Visit visit) => Html.Of($"""
        <li data-key="request {d.Id}"><p>{d.Kind} {PageWords.Link(d.Id, Html.Of($"{PageWords.Where(d)}"))} {PageWords.Stands(d)}</p>
        {PhaseBars.Progress(d, now)}<small>asked {PageWords.Ago(d.AskedAt, now)}{(d.By?.Person is { } person ? $" by {person}" : "")}</small>{Html.If(d.Environment is not null && visit.May(Verb.Cancel, d.App), () =>
            Html.Of($" {ActionEndpoints.Button(DeploymentActions.Cancel, "Cancel", PageWords.Where(d), ("request", d.Id))}"))}</li>
        """);

    static Html Holds(Board board, Visit visit)
    {
        var held = board.Services.Where(s => s.Hold is not null).ToList();
        return Html.If(held.Count > 0, () => Html.Of($"""
            <section data-key="holds" aria-labelledby="holds"><h2 id="holds">Held</h2>
            <ul class="list">{held.Select(s => Html.Of($"""
            <li data-key="hold {s.Environment} {s.App}"><span class="state held"><span aria-hidden="true">‖</span> held</span> {s.App} → {s.Environment} until {PageWords.Full(s.Hold!.Until)}{By(s.Hold)}: {s.Hold.Reason}{Html.If(visit.May(Verb.Hold, s.App), () =>
                Html.Of($" {ActionEndpoints.Button(DeploymentActions.Lift, "Lift", $"the hold on {s.App} → {s.Environment}", ("app", s.App), ("environment", s.Environment))}"))}</li>
            """))}</ul></section>

            """));
    }

    static Html Recent(Board board) => Html.If(board.Recent.Count > 0, () => Html.Of($"""
        <section class="recent" data-key="recent" aria-labelledby="recent"><h2 id="recent">Last deliveries</h2>
        <ul class="list">{board.Recent.Select(d => Html.Of($"""
        <li data-key="request {d.Id}"><p>{PageWords.Link(d.Id, Html.Of($"{PageWords.Where(d)}"))} {PageWords.Stands(d)}</p><small>{d.Kind}, {PageWords.Ago(d.EndedAt ?? d.AskedAt, board.Now)}{(d.By?.Person is { } person ? $", asked by {person}" : "")}</small></li>
        """))}</ul></section>

        """));

    static string By(Hold hold) => (hold.By?.Person ?? hold.By?.Key) is { } by ? $" by {by}" : "";
}
