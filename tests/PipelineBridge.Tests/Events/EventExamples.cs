using PipelineBridge.Events;

namespace PipelineBridge.Tests.Events;

/// <summary>Examples of every type: one with every field, and one with no more than must be.</summary>
static class EventExamples
{
    const string Digest = "sha256:9c1e04f2d2f0a6a1b5c8e3f7a9d0c4b6e8f1a3b5c7d9e0f2a4b6c8d0e2f4a6b8";
    const string EarlierDigest = "sha256:77ab10d9e0f2a4b6c8d0e2f4a6b89c1e04f2d2f0a6a1b5c8e3f7a9d0c4b6e8f1";
    const string Blob = "sha256:0d1f2e3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
    const string EarlierImage = $"registry.internal/portal:411@{EarlierDigest}";

    public static readonly ImageReference Image = ImageReference.Parse($"registry.internal/portal:412@{Digest}");

    /// <summary>The ask that the examples belong to.</summary>
    public static readonly EventId Ask = EventId.Derive(1795525331042, "ask", "jenkins", "POST", "/v1/deployments", "portal-412-prod");

    static readonly EventId Work = Ask.Then("work", EventTypes.Of<DeploymentRolloutRequested>().Name);
    static readonly string Request = new RequestId(RequestId.Deployment, Ask).ToString();
    static readonly DateTimeOffset Now = new(2026, 11, 24, 13, 2, 11, 42, TimeSpan.Zero);
    static readonly Reference Prod = new("prod", "/pipelinebridge/bridge");

    public static readonly CustomData Everything = new()
    {
        App = "portal",
        Environment = "prod",
        RequestId = Request,
        WorkId = Work.ToString(),
        Sequence = 4711,
        Image = Image.ToString(),
        Tags = ["latest", "stable"],
        Pushed = new PushedSize(81_000_000, 12_400_000),
        By = new Actor("author@example.org", "jenkins"),
        Build = new BuildReference("https://jenkins.internal/job/portal/412/", 412, "portal"),
        Category = FailureCategory.Health,
        Cause = "0 of 3 new tasks passed GET /health in 120 s.",
        Evidence = [new Evidence("last log", Blob), new Evidence("last answer", Missing: "It could not be kept within 30 seconds.")],
        Phases = new Phases { WaitedSeconds = 4.012, PushedSeconds = 3.1, PulledSeconds = 9, HealthySeconds = 13.25, RoutedSeconds = 0.1 },
        AlreadyLive = true,
        Unchecked = true,
    };

    static readonly CustomData Least = new() { App = "portal" };

    /// <summary>The examples by the short name of their type.</summary>
    public static IReadOnlyDictionary<string, (CdEvent Full, CdEvent Least)> ByType { get; } = Contents().ToDictionary(
        c => EventTypes.Of(c.Full).ShortName, c => (Of(c.Full, Everything, c.Subject), Of(c.Least, Least, c.Subject)), StringComparer.Ordinal);

    public static CdEvent Of(IEventContent content, CustomData custom, string? subject = null) => new()
    {
        Id = Work.Then("example", EventTypes.Of(content).Name).ToString(),
        Source = "/pipelinebridge/bridge",
        Type = EventTypes.Of(content).Name,
        Time = Now,
        ChainId = Ask.Then("chain").ToString(),
        Links = [EventLink.Cause(Ask)],
        SubjectId = subject ?? "prod/portal",
        Content = content,
        Custom = custom,
    };

    static IEnumerable<(IEventContent Full, IEventContent Least, string? Subject)> Contents() =>
    [
        .. Builds(), .. Images(), .. Deployments(), .. Services(), .. Ends(), .. Notifications(),
    ];

    static IEnumerable<(IEventContent, IEventContent, string?)> Builds() =>
    [
        (new PipelineRunQueued("portal", "https://jenkins.internal/job/portal/412/"), new PipelineRunQueued(), "portal/412"),
        (new PipelineRunStarted("portal", "https://jenkins.internal/job/portal/412/"), new PipelineRunStarted("portal", "https://jenkins.internal/job/portal/412/"), "portal/412"),
        (new PipelineRunFinished("portal", "https://jenkins.internal/job/portal/412/", "failure", "2 tests failed"), new PipelineRunFinished(), "portal/412"),
    ];

    static IEnumerable<(IEventContent, IEventContent, string?)> Images() =>
    [
        (new ImagePushRequested("registry.internal/portal:412", ["latest"], PushSource.OciLayout, "builds/portal/412", "build-1", Digest),
            new ImagePushRequested("registry.internal/portal:412", [], PushSource.Registry), "registry.internal/portal:412"),
        (new ImageProgressed(3, 8, 81_000_000, 200_000_000), new ImageProgressed(0, 1, 0, 0), null),
        (new ImageTagRequested("registry.internal/portal:412", ["stable"]), new ImageTagRequested("registry.internal/portal:412", ["stable"]), "registry.internal/portal:412"),
        (new ImageResolveRequested("registry.internal/portal:412"), new ImageResolveRequested("registry.internal/portal:412"), null),
        (new ImageResolved(Image.ToString()), new ImageResolved(Image.Pinned), Image.Purl),
        (new ArtifactPublished(new Sbom("https://sbom.internal/portal/412"), "jenkins"), new ArtifactPublished(), Image.Purl),
    ];

