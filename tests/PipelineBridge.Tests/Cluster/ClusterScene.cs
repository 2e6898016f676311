using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Marathon;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Tests.Events;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Cluster;

/// <summary>A Marathon over HTTP, a handler on it, and the works that a bridge would give; time goes many times as fast.</summary>
sealed class ClusterScene : IAsyncDisposable
{
    public const string Id = "/prod/portal";

    readonly HttpClient http = new();
    readonly List<MarathonClient> clients = [];
    readonly MarathonUser? user;

    ClusterScene(MarathonSimulator marathon, FastTime time, MarathonUser? user)
    {
        (Marathon, Time, this.user) = (marathon, time, user);
        Handler = NewHandler();
    }

    public MarathonSimulator Marathon { get; }

    public FastTime Time { get; }

    public ClusterHandler Handler { get; private set; }

    public RecordingBridge Bridge { get; } = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<ClusterScene> Start(Func<MarathonSimulatorOptions, MarathonSimulatorOptions>? with = null, MarathonUser? user = null, int times = 10)
    {
        var time = new FastTime(times);
        var options = new MarathonSimulatorOptions { Time = time, Announce = _ => { }, Users = user is null ? [] : [user] };
        return new ClusterScene(await MarathonSimulator.Start(with is null ? options : with(options), Cancellation), time, user);
    }

    /// <summary>Another process: it knows nothing of what the one before had in memory.</summary>
    public ClusterHandler NewHandler(Uri? url = null, string? password = null)
    {
        var client = NewClient(url, password);
        return Handler = new ClusterHandler(new MarathonDriver(client, Time), Time);
    }

    public MarathonClient NewClient(Uri? url = null, string? password = null)
    {
        var client = new MarathonClient(new MarathonClusterOptions("main", url ?? Marathon.Url, new Dictionary<string, string> { ["prod"] = "/prod" })
        {
            Username = user?.Name,
            Password = () => password ?? user?.Secret,
        });
        clients.Add(client);
        return client;
    }

    public static string Digest(int version) => "sha256:" + version.ToString("x", System.Globalization.CultureInfo.InvariantCulture).PadLeft(64, '0');

    public static string Image(int version) => $"registry.internal/portal:{version}@{Digest(version)}";

    public static string Pinned(int version) => $"registry.internal/portal@{Digest(version)}";

    public static string Specification(int? instances = 2, string? more = null, bool check = true) =>
        $$"""
        {"cmd":"serve","cpus":0.1,"mem":64,"container":{"type":"DOCKER","docker":{"image":"registry.internal/portal"},"portMappings":[{"containerPort":80,"hostPort":0}]},
         "networks":[{"mode":"container/bridge"}]{{(instances is null ? "" : $",\"instances\":{instances}")}}
         {{(check ? ",\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/health\",\"gracePeriodSeconds\":5,\"intervalSeconds\":2,\"maxConsecutiveFailures\":20}]" : "")}}{{more}} }
        """;

    /// <summary>The work of version n: its sequence, request, image and specification follow from it.</summary>
    public Work Rollout(int version, string? specification = null, int? previous = null, string? previousSpecification = null, int seconds = 600,
        string onFailure = OnFailure.Rollback, int? replicas = null, string? image = null, int? supersedes = null)
    {
        specification ??= Specification();
        previousSpecification ??= specification;
        var content = new DeploymentRolloutRequested
        {
            Cluster = "main",
            Image = image ?? Image(version),
            Specification = Blob(specification),
            SpecificationFormat = "marathon",
            Replicas = replicas,
            HealthTimeoutSeconds = seconds,
            OnFailure = onFailure,
            First = previous is null,
            Previous = previous is { } p ? new DeployedVersion(Image(p), Blob(previousSpecification), "marathon", p) : null,
            Supersedes = supersedes is { } s ? Request(s).ToString() : null,
        };
        return New(version, content, c => c with { Image = content.Image }, Encoding.UTF8.GetBytes(specification), Encoding.UTF8.GetBytes(previousSpecification));
    }

    public Work Cancel(Work rollout) => New((int)rollout.Item.Sequence, new DeploymentCancelRequested("main", rollout.Item.Id.ToString()), c => c);

    public Work Removal(int version) => New(version, new DeploymentRetireRequested("main", DeploymentRetireRequested.All), c => c);

    public Work Again(Work work) => work with { Item = new WorkItem(work.Item.Event, work.Item.Attempts + 1, "cluster", Time) };

    /// <summary>Gives a work to a handler; what it tells is in its own bridge.</summary>
    public async Task<Outcome> Do(Work work, ClusterHandler? handler = null, CancellationToken? process = null)
    {
        var events = await (handler ?? Handler).Handle(work.Item, work.Bridge, process ?? Cancellation);
        Keep(events.Concat(work.Bridge.Told));
        return new Outcome(events, work.Bridge);
    }

