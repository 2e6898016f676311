using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using PipelineBridge.Benchmarks.Broker;

namespace PipelineBridge.Benchmarks.Deliveries;

/// <summary>The executable as bridge and as a worker for each stage, in processes of their own over a RabbitMQ; registry, Marathon and Slack are simulated.</summary>
sealed class Installation : IAsyncDisposable
{
    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-benchmark-");
    readonly List<KeptProcess> processes = [];
    ServedProcess? simulators;

    /// <summary>The bridge's HTTP, with a key that may do everything.</summary>
    public HttpClient Http { get; private set; } = new();

    /// <summary>Host and port of the registry.</summary>
    public string Registry { get; private set; } = "";

    /// <summary>The bridge and its workers.</summary>
    public IReadOnlyList<KeptProcess> Processes => processes;

    /// <summary>The simulators' process.</summary>
    public ServedProcess Simulators => simulators!;

    public static async Task<Installation> Start(BenchmarkBroker broker, int images, CancellationToken cancellation)
    {
        var installation = new Installation();
        try
        {
            await installation.Begin(broker, images, cancellation);
            return installation;
        }
        catch
        {
            await installation.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }
        await (simulators?.DisposeAsync() ?? ValueTask.CompletedTask);
        directory.Delete(recursive: true);
    }

    async Task Begin(BenchmarkBroker broker, int images, CancellationToken cancellation)
    {
        simulators = ServedProcess.Start("simulators", $"{images}");
        var urls = (await simulators.Line(cancellation)).Split(' ');
        var (registry, marathon, slack) = (new Uri(urls[0]), urls[1], urls[2]);
        Registry = registry.Authority;
        var url = $"http://127.0.0.1:{KeptProcess.FreePort()}/";
        Secret("slack", "xoxb-simulator");
        Secret("broker", broker.Options.Password()!);
        Secret("stage", Setting.Key);
        var file = Path.Combine(directory.FullName, "bridge.yaml");
        await File.WriteAllTextAsync(file, $$"""
            listen: {{url.TrimEnd('/')}}
            journal: {{Path.Combine(directory.FullName, "journal.db")}}
            registries:
              "{{Registry}}": { url: {{registry}} }
            clusters:
              main: { marathon: { url: {{marathon}} } }
            environments:
              prod: { zone: internal, cluster: main, group: /prod, notify: [team] }
            targets:
              team: { slack: { channel: "#deploys", token: { file: slack }, url: {{slack}} } }
            broker:
              url: {{broker.Options.Url}}
              username: {{broker.Options.Username}}
              password: { file: broker }
            worker:
              key: { file: stage }
            keys:
              - { name: benchmark, sha256: [{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Setting.Key)))}}], verbs: ["*", stage], apps: ["*"] }
            """, cancellation);
        Http = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(100) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Setting.Key);
        await Add("bridge", new Uri(url), ["bridge", "--file", file]);
        foreach (var stage in (string[])["registry", "cluster", "notifications"])
        {
            var health = new Uri($"http://127.0.0.1:{KeptProcess.FreePort()}/");
            await Add($"worker {stage}", health, ["worker", "--stage", stage, "--file", file, "--health", health.ToString()]);
        }

        async Task Add(string name, Uri address, string[] arguments)
        {
            var process = await KeptProcess.Start(name, "dotnet", [Path.Combine(AppContext.BaseDirectory, "pipelinebridge.dll"), .. arguments]);
            processes.Add(process);
            await process.UntilAnswered(new Uri(address, "health/ready"), cancellation);
        }
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
}
