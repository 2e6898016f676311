using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Pages.Actions;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Bridge.Timeline;

namespace PipelineBridge.Bridge.Pages;

/// <summary>The pages <c>/{request}</c> and <c>/chains/{id}</c>: how it stands, then what happened in the order of time.</summary>
static class StoryPages
{
    /// <summary>The story of a request.</summary>
    /// <param name="d">Where it stands.</param>
    /// <param name="evidence">What shows the cause of its end.</param>
    /// <param name="story">Its chain, as far as its reader may see it.</param>
    /// <param name="now">When it was read.</param>
    /// <param name="visit">Who looks and how.</param>
    /// <param name="lane">What decides the deployments of its app in its environment, where it is one.</param>
    public static Html Request(RequestDocument d, IReadOnlyList<EvidenceText> evidence, ChainAnswer? story, DateTimeOffset now, Visit visit, DeploymentLane? lane = null)
    {
        var chain = $"/chains/{Uri.EscapeDataString(d.ChainId)}";
        return PageShell.Page($"{PageWords.Where(d)}: {d.State}", Html.Of($"""
            <h1>{PageWords.Where(d)} <span class="soft">{d.Kind} <span class="name" title="{d.Id}">{PageWords.Short(d.Id)}</span></span></h1>
            <p class="stands">{PageWords.Stands(d)}</p>
            {(d.HasEnded ? Html.Empty : PhaseBars.Progress(d, now))}{Buttons(d, lane, visit)}{Hold(lane)}{Tasks(d)}{Failure(d, evidence)}{Warnings(d)}{Facts(d, now)}{PhaseBars.Table(d)}
            <h2>What happened</h2>
            {Events(story?.Events ?? [], d.Id)}
            <p><small><a href="{chain}">The whole chain</a> · <a href="/v1/requests/{d.Id}">this as JSON</a> · <a href="/v1{chain}">the chain as JSON</a></small></p>
            """), visit, !d.HasEnded, topic: d.App);
    }

    /// <summary>The story of a chain.</summary>
    public static Html Chain(ChainAnswer story, DateTimeOffset now, Visit visit) => PageShell.Page($"Chain {story.ChainId}", Html.Of($"""
        <h1>Chain <span class="mono">{story.ChainId}</span></h1>
        {Html.If(story.Requests.Count > 0, () => Html.Of($"""
        <ul class="list">{story.Requests.Select(d => Html.Of($"""
        <li data-key="request {d.Id}"><p>{d.Kind} {PageWords.Link(d.Id, Html.Of($"{PageWords.Where(d)}"))} {PageWords.Stands(d)}</p>{(d.HasEnded ? Html.Empty : PhaseBars.Progress(d, now))}</li>
        """))}</ul>
        """))}
        <h2>What happened</h2>
        {Events(story.Events, null)}
        <p><small><a href="/v1/chains/{Uri.EscapeDataString(story.ChainId)}">this as JSON</a></small></p>
        """), visit, story.Requests.Any(d => !d.HasEnded));

    static Html Buttons(RequestDocument d, DeploymentLane? lane, Visit visit)
    {
        if (lane is null || d.Environment is not { } environment)
        {
            return Html.Empty;
        }
        var (about, back) = (PageWords.Where(d), $"/{d.Id}");
        var buttons = new List<Html>();
        void Button(string verb, bool sense, PageAction action, string word, params ReadOnlySpan<(string, string)> fields)
        {
            if (sense && visit.May(verb, d.App))
            {
                buttons.Add(ActionEndpoints.Button(action, word, about, fields));
            }
        }
        Button(Verb.Cancel, DeploymentRefusals.Cancel(lane, d.Id) is null, DeploymentActions.Cancel, "Cancel", ("request", d.Id));
        Button(Verb.Rollback, DeploymentRefusals.Rollback(lane, null) is null, DeploymentActions.Rollback, "Roll back", ("app", d.App), ("environment", environment), ("back", back));
        Button(Verb.Hold, lane.Hold is null, DeploymentActions.Hold, "Hold", ("app", d.App), ("environment", environment), ("back", back));
        Button(Verb.Hold, lane.Hold is not null, DeploymentActions.Lift, "Lift the hold", ("app", d.App), ("environment", environment), ("back", back));
        return Html.If(buttons.Count > 0, () => Html.Of($"<p class=\"buttons\">{buttons.SelectMany((b, i) => i == 0 ? [b] : new[] { Html.Of($" "), b })}</p>"));
    }