    /// <summary>Whatever is told keeps to the schemas, where those are at hand.</summary>
    public static void Keep(IEnumerable<CdEvent> events)
    {
        if (Vendor.AreThere)
        {
            events.SelectMany(e => EventSchemas.Mistakes(CdEventWriter.Write(e)).Select(m => $"{e.Content}: {m}")).Should().BeEmpty();
        }
    }

    public async Task<Outcome> Deployed(int version, string? specification = null, int? previous = null)
    {
        var outcome = await Do(Rollout(version, specification, previous, seconds: 3600));
        outcome.End.Content.Should().BeAssignableTo<IEventContent>().And.Match(c => c is ServiceDeployed || c is ServiceUpgraded, outcome.ToString());
        return outcome;
    }

    public async Task<JsonObject?> App()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Marathon.Url, $"v2/apps{Id}"));
        if (user is not null)
        {
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user.Name}:{user.Secret}")));
        }
        using var answer = await http.SendAsync(request, Cancellation);
        return answer.IsSuccessStatusCode ? JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!["app"]!.AsObject() : null;
    }

    public async Task<string?> RunningImage() => (await App())?["container"]?["docker"]?["image"]?.GetValue<string>();

    public async Task<List<string>> TaskIds() => [.. ((await App())?["tasks"]?.AsArray() ?? []).Select(t => t!["id"]!.GetValue<string>()).Order(StringComparer.Ordinal)];

    /// <summary>The writes of apps that reached Marathon, oldest first, as <c>METHOD path?query</c>.</summary>
    public List<string> Writes => [.. Marathon.Log.Requests.Where(r => r.Method is "PUT" or "POST" or "DELETE").Select(r => $"{r.Method} {r.Path}{r.Query}")];

    /// <summary>Waits for something that must become true.</summary>
    public static async Task Until(Func<Task<bool>> holds, string what)
    {
        for (var began = Environment.TickCount64; !await holds(); await Task.Delay(10, Cancellation))
        {
            (Environment.TickCount64 - began).Should().BeLessThan(180_000, "{0} must come", what);
        }
    }

    public static Task Until(Func<bool> holds, string what) => Until(() => Task.FromResult(holds()), what);

    public async ValueTask DisposeAsync()
    {
        clients.ForEach(c => c.Dispose());
        http.Dispose();
        await Marathon.DisposeAsync();
    }

    static string Blob(string text) => "sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    static RequestId Request(int version) => new(RequestId.Deployment, EventId.Derive(1_000_000 + version, "ask"));

    Work New(int version, IEventContent content, Func<CustomData, CustomData> with, byte[]? specification = null, byte[]? previous = null)
    {
        var request = Request(version);
        var e = new CdEvent
        {
            Id = request.Ask.Then("work", EventTypes.Of(content).Name).ToString(),
            Source = CdEvent.OurSource + "bridge",
            Type = EventTypes.Of(content).Name,
            Time = Time.GetUtcNow(),
            ChainId = "chain",
            SubjectId = "prod/portal",
            Content = content,
            Custom = with(new CustomData { App = "portal", Environment = "prod", RequestId = request.ToString(), Sequence = version }),
        };
        return new Work(new WorkItem(e, 1, "cluster", Time), new RecordingBridge { Stands = () => new WorkStanding(WorkState.Open, false, specification, previous) });
    }
}

/// <summary>A work and the bridge that gives it.</summary>
sealed record Work(WorkItem Item, RecordingBridge Bridge)
{
    /// <summary>The same, as it stands now in the journal.</summary>
    public Work Stands(string state, bool takingBack = false)
    {
        var before = Bridge.Stands();
        Bridge.Stands = () => before with { State = state, TakingBack = takingBack };
        return this;
    }
}

/// <summary>What a handler returned and told.</summary>
sealed record Outcome(IReadOnlyList<CdEvent> Events, RecordingBridge Bridge)
{
    public CdEvent End => Events[^1];

    public CustomData Custom => End.Custom!;

    public IEnumerable<DeploymentProgressed> Progress => Bridge.Told.Select(e => e.Content).OfType<DeploymentProgressed>();

    /// <summary>What was put as evidence under a name.</summary>
    public string? EvidenceOf(string name) => Bridge.EvidencePut.Where(e => e.Name == name).Select(e => e.Text).SingleOrDefault();

    public void ShouldHaveEnded(string result, string effect, string category)
    {
        End.Content.Should().Be(new WorkEnded(result, effect), ToString());
        Custom.Category.Should().Be(category, ToString());
        Custom.Cause.Should().NotBeNullOrEmpty();
    }

    public override string ToString() => string.Join("; ", Events.Select(e => $"{e.Content} {e.Custom!.Cause}"));
}
