using PipelineBridge.Bridge.Deliveries;

namespace PipelineBridge.Bridge.Pages;

/// <summary>The page <c>/</c>: what runs where, what moves, who holds, what is in trouble.</summary>
static class BoardPage
{
    /// <summary>The page of a board under a filter.</summary>
    public static Html Render(Board whole, string text, string zone, Refresh refresh)
    {
        var board = whole.Filter(text, zone);
        var zones = whole.Environments.Select(e => e.Zone).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        return PageShell.Page("PipelineBridge", Html.Of($"""
            <h1 class="hidden">What runs where</h1>
            {Summary(board)}{Matrix(board, whole, text.Length + zone.Length > 0)}{Now(board)}{Holds(board)}{Trouble(whole)}
            """), whole.Open.Count > 0, refresh, Filter(text, zone, zones), wide: true);
    }

    static Html Filter(string text, string zone, List<string> zones) => Html.Of($"""
        <form method="get" action="/" role="search"><label class="hidden" for="text">Filter by text</label><input id="text" name="text" type="search" value="{text}" placeholder="app, version, state" maxlength="200">
        <label class="hidden" for="zone">Zone</label><select id="zone" name="zone"><option value="">all zones</option>{zones.Select(z => Html.Of($"<option{(z == zone ? Html.Of($" selected") : Html.Empty)}>{z}</option>"))}</select>
        <button>Filter</button>{Html.If(text.Length + zone.Length > 0, () => Html.Of($"<a href=\"/\">Show all</a>"))}</form>
        """);