    static Html Hold(DeploymentLane? lane) => Html.If(lane?.Hold is not null, () => Html.Of($"""
        <p><span class="state held"><span aria-hidden="true">‖</span> held</span> until {PageWords.Full(lane!.Hold!.Until)}{((lane.Hold.By?.Person ?? lane.Hold.By?.Key) is { } by ? $" by {by}" : "")}: {lane.Hold.Reason}</p>
        """));

    static Html Events(IReadOnlyList<SequencedEvent> events, string? self) =>
        events.Count == 0 ? Html.Of($"<p class=\"soft\">No event of it may be read.</p>") : StoryList.Render(events, self);

    static Html Failure(RequestDocument d, IReadOnlyList<EvidenceText> evidence) => Html.If(d.Cause is not null || evidence.Count > 0, () => Html.Of($"""
        <section class="trouble" aria-label="Cause and evidence">
        {Html.If(d.Cause is not null, () => Html.Of($"<p><strong>{(PageWords.Sentence(d).Contains(d.Cause!, StringComparison.Ordinal) ? "Cause" : d.Cause)}</strong>{(d.Category is null ? Html.Empty : Html.Of($" {d.Category}"))}</p>"))}
        {evidence.Select(Piece)}{Html.If(d.NowRunning is not null, () => Html.Of($"<p>Now running: <span class=\"mono\">{d.NowRunning}</span></p>"))}</section>
        """));

    static Html Piece(EvidenceText e) => e.Text is null
        ? Html.Of($"<p>{e.Name}: <span class=\"soft\">{e.Missing}</span></p>")
        : Html.Of($"<p>{e.Name}{(e.Cut ? Html.Of($" <small>its last {PageWords.Bytes(EvidenceText.LongestBytes)}; <a href=\"/v1/blobs/{e.Blob}\">all of it</a></small>") : Html.Empty)}</p><pre tabindex=\"0\">{e.Text}</pre>");

    static Html Tasks(RequestDocument d) => Html.If(!d.HasEnded && d.Progress?.Tasks is { Count: > 0 }, () => Html.Of($"""
        <ul class="list">{d.Progress!.Tasks!.Select(t => Html.Of($"<li data-key=\"task {t.Id}\"><span class=\"mono\">{t.Host ?? t.Id}{(t.Port is { } port ? $":{port}" : "")}</span> <span class=\"{Look(t.State)}\">{t.State}</span></li>"))}</ul>
        """));

    static string Look(string task) => task switch { "healthy" => "live", "unhealthy" or "failed" => "failed", _ => "moving" };

    static Html Warnings(RequestDocument d) => Html.If(d.Warnings is { Count: > 0 }, () => Html.Of($"""
        <section class="trouble warn" aria-label="Warnings">{d.Warnings!.Select(w => Html.Of($"<p>{w}</p>"))}</section>
        """));

    static Html Facts(RequestDocument d, DateTimeOffset now)
    {
        var facts = new List<Html>();
        void Fact(string name, Html? value)
        {
            if (value is not null)
            {
                facts.Add(Html.Of($"<dt>{name}</dt><dd>{value}</dd>"));
            }
        }
        Fact("asked", Html.Of($"{PageWords.Full(d.AskedAt)} <small>{PageWords.Ago(d.AskedAt, now)}</small>{By(d)}"));
        Fact("ended", d.EndedAt is { } ended ? Html.Of($"{PageWords.Full(ended)} <small>after {PageWords.Duration((ended - d.AskedAt).TotalSeconds)}</small>") : null);
        Fact("build", d.Build is { } b ? Html.Outside(b.Url, (b.Job, b.Number) switch { ({ } job, { } n) => $"{job} #{n}", ({ } job, null) => job, (null, { } n) => $"#{n}", _ => b.Url ?? "a build" }) : null);
        Fact("image", d.Image is null ? null : Html.Of($"<span class=\"mono\">{d.Image}</span>"));
        Fact("before", d.PreviousImage is null ? null : Html.Of($"<span class=\"mono\">{d.PreviousImage}</span>"));
        Fact("tags", d.Tags is { Count: > 0 } tags ? Html.Of($"{string.Join(", ", tags)}") : null);
        Fact("superseded by", d.SupersededBy is { } by ? PageWords.Link(by) : null);
        Fact("routing", d.NotRouted == true ? Html.Of($"its zone has no front end, so healthy was the end") : null);
        return Html.Of($"<dl>{facts}</dl>");
    }

    static Html By(RequestDocument d) => d.By switch
    {
        { Person: { } person, Key: { } key } => Html.Of($" by {person} <small>with the key {key}</small>"),
        { Person: { } person } => Html.Of($" by {person}"),
        { Key: { } key } => Html.Of($" with the key {key}"),
        _ => Html.Empty,
    };
}
