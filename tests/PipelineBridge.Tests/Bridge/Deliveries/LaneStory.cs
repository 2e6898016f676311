using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Tests.Bridge.Deliveries;

/// <summary>Tells a lane's story in the words of the rules: who asks, what the stages say, and what was decided.</summary>
sealed class LaneStory
{
    public static readonly string Digest1 = "sha256:" + new string('1', 64);
    public static readonly string Digest2 = "sha256:" + new string('2', 64);
    public static readonly string Digest3 = "sha256:" + new string('3', 64);

    readonly Dictionary<string, CdEvent> works = new(StringComparer.Ordinal);
    long sequence = 100;

    public LaneStory() => Lane = new DeploymentLane { App = "portal", Environment = "prod" };

    public DateTimeOffset Now { get; set; } = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    public DeploymentLane Lane { get; private set; }

    public List<CdEvent> Events { get; } = [];

    public Dictionary<string, RequestDocument> Documents { get; } = new(StringComparer.Ordinal);

    public List<PipelineBridge.Bridge.Deliveries.Timer> Timers { get; } = [];

    public DeciderContext Context => new(Now, new BridgeOptions
    {
        Url = "https://bridge.internal",
        Keys = [],
        Environments = Environments,
    });

    public IReadOnlyDictionary<string, EnvironmentOptions> Environments { get; set; } =
        new Dictionary<string, EnvironmentOptions> { ["prod"] = new() { Zone = "internal", Cluster = "main", ClusterKind = "marathon" } };

    public static string Image(string digest, string tag = "412") => $"registry.internal/portal:{tag}@{digest}";

    /// <summary>An image that was not asked about yet.</summary>
    public string Deploy(string image = "registry.internal/portal:412", string? after = null, PushStanding? push = null, string spec = "sha256:spec", long? order = null) =>
        Ask(new DeploymentRequested { Image = after is null ? image : null, After = after, Specification = spec, SpecificationFormat = "marathon" }, push, order);

    public string RollBack(string? to = null) => Ask(new DeploymentRequested { Rollback = true, Image = to });

    public string Remove() => Ask(new DeploymentRequested { Removal = true });

    /// <summary>Deploys, resolves, rolls out and comes to the good end.</summary>
    public string Live(string digest, string tag)
    {
        var id = Deploy($"registry.internal/portal:{tag}");
        Resolved(id, Image(digest, tag));
        Healthy(id);
        return id;
    }

    public void Resolved(string id, string image) => Say(Work<ImageResolveRequested>(id).Done(new ImageResolved(image)));

    public void NotResolved(string id) => Say(Work<ImageResolveRequested>(id).Ended(WorkResult.Failed, WorkEffect.None, FailureCategory.Image, "The image is not there."));

    public void Healthy(string id) => Say(Work<DeploymentRolloutRequested>(id).Done(new ServiceUpgraded(new Reference("prod"), "pkg:oci/portal"), with: c => c with { Phases = new Phases { PulledSeconds = 9, HealthySeconds = 13 } }));

    public void Ended(string id, string result, string effect) =>
        Say(Work<DeploymentRolloutRequested>(id).Ended(result, effect, FailureCategory.Health, "0 of 3 new tasks became healthy."));

    public void Progress(string id, int healthy) => Say(Work<DeploymentRolloutRequested>(id).Observed(new DeploymentProgressed("main", "rolling", healthy, 3)));

    public void Hold(string reason = "release freeze") => Take(DeploymentDecider.HoldChanged(Lane, new Hold(reason, Now.AddHours(1), "h", null), Context));

    public void Lift() => Take(DeploymentDecider.HoldChanged(Lane, null, Context));

    public void Cancel(string id) => Take(DeploymentDecider.Cancelled(Lane, id, new Actor("ann"), Context));

    public void PushMoved(string id, PushStanding push) => Take(PushWaits.Moved(Lane, RequestId.Parse(id).Ask.ToString(), push, Context));

    public void PushNeverCame(string id) => Take(PushWaits.NeverCame(Lane, RequestId.Parse(id).Ask.ToString(), Context));

    public void TakingBack(string id) => Take(DeploymentOutcomes.TakingBack(Lane, Work<DeploymentRolloutRequested>(id).Id.ToString(), Context));

    public void Retired(string id, Func<WorkItem, CdEvent> end)
    {
        var work = Work<DeploymentRetireRequested>(id);
        Take(Retirements.Ended(Lane, work.Event, end(work), Context));
    }

    public void Say(CdEvent e) => Take(DeploymentOutcomes.Happened(Lane, e, Context));

    public string State(string id) => Documents[id].State;

    /// <summary>The content of the works of a kind that were given, in order.</summary>
    public IReadOnlyList<T> Given<T>() where T : IEventContent => [.. Events.Select(e => e.Content).OfType<T>()];

    /// <summary>How often the end of a request was told.</summary>
    public int Ends(string id) => Events.Count(e => e.Id == RequestId.Parse(id).Ask.Then("end").ToString());

    public WorkItem Work<T>(string id) where T : IEventContent =>
        new(works.Values.Last(e => e.Content is T && e.Custom!.RequestId == id), 1, "test", TimeProvider.System);

    string Ask(DeploymentRequested content, PushStanding? push = null, long? order = null)
    {
        var ask = EventId.Derive(Now.ToUnixTimeMilliseconds(), "test", (++sequence).ToString(System.Globalization.CultureInfo.InvariantCulture));
        var name = new RequestId(RequestId.Deployment, ask).ToString();
        Take(DeploymentDecider.Asked(Lane, new CdEvent
        {
            Id = ask.ToString(),
            Source = "/pipelinebridge/bridge",
            Type = EventTypes.Of(content).Name,
            Time = Now,
            ChainId = ask.Then("chain").ToString(),
            SubjectId = "prod/portal",
            Content = content,
            Custom = new CustomData { App = "portal", Environment = "prod", RequestId = name, By = new Actor("ann", "jenkins") },
        }, order ?? sequence, push, Context));
        return name;
    }

    void Take(Decision<DeploymentLane> decision)
    {
        Lane = decision.State;
        Timers.AddRange(decision.Timers);
        foreach (var (id, document) in decision.Documents)
        {
            if (Documents.TryGetValue(id, out var before))
            {
                document.Revision.Should().Be(before.Revision + 1, "a revision grows by one with each change");
            }
            Documents[id] = document;
        }
        foreach (var decided in decision.Events)
        {
            Events.Add(decided.Event);
            if (decided.Queue is not null)
            {
                works[decided.Event.Id] = decided.Event;
            }
        }
    }
}
