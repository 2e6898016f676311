using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Simulators.Slack;
using PipelineBridge.Tests.Broker;
using PipelineBridge.Tests.Registry;

namespace PipelineBridge.Journeys.Site;

/// <summary>
/// A whole installation: the bridge and each stage as a process of its own, a real RabbitMQ and a real docker-registry
/// between them, and simulators of Marathon and Slack.
/// </summary>
sealed partial class BrokerSite : IAsyncDisposable
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

    static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