    // One look tells whether there is anything to look at further down.
    static Html Summary(Board board)
    {
        var moving = board.Open.Count(d => d.State == RequestState.Running);
        var parts = new[]
        {
            (Look: "moving", Section: "now", Text: moving > 0 ? $"{moving} moving" : null),
            (Look: "waiting", Section: "now", Text: board.Open.Count > moving ? $"{board.Open.Count - moving} waiting" : null),
            (Look: "held", Section: "holds", Text: board.Services.Count(s => s.Hold is not null) is > 0 and var held ? $"{held} held" : null),
            (Look: "failed", Section: "matrix", Text: board.Services.Count(s => s.Newer?.State is RequestState.Failed or RequestState.Refused) is > 0 and var failed ? $"{failed} failed" : null),
            (Look: "failed", Section: "trouble", Text: board.DeadLetters.Count > 0 ? Count(board.DeadLetters.Count, "dead letter") : null),
        }.Where(p => p.Text is not null).ToList();
        return Html.If(parts.Count > 0, () => Html.Of($"<p class=\"summary\">{parts.Select(p => Html.Of($"<a class=\"{p.Look}\" href=\"#{p.Section}\">{p.Text}</a> "))}</p>"));
    }

    static Html Trouble(Board board) => Html.If(board.DeadLetters.Count > 0, () => Html.Of($"""
        <section class="trouble" aria-labelledby="trouble"><h2 id="trouble" class="failed">Trouble</h2>
        <p>{Count(board.DeadLetters.Count, "dead letter")} could not be handled and {(board.DeadLetters.Count == 1 ? "waits" : "wait")} for somebody: replay or drop {(board.DeadLetters.Count == 1 ? "it" : "them")} (<a href="/v1/deadletters">/v1/deadletters</a>).</p>
        <ul>{board.DeadLetters.Take(5).Select(d => Html.Of($"<li>{d.App}{(d.Environment is null ? "" : $" → {d.Environment}")} on {d.Queue}, {PageWords.Ago(d.At, board.Now)}{(d.RequestId is null ? Html.Empty : Html.Of($", {PageWords.Link(d.RequestId)}"))}</li>"))}</ul></section>
        """));

    static Html Now(Board board) => Html.If(board.Open.Count > 0, () => Html.Of($"""
        <section aria-labelledby="now"><h2 id="now">Now</h2>
        <ul class="list">{board.Open.OrderBy(d => d.State == RequestState.Running ? 0 : 1).ThenByDescending(d => d.Sequence).Select(d => Open(d, board.Now))}</ul>
        {Html.If(board.MoreOpen, () => Html.Of($"<p class=\"soft\">There are more that have no end yet; these are {board.Open.Count} of them.</p>"))}</section>
        """));

    static Html Open(RequestDocument d, DateTimeOffset now) => Html.Of($"""
        <li><p>{d.Kind} {PageWords.Link(d.Id, Html.Of($"{PageWords.Where(d)}"))} {PageWords.Stands(d)}</p>
        {PhaseBars.Progress(d, now)}<small>asked {PageWords.Ago(d.AskedAt, now)}{(d.By?.Person is { } person ? $" by {person}" : "")}</small></li>
        """);

    static Html Holds(Board board)
    {
        var held = board.Services.Where(s => s.Hold is not null).ToList();
        return Html.If(held.Count > 0, () => Html.Of($"""
            <section aria-labelledby="holds"><h2 id="holds">Held</h2>
            <ul class="list">{held.Select(s => Html.Of($"<li><span class=\"state held\"><span aria-hidden=\"true\">‖</span> held</span> {s.App} → {s.Environment} until {PageWords.Full(s.Hold!.Until)}{By(s.Hold)}: {s.Hold.Reason}</li>"))}</ul></section>
            """));
    }

    static string By(Hold hold) => (hold.By?.Person ?? hold.By?.Key) is { } who ? $" by {who}" : "";

    static Html Matrix(Board board, Board whole, bool filtered)
    {
        if (board.Services.Count == 0)
        {
            return filtered && whole.Services.Count > 0
                ? Html.Of($"<p>Nothing fits the filter. <a href=\"/\">Show all</a></p>")
                : Html.Of($"<p>Nothing was deployed yet. The first deployment that somebody asks for (POST /v1/deployments) appears here.</p>");
        }
        var cells = board.Services.ToDictionary(s => (s.App, s.Environment));
        return Html.Of($"""
            <section aria-labelledby="matrix"><h2 id="matrix">What runs where</h2>
            <table class="matrix"><thead><tr><th scope="col">App</th>{board.Environments.Select(e => Html.Of($"<th scope=\"col\">{e.Name}{(e.Zone is null ? Html.Empty : Html.Of($" <small>{e.Zone}</small>"))}</th>"))}</tr></thead>
            <tbody>{board.Services.Select(s => s.App).Distinct().Order(StringComparer.Ordinal).Select(app => Html.Of($"""
            <tr><th scope="row">{app}</th>{board.Environments.Select(e => cells.TryGetValue((app, e.Name), out var cell)
                ? Html.Of($"<td data-environment=\"{e.Name}\">{Cell(cell, board.Now)}</td>") : Html.Of($"<td class=\"empty\"></td>"))}</tr>

            """))}</tbody></table></section>
            """);
    }

    static Html Cell(ServiceDocument cell, DateTimeOffset now) => Html.Of($"""
        <p>{Serves(cell)}{(cell.Since is { } since ? Html.Of($" <small>{PageWords.Since(since, now)}</small>") : Html.Empty)}</p>{(cell.Newer is { } newer ? Newer(newer) : Html.Empty)}{Html.If(cell.Hold is not null, () => Html.Of($"<p class=\"newer held\">‖ held until {PageWords.Minute(cell.Hold!.Until)}</p>"))}
        """);

    static Html Serves(ServiceDocument cell)
    {
        if (cell.Image is null)
        {
            return PageWords.State("none");
        }
        var version = Html.Of($"<span class=\"version\">{DeliveryMessage.Version(cell.Image)}</span>");
        return Html.Of($"<span title=\"{cell.Image}\">{(cell.RequestId is null ? version : PageWords.Link(cell.RequestId, version))}</span> {PageWords.State("live")}");
    }

    static Html Newer(RequestDocument newer)
    {
        var (look, sign, _) = PageWords.Look(newer.State);
        return Html.Of($"<p class=\"newer {look}\"><span aria-hidden=\"true\">{sign}</span> {PageWords.Link(newer.Id, Html.Of($"{PageWords.Sentence(newer)}"))}</p>");
    }

    static string Count(int n, string what) => n == 1 ? $"1 {what}" : $"{n} {what}s";
}
