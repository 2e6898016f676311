using System.Globalization;
using PipelineBridge.Bridge.DeadLetters;
using PipelineBridge.Bridge.Pages.Actions;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Pages;

/// <summary>What is wrong now, each with what shows it and what may be done.</summary>
static class TroubleList
{
    const int MostOfAKind = 10;

    /// <summary>The list; nothing when nothing is wrong.</summary>
    public static Html Render(Board board, Visit visit) => Html.If(board.HasTrouble, () => Html.Of($"""
        <section class="trouble" data-key="trouble" aria-labelledby="trouble"><h2 id="trouble" class="failed">Trouble</h2>
        {Incidents(board)}{Overdue(board)}{Targets(board)}{DeadLetters(board, visit)}</section>

        """));

    static Html Incidents(Board board) => Part("incidents", $"{Count(board.Incidents.Count, "incident")} open", board.Incidents, i => Html.Of($"""
        <li data-key="incident {i.Subject}">{Place(i.App, i.Environment)}: {i.Cause ?? "something is wrong"} <small>{PageWords.Ago(i.Since, board.Now)}{(i.ChainId is null ? Html.Empty : Html.Of($", <a href=\"/chains/{Uri.EscapeDataString(i.ChainId)}\">its story</a>"))}</small></li>
        """));

    static Html Overdue(Board board) => Part("overdue", "Without an end past their time", board.Overdue.ToList(), d => Html.Of($"""
        <li data-key="overdue {d.Id}">{d.Kind} {PageWords.Link(d.Id, Html.Of($"{PageWords.Where(d)}"))} {PageWords.Stands(d)} <small>asked {PageWords.Ago(d.AskedAt, board.Now)}</small></li>
        """));

    static Html Targets(Board board) => Part("targets", "Targets that refuse", board.Targets, t => Html.Of($"""
        <li data-key="target {t.Name}">{t.Name}: {t.Cause ?? "it was not told why"} <small>{(t.Since is { } since ? Html.Of($"{Count(t.Lost, "message")} lost since {PageWords.Full(since)}") : Html.Empty)}{(t.Since is not null && t.Waiting > 0 ? ", " : "")}{(t.Waiting > 0 ? $"{t.Waiting} {(t.Waiting == 1 ? "waits" : "wait")}" : "")}</small></li>
        """));

    static Html DeadLetters(Board board, Visit visit) => Part("letters",
        $"{Count(board.DeadLetters.Count, "dead letter")}: could not be handled, and {(board.DeadLetters.Count == 1 ? "waits" : "wait")} for somebody to replay or drop {(board.DeadLetters.Count == 1 ? "it" : "them")}", board.DeadLetters, d => Html.Of($"""
        <li data-key="letter {d.Id}">{Place(d.App, d.Environment)}: {EventTypes.All.FirstOrDefault(t => t.Name == d.Type)?.ShortName ?? "a message that is no event of ours"} on {d.Queue} <small>{PageWords.Ago(d.At, board.Now)}{(d.RequestId is null ? Html.Empty : Html.Of($", {PageWords.Link(d.RequestId)}"))}</small>
        <details><summary>Reason</summary><pre tabindex="0">{d.Reason}{(d.Body is null ? "" : "\n\n" + d.Body)}</pre></details>{Html.If(visit.May(Verb.DeadLetter, d.App), () => Html.Of($"<p class=\"buttons\">{Buttons(d)}</p>"))}</li>
        """));

    static Html Buttons(DeadLetter d)
    {
        var number = d.Id.ToString(CultureInfo.InvariantCulture);
        return Html.Of($"{Html.If(d.Replayable, () => ActionEndpoints.Button(DeadLetterActions.Replay, "Replay", $"dead letter {number}", ("letter", number)))} {ActionEndpoints.Button(DeadLetterActions.Drop, "Drop", $"dead letter {number}", ("letter", number))}");
    }

    static Html Part<T>(string key, string title, IReadOnlyList<T> items, Func<T, Html> line) => Html.If(items.Count > 0, () => Html.Of($"""
        <div data-key="{key}"><h3>{title}</h3>
        <ul>{items.Take(MostOfAKind).Select(line)}</ul>{Html.If(items.Count > MostOfAKind, () => Html.Of($"<p class=\"soft\">and {items.Count - MostOfAKind} more</p>"))}</div>
        """));

    /// <summary>What an incident is about: <c>portal → prod</c>, <c>the cluster of prod</c>.</summary>
    public static string Place(string app, string? environment) => (app, environment) switch
    {
        ("-", null) => "an unknown app",
        ("-", { } e) => $"the cluster of {e}",
        (_, null) => app,
        _ => $"{app} → {environment}",
    };

    static string Count(int n, string what) => n == 1 ? $"1 {what}" : $"{n} {what}s";
}
