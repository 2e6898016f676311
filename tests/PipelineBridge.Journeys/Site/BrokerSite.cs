using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Simulators.Slack;
using PipelineBridge.Tests.Broker;
using PipelineBridge.Tests.Registry;

namespace PipelineBridge.Journeys.Site;

/// <summary>
/// A whole installation: the bridge and each stage as a process of its own, a real RabbitMQ and a real docker-registry
/// between them, and simulators of Marathon and Slack.
/// </summary>
sealed class BrokerSite : IAsyncDisposable
{
    public const string Key = "key-of-a-journey";
    public const string StageKey = "key-of-the-stages";

    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-journey-");
    readonly LayoutDirectory layouts = new();

    BrokerSite()
    {
    }

    public DockerRegistry Registry { get; private set; } = null!;

    public MarathonSimulator Marathon { get; private set; } = null!;

    public SlackSimulator Slack { get; private set; } = null!;

    public RabbitMqServer Broker { get; private init; } = null!;

    public string VirtualHost { get; private init; } = "";

    Dictionary<string, string> Environment { get; init; } = [];

    public SiteProcess Bridge { get; private set; } = null!;

    public SiteProcess RegistryStage { get; private set; } = null!;

    public SiteProcess ClusterStage { get; private set; } = null!;

    public SiteProcess NotificationsStage { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public string JournalFile => Path.Combine(directory.FullName, "journal.db");

    public string ConfigurationFile => Path.Combine(directory.FullName, "bridge.yaml");

    public IEnumerable<SiteProcess> Processes => [Bridge, RegistryStage, ClusterStage, NotificationsStage];

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Starts all of it and waits until it is ready.</summary>
    /// <param name="broker">The RabbitMQ; the site has a virtual host of its own on it.</param>
    /// <param name="consumerTimeout">What <c>bridge.yaml</c> says of the broker's consumer timeout.</param>
    /// <param name="environment">Further variables of its processes.</param>
    /// <param name="port">Where its processes reach the broker; null: directly.</param>
    public static async Task<BrokerSite> Start(RabbitMqServer broker, string consumerTimeout = "30m", Dictionary<string, string>? environment = null, int? port = null)
    {
        RabbitMqServer.SkipWhereMissing();
        DockerRegistry.SkipWhereMissing();
        var site = new BrokerSite { Broker = broker, VirtualHost = await broker.NewVirtualHost(), Environment = environment ?? [] };
        try
        {
            await site.Begin(consumerTimeout, port ?? broker.Port);
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    async Task Begin(string consumerTimeout, int port)
    {
        Registry = await DockerRegistry.Start("none", Stop);
        Marathon = await MarathonSimulator.Start(new MarathonSimulatorOptions { Announce = _ => { } }, Stop);
        Slack = await SlackSimulator.Start(new SlackSimulatorOptions { Announce = _ => { }, LimitsRate = false }, Stop);
        var url = $"http://127.0.0.1:{SiteProcess.FreePort()}";
        Secret("slack", "xoxb-simulator");
        Secret("broker", RabbitMqServer.Password);
        Secret("stage", StageKey);
        await File.WriteAllTextAsync(ConfigurationFile, $$"""
            listen: {{url}}
            journal: {{JournalFile}}
            registries:
              "{{Registry.Host}}": { url: {{Registry.Url}} }
            layouts:
              builds: {{layouts.Root}}
            clusters:
              main: { marathon: { url: {{Marathon.Url}} } }
            environments:
              prod: { zone: internal, cluster: main, group: /prod, notify: [team] }
            targets:
              team: { slack: { channel: "#deploys", token: { file: slack }, url: {{Slack.ApiUrl}} } }
            broker:
              url: amqp://127.0.0.1:{{port}}/{{VirtualHost}}
              username: {{RabbitMqServer.User}}
              password: { file: broker }
              consumerTimeout: {{consumerTimeout}}
            worker:
              key: { file: stage }
            keys:
              - { name: jenkins, sha256: [{{Hash(Key)}}], verbs: ["*"], apps: ["*"] }
              - { name: stages, sha256: [{{Hash(StageKey)}}], verbs: [stage], apps: ["*"] }
            """, Stop);
        Http = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(90) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        Bridge = new SiteProcess("bridge", url, Environment, "bridge", "--file", ConfigurationFile);
        RegistryStage = Worker("registry");
        ClusterStage = Worker("cluster");
        NotificationsStage = Worker("notifications");
        await Task.WhenAll(Processes.Select(p => p.Start()));
        await Ready();
    }

    /// <summary>A worker of some stages, not started yet.</summary>
    public SiteProcess Worker(params string[] stages)
    {
        var health = $"http://127.0.0.1:{SiteProcess.FreePort()}";
        return new SiteProcess(string.Join("+", stages), health, Environment, ["worker", "--stage", .. stages, "--file", ConfigurationFile, "--health", health]);
    }

    public Task Ready() => Task.WhenAll(Processes.Where(p => p.IsRunning).Select(p => p.Ready()));

    /// <summary>Writes an image as an OCI layout, as a build would leave it.</summary>
    public string Build(string tag)
    {
        layouts.Write($"portal-{tag}", (SampleImage.Of(tag), tag));
        return $"oci-layout: builds/portal-{tag}";
    }

    public Task<JsonObject> Push(string tag) => Accepted("/v1/pushes", new JsonObject
    {
        ["app"] = "portal",
        ["image"] = $"{Registry.Host}/portal:{tag}",
        ["source"] = Build(tag),
        ["tags"] = new JsonArray("latest"),
    }, $"{tag}-push");

    public Task<JsonObject> Deploy(string tag, string? after = null, int healthTimeoutSeconds = 60)
    {
        var body = new JsonObject { ["app"] = "portal", ["environment"] = "prod", ["healthTimeoutSeconds"] = healthTimeoutSeconds, ["spec"] = Specification() };
        body[after is null ? "image" : "after"] = after ?? $"{Registry.Host}/portal:{tag}";
        return Accepted("/v1/deployments", body, $"{tag}-prod");
    }

    /// <summary>Posts an ask, again and again with its key while there is no answer, as the library does.</summary>
    public async Task<JsonObject> Accepted(string path, JsonObject body, string key, HttpMethod? method = null)
    {
        var until = DateTime.UtcNow.AddSeconds(90);
        while (true)
        {
            try
            {
                using var request = new HttpRequestMessage(method ?? HttpMethod.Post, path) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
                request.Headers.Add("Idempotency-Key", key);
                using var response = await Http.SendAsync(request, Stop);
                var text = await response.Content.ReadAsStringAsync(Stop);
                response.StatusCode.Should().Be(HttpStatusCode.Accepted, text);
                return JsonNode.Parse(text)!.AsObject();
            }
            catch (HttpRequestException) when (DateTime.UtcNow < until)
            {
                await Task.Delay(100, Stop);
            }
        }
    }

    /// <summary>The document of a request once <paramref name="seen"/> holds, or at its end.</summary>
    public async Task<JsonObject> Until(JsonObject receipt, Func<JsonObject, bool> seen, int seconds = 120)
    {
        var until = DateTime.UtcNow.AddSeconds(seconds);
        var document = new JsonObject();
        while (DateTime.UtcNow < until)
        {
            try
            {
                document = (await Http.GetFromJsonAsync<JsonObject>($"/v1/requests/{(string)receipt["id"]!}", Stop))!;
                if (seen(document) || document["endedAt"] is not null)
                {
                    return document;
                }
            }
            catch (HttpRequestException)
            {
            }
            await Task.Delay(50, Stop);
        }
        throw new TimeoutException($"Not within {seconds} s: {document.ToJsonString()}\n{this}");
    }

    public async Task<string> End(JsonObject receipt, int seconds = 120) => (string)(await EndDocument(receipt, seconds))["state"]!;

    public Task<JsonObject> EndDocument(JsonObject receipt, int seconds = 120) => Until(receipt, d => d["endedAt"] is not null, seconds);

    /// <summary>The types of the events of a request, in the journal's order, without the tool's name and the version.</summary>
    public async Task<IReadOnlyList<string>> Story(JsonObject receipt)
    {
        var chain = (await Http.GetFromJsonAsync<JsonObject>($"/v1/chains/{(string)receipt["chainId"]!}", Stop))!;
        return [.. chain["events"]!.AsArray().Select(e => Short((string)e!["event"]!["type"]!))];
    }

    /// <summary>Waits until an event of a type is journaled for one of two requests, or both have their end.</summary>
    public async Task UntilStep(JsonObject push, JsonObject deployment, string step)
    {
        while (true)
        {
            var stories = new[] { await Story(push), await Story(deployment) };
            if (stories.Any(s => s.Contains(step)) || stories.All(s => s.Contains("deployment.succeeded") && s.Contains("notification.delivered")))
            {
                return;
            }
            await Task.Delay(10, Stop);
        }
    }

    /// <summary>Waits until something is so, at most a minute.</summary>
    public static async Task Until(Func<Task<bool>> seen, string what)
    {
        var until = DateTime.UtcNow.AddSeconds(60);
        while (!await seen())
        {
            DateTime.UtcNow.Should().BeBefore(until, what);
            await Task.Delay(100, Stop);
        }
    }

    /// <summary>How many ends a deployment has in the journal.</summary>
    public async Task<int> Ends(JsonObject receipt) =>
        (await Story(receipt)).Count(t => t is "deployment.succeeded" or "deployment.failed" or "deployment.superseded" or "deployment.refused" or "deployment.cancelled");

    /// <summary>The dead letters that are open.</summary>
    public async Task<JsonArray> DeadLetters() => (await Http.GetFromJsonAsync<JsonObject>("/v1/deadletters", Stop))!["deadLetters"]!.AsArray();

    /// <summary>Waits until the chat says a word.</summary>
    public async Task Told(string word, int seconds = 60)
    {
        var until = DateTime.UtcNow.AddSeconds(seconds);
        while (!Slack.Messages("deploys").Any(m => m.Text.Contains(word, StringComparison.Ordinal)))
        {
            DateTime.UtcNow.Should().BeBefore(until, $"the chat is told \"{word}\", and says {string.Join(" | ", Slack.Messages("deploys").Select(m => m.Text))}\n{this}");
            await Task.Delay(50, Stop);
        }
    }

    /// <summary>How often the app was written: PUT of the app, as the simulator answered it.</summary>
    public int Writes => Marathon.Log.Requests.Count(r => r.Method == "PUT" && r.Path.StartsWith("/v2/apps/", StringComparison.Ordinal) && r.Status is 200 or 201);

    public override string ToString() => string.Join("\n", Processes.Where(p => p is not null));

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        foreach (var process in Processes.Where(p => p is not null))
        {
            await process.DisposeAsync();
        }
        if (Marathon is not null)
        {
            await Marathon.DisposeAsync();
        }
        if (Slack is not null)
        {
            await Slack.DisposeAsync();
        }
        if (Registry is not null)
        {
            await Registry.DisposeAsync();
        }
        layouts.Dispose();
        directory.Delete(recursive: true);
    }

    void Secret(string name, string value)
    {
        var path = Path.Combine(directory.FullName, name);
        File.WriteAllText(path, value + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    static string Short(string type) => string.Join('.', type.Replace("dev.cdeventsx.pipelinebridge-", "", StringComparison.Ordinal).Replace("dev.cdevents.", "", StringComparison.Ordinal).Split('.')[..2]);

    static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    public static JsonObject Specification() => new()
    {
        ["id"] = "/prod/portal",
        ["instances"] = 2,
        ["cpus"] = 0.1,
        ["mem"] = 64,
        ["container"] = new JsonObject
        {
            ["type"] = "DOCKER",
            ["docker"] = new JsonObject { ["image"] = "x/portal" },
            ["portMappings"] = new JsonArray(new JsonObject { ["containerPort"] = 8080, ["hostPort"] = 0 }),
        },
        ["networks"] = new JsonArray(new JsonObject { ["mode"] = "container/bridge" }),
        ["healthChecks"] = new JsonArray(new JsonObject { ["protocol"] = "MESOS_HTTP", ["path"] = "/health", ["portIndex"] = 0, ["gracePeriodSeconds"] = 30, ["intervalSeconds"] = 1, ["maxConsecutiveFailures"] = 3 }),
    };
}