    static IEnumerable<(IEventContent, IEventContent, string?)> Deployments() =>
    [
        (new DeploymentRequested
        {
            Image = "registry.internal/portal:412", After = "portal-412-push", Specification = Blob, SpecificationFormat = "marathon", Replicas = 3,
            Hostnames = ["portal.internal"], HealthTimeoutSeconds = 120, OnFailure = OnFailure.Keep, Rollback = true, Removal = true,
        }, new DeploymentRequested(), null),
        (new DeploymentRolloutRequested
        {
            Cluster = "main", Image = Image.ToString(), Specification = Blob, SpecificationFormat = "marathon", Replicas = 3, Hostnames = ["portal.internal"],
            HealthTimeoutSeconds = 120, OnFailure = OnFailure.Rollback, First = false, Previous = new DeployedVersion(EarlierImage, Blob, "marathon", 4702), Rollback = true,
            Supersedes = "d-01m87vjda2jshek4ggzy8s6mbc",
        }, new DeploymentRolloutRequested
        {
            Cluster = "main", Image = Image.Pinned, Specification = Blob, SpecificationFormat = "marathon", HealthTimeoutSeconds = 120, OnFailure = OnFailure.Keep, First = true,
        }, null),
        (new DeploymentCancelRequested("main", Work.ToString()), new DeploymentCancelRequested("main", Work.ToString()), null),
        (new DeploymentRetireRequested("main", DeploymentRetireRequested.All), new DeploymentRetireRequested("main", DeploymentRetireRequested.All), null),
        (new DeploymentRetired("main", 3), new DeploymentRetired("main", 0), null),
        (new DeploymentStarted("main", "5ed4c0c5-9ff8-4a6f-a0cd-f57f59a34b43"), new DeploymentStarted("main"), null),
        (new DeploymentProgressed("main", "rolling", 2, 3, [new TaskProgress("portal.1", "healthy", "h07", 31044), new TaskProgress("portal.2", "staging")], "a lock of another deployment"),
            new DeploymentProgressed("main", "takingback", 0, 3), null),
        (new DeploymentHeld("Release freeze until the audit is over.", Now.AddHours(8)), new DeploymentHeld("Freeze", Now.AddHours(8)), null),
        (new DeploymentHoldLifted("expired"), new DeploymentHoldLifted("lifted"), null),
    ];

    static IEnumerable<(IEventContent, IEventContent, string?)> Services() =>
    [
        (new ServiceDeployed(Prod, Image.Purl), new ServiceDeployed(new Reference("prod"), Image.Purl), null),
        (new ServiceUpgraded(Prod, Image.Purl), new ServiceUpgraded(new Reference("prod"), Image.Purl), null),
        (new ServiceRolledBack(Prod, Image.Purl), new ServiceRolledBack(new Reference("prod"), Image.Purl), null),
        (new ServiceRemoved(Prod), new ServiceRemoved(), null),
        (new EndpointsChanged("main", [new ServiceEndpoint("h07", 31044, Digest, 4711), new ServiceEndpoint("h11", 31990)]), new EndpointsChanged("main", []), null),
        (new IncidentDetected(Prod, "1 of 3 tasks is unhealthy.", new Reference("prod/portal"), Image.Purl), new IncidentDetected(Prod), "prod/portal/unhealthy"),
        (new IncidentResolved(Prod, "3 of 3 tasks are healthy.", new Reference("prod/portal"), Image.Purl), new IncidentResolved(Prod), "prod/portal/unhealthy"),
    ];

    static IEnumerable<(IEventContent, IEventContent, string?)> Ends() =>
    [
        (new WorkEnded(WorkResult.Failed, WorkEffect.TakenBack), new WorkEnded(WorkResult.Cancelled, WorkEffect.None), null),
        (new WorkDeferred(Now.AddMinutes(5)), new WorkDeferred(Now.AddMinutes(5)), null),
        (new DeploymentSucceeded { PreviousImage = EarlierImage, Unchecked = true, AlreadyLive = true, Removed = true, NotRouted = true, Warnings = ["It has no health check."] }, new DeploymentSucceeded(), null),
        (new DeploymentFailed(WorkEffect.TakenBack, EarlierImage), new DeploymentFailed(WorkEffect.Unknown), null),
        (new DeploymentSuperseded(WorkEffect.None, Request), new DeploymentSuperseded(WorkEffect.Made), null),
        (new DeploymentRefused(), new DeploymentRefused(), null),
        (new DeploymentCancelled(WorkEffect.TakenBack), new DeploymentCancelled(WorkEffect.None), null),
    ];

    static IEnumerable<(IEventContent, IEventContent, string?)> Notifications() =>
    [
        (new NotificationRequested
        {
            Target = "team", Thread = Request, Mood = NotificationMood.Bad, Title = "portal → prod", Text = "failed 412: 0 of 3 tasks became healthy. 411 still serves.",
            Links = [new NotificationLink("timeline", "https://bridge.internal/d-81c0")], Reply = new NotificationReply("portal → prod failed", "author@example.org", [new Evidence("last log", Blob, "It could not be kept within 30 seconds.")]),
            Handle = "C024BE91L/1795525331.000200", Revision = 4,
        }, new NotificationRequested { Target = "team", Thread = Request, Mood = NotificationMood.Moving, Title = "portal → prod" }, $"team/{Request}"),
        (new NotificationDelivered("team", "C024BE91L/1795525331.000200"), new NotificationDelivered("team"), $"team/{Request}"),
    ];
}
