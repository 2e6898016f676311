using PipelineBridge.Bridge.Deliveries;

namespace PipelineBridge.Bridge.Pages;

/// <summary>The matrix: apps down, environments across, in each cell what runs and what is newer.</summary>
static class MatrixTable
{
    /// <summary>The matrix.</summary>
    /// <param name="board">What the filter left.</param>
    /// <param name="whole">All that there is.</param>
    /// <param name="filtered">Whether there is a filter.</param>
    public static Html Render(Board board, Board whole, bool filtered) => Html.Of($"""
        <section class="what" data-key="matrix" aria-labelledby="matrix"><h2 id="matrix">What runs where</h2>
        {(board.Services.Count > 0 && board.Environments.Count > 0 ? Table(board) : Nothing(whole, filtered))}</section>
        """);

    static Html Nothing(Board whole, bool filtered) => filtered && whole.Services.Count > 0
        ? Html.Of($"<p>Nothing fits the filter. <a href=\"/\">Show all</a></p>")
        : Html.Of($"<p>Nothing was deployed yet. The first deployment that somebody asks for (POST /v1/deployments) appears here.</p>");

    static Html Table(Board board)
    {
        var cells = board.Services.ToDictionary(s => (s.App, s.Environment));
        return Html.Of($"""
            <table class="matrix"><thead><tr><th scope="col">App</th>{board.Environments.Select(e => Html.Of($"<th scope=\"col\">{e.Name}{(e.Zone is null ? Html.Empty : Html.Of($" <small>{e.Zone}</small>"))}</th>"))}</tr></thead>
            <tbody>{board.Services.Select(s => s.App).Distinct().Order(StringComparer.Ordinal).Select(app => Html.Of($"""
            <tr data-key="app {app}"><th scope="row">{app}</th>{board.Environments.Select(e => cells.TryGetValue((app, e.Name), out var cell)
                ? Html.Of($"<td data-environment=\"{e.Name}\">{Cell(cell, board.Now)}</td>") : Html.Of($"<td class=\"empty\"></td>"))}</tr>

            """))}</tbody></table>
            """);
    }

    static Html Cell(ServiceDocument cell, DateTimeOffset now) => Html.Of($"""
        <p>{Serves(cell)}{(cell.Since is { } since ? Html.Of($" <small>{PageWords.Since(since, now)}</small>") : Html.Empty)}</p>{(cell.Newer is { } newer ? Newer(newer) : Html.Empty)}{Html.If(cell.Hold is not null, () => Html.Of($"<p class=\"newer held\">‖ held until {PageWords.Minute(cell.Hold!.Until)}</p>"))}
        """);

    static Html Serves(ServiceDocument cell)
    {
        if (cell.Image is null)
        {
            return PageWords.State(cell.Serves);
        }
        var version = Html.Of($"<span class=\"version\">{DeliveryMessage.Version(cell.Image)}</span>");
        return Html.Of($"<span title=\"{cell.Image}\">{(cell.RequestId is null ? version : PageWords.Link(cell.RequestId, version))}</span> {PageWords.State(cell.Serves)}");
    }

    static Html Newer(RequestDocument newer)
    {
        var (look, sign, _) = PageWords.Look(newer.State);
        return Html.Of($"<p class=\"newer {look}\"><span aria-hidden=\"true\">{sign}</span> {PageWords.Link(newer.Id, Html.Of($"{PageWords.Sentence(newer)}"))}</p>");
    }
}
