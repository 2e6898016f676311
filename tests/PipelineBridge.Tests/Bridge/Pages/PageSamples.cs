using System.Text.Json;
using System.Text.RegularExpressions;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Pages;
using PipelineBridge.Bridge.Timeline;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Pages;

/// <summary>Documents as the bridge writes them, and what is asked of any page.</summary>
static partial class PageSamples
{
    public static readonly DateTimeOffset Now = new(2026, 11, 24, 13, 2, 11, TimeSpan.Zero);

    public static readonly Visit Fresh = new(false, "/", "/?still=1");

    public static string Image(string app, string tag) => $"registry.internal/{app}:{tag}@sha256:{new string('9', 60)}c1e0";

    public static string Id(char kind, string name) => new RequestId(kind, EventId.Derive(Now.ToUnixTimeMilliseconds(), name)).ToString();

    public static RequestDocument Deployment(string app, string environment, string state, string tag = "412") => new()
    {
        Id = Id('d', app + environment + tag),
        Kind = "deployment",
        App = app,
        Environment = environment,
        ChainId = EventId.Derive(Now.ToUnixTimeMilliseconds(), "chain", app).ToString(),
        Sequence = 17,
        State = state,
        Revision = 3,
        Image = Image(app, tag),
        AskedAt = Now.AddSeconds(-40),
        By = new Actor("Ada Lovelace", "jenkins"),
        Build = new BuildReference("https://jenkins.internal/job/portal/412/", 412, "portal"),
    };

    public static RequestDocument Running(string app, string environment) => Deployment(app, environment, RequestState.Running, "413") with
    {
        ReleasedAt = Now.AddSeconds(-21),
        Usual = new Phases { PulledSeconds = 9, HealthySeconds = 13, RoutedSeconds = 0.1 },
        Progress = new DeploymentProgressed("main", "rolling", 2, 3,
            [new("t1", "healthy", "h07", 31044), new("t2", "healthy", "h11", 31990), new("t3", "starting", "h12", 31202)]),
    };

    public static RequestDocument Failed(string app, string environment) => Deployment(app, environment, RequestState.Failed, "413") with
    {
        Category = FailureCategory.Health,
        Cause = "0 of 3 tasks became healthy on GET /health in 120 s.",
        Effect = WorkEffect.TakenBack,
        NowRunning = Image(app, "411"),
        PreviousImage = Image(app, "411"),
        EndedAt = Now,
        ReleasedAt = Now.AddSeconds(-36),
        Phases = new Phases { WaitedSeconds = 4, PulledSeconds = 8.7, HealthySeconds = 120 },
        Usual = new Phases { PulledSeconds = 9, HealthySeconds = 13, RoutedSeconds = 0.1 },
        Warnings = ["The specification has no memory limit."],
    };

    public static ServiceDocument Live(string app, string environment, string tag = "412") => new()
    {
        App = app, Environment = environment, State = "live", Image = Image(app, tag), Since = Now.AddDays(-3), RequestId = Id('d', app + environment + tag),
    };

    public static Board Board(params IReadOnlyList<ServiceDocument> services) => new()
    {
        Environments = [.. services.Select(s => s.Environment).Distinct().Select(e => new BoardEnvironment(e, e == "prod" ? "internal" : "public"))],
        Services = services,
        Open = [],
        Now = Now,
    };

    public static SequencedEvent Event(long sequence, IEventContent content, CustomData custom, string? source = null)
    {
        var e = new CdEvent
        {
            Id = EventId.Derive(Now.ToUnixTimeMilliseconds(), "event", sequence.ToString(System.Globalization.CultureInfo.InvariantCulture)).ToString(),
            Source = source ?? "/pipelinebridge/bridge",
            Type = EventTypes.Of(content).Name,
            Time = Now.AddSeconds(sequence - 20),
            ChainId = "chain",
            SubjectId = "portal",
            Content = content,
            Custom = custom,
        };
        using var document = JsonDocument.Parse(CdEventWriter.Write(e));
        return new SequencedEvent(sequence, document.RootElement.Clone());
    }

    public static ChainAnswer Story(RequestDocument d)
    {
        var custom = new CustomData { App = d.App, Environment = d.Environment, RequestId = d.Id, Image = d.Image, By = d.By, Build = d.Build };
        var stage = custom with { By = null };
        return new ChainAnswer(d.ChainId, [d],
        [
            Event(1, new PipelineRunStarted("portal", "https://jenkins.internal/job/portal/412/"), custom with { RequestId = null }),
            Event(2, new ImagePushRequested("registry.internal/portal:413", [], PushSource.Registry), custom with { RequestId = Id('p', "push") }),
            Event(3, new ArtifactPublished(), stage with { RequestId = Id('p', "push"), Pushed = new PushedSize(81_000_000, 12_400_000) }),
            Event(4, new DeploymentRequested { Image = d.Image }, custom),
            Event(5, new DeploymentRolloutRequested { Cluster = "main", Image = d.Image!, Specification = "sha256:1", SpecificationFormat = "marathon", HealthTimeoutSeconds = 120, OnFailure = OnFailure.Rollback, First = false }, stage),
            Event(6, new DeploymentStarted("main", "5f1"), stage),
            Event(7, new DeploymentProgressed("main", "rolling", 0, 3), stage),
            Event(8, new WorkEnded(WorkResult.Failed, WorkEffect.TakenBack), stage with { Cause = d.Cause, Category = d.Category }),
            Event(9, new DeploymentFailed(WorkEffect.TakenBack, d.NowRunning), stage with { Cause = d.Cause, Category = d.Category }),
        ]);
    }

    /// <summary>Every address of a page must be one that the bridge serves, or an outside one that the documents named.</summary>
    public static void ShouldStayAtHome(this Html page, params string[] outside)
    {
        var html = page.ToString();
        var styles = html.IndexOf("</style>", StringComparison.Ordinal);
        html[..styles].Should().NotContainAny("@import", "url(", "http://", "https://");
        // The one icon and the one script, by addresses of this host.
        html = Own().Replace(html, "");
        html.Should().NotContainAny(" src=", "<link", "<script", "<iframe", "<img", " style=", " onclick", "javascript:");
        var addresses = Address().Matches(html).Select(m => System.Net.WebUtility.HtmlDecode(m.Groups[2].Value)).ToList();
        addresses.Should().NotBeEmpty();
        addresses.Where(a => !Known().IsMatch(a)).Should().BeSubsetOf(outside);
    }

    [GeneratedRegex("<link rel=\"icon\" href=\"/icon-[0-9a-f]{12}\\.svg\">|<script src=\"/page-[0-9a-f]{12}\\.js\" defer></script>")]
    private static partial Regex Own();

    [GeneratedRegex("(href|action)=\"([^\"]*)\"")]
    private static partial Regex Address();

    [GeneratedRegex("^(#[a-z]+|/(signin|signout|actions/[a-z]+(\\?.*)?|\\?(text=[^&]*&zone=[^&]*|still=1)|[ptdnf]-[0-9a-z]{4,26}(\\?still=1)?|chains/[0-9a-z]{26}|v1/(chains/[0-9a-z]{26}|requests/[ptdnf]-[0-9a-z]{26}|blobs/sha256:[0-9a-f]{64}|events\\?after=[0-9]+|deadletters))?)$")]
    private static partial Regex Known();
}
