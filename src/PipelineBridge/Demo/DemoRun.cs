using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using PipelineBridge.Bridge;
using PipelineBridge.Composition;
using PipelineBridge.Configuration;
using PipelineBridge.Notifications.Chat;
using PipelineBridge.Registry;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Simulators.Slack;

namespace PipelineBridge.Demo;

/// <summary>Starts simulators and a bridge on them, lets the story happen, and stays up for a person to try.</summary>
sealed class DemoRun(TextWriter output)
{
    public bool Once { get; init; }

    public Uri? Registry { get; init; }

    public Uri? Marathon { get; init; }

    public int Port { get; init; }

    public async Task<int> Run(CancellationToken stop)
    {
        var directory = Directory.CreateTempSubdirectory("pipelinebridge-demo-");
        try
        {
            return await Run(directory, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Once ? 1 : 0;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    async Task<int> Run(DirectoryInfo directory, CancellationToken stop)
    {
        await using var registry = await RegistrySimulator.Start(new RegistrySimulatorOptions { Announce = Quiet }, stop);
        await using var marathon = await MarathonSimulator.Start(new MarathonSimulatorOptions { Announce = Quiet }, stop);
        await using var slack = await SlackSimulator.Start(new SlackSimulatorOptions { Announce = Quiet, People = [new("ann", "ann@example.org"), new("bob", "bob@example.org")] }, stop);
        registry.SeedImage("hello", "1.0", "hello 1.0");
        var broken = registry.SeedImage("hello", "1.1", "hello 1.1");
        registry.SeedImage("hello", "1.2", "hello 1.2");
        marathon.Script(new TaskBehavior { Image = broken, NeverHealthy = true, ProbeAnswer = "503 database migrations pending" });

        var key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var page = $"http://127.0.0.1:{FreePort(Port)}";
        var registryName = Registry?.Authority ?? registry.Host;
        var configuration = Configuration(directory, page, key, registryName, Registry ?? registry.Url, Marathon ?? marathon.Url, slack.ApiUrl);
        output.WriteLine("PipelineBridge demo: one process, nothing outside is touched.");
        output.WriteLine($"  registry   {Kind(Registry)}  {Registry ?? registry.Url}");
        output.WriteLine($"  marathon   {Kind(Marathon)}  {Marathon ?? marathon.Url}");
        output.WriteLine($"  chat       simulator  {slack.Url}");
        output.WriteLine($"  journal    {configuration.Journal}");
        output.WriteLine($"  page       {page}");

        await using var process = await OneProcess.Start(configuration, LogLevel.Error, stop);
        using var bridge = new HttpClient { BaseAddress = new Uri(page) };
        bridge.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var story = new DemoStory(bridge, registryName, output);
        var asTold = await story.Works(stop) & await story.Fails(stop);
        if (Registry is null && Marathon is null)
        {
            asTold &= await ToldInChat(slack, stop);
        }
        if (Once)
        {
            output.WriteLine(asTold ? "Both went as told." : "Not as told: see above.");
            return asTold ? 0 : 1;
        }
        output.WriteLine("Try it yourself, in another terminal: a newer version, and back.");
        output.WriteLine($"  export BRIDGE_URL={page} BRIDGE_TOKEN={key}");
        output.WriteLine($"  curl -sS -H \"Authorization: Bearer $BRIDGE_TOKEN\" -d '{{\"app\":\"hello\",\"environment\":\"demo\",\"image\":\"{registryName}/hello:{(Registry is null ? "1.2" : "1.0")}\"}}' $BRIDGE_URL/v1/deployments");
        output.WriteLine("  dotnet run --project src/PipelineBridge -- status");
        output.WriteLine("  dotnet run --project src/PipelineBridge -- rollback hello demo");
        output.WriteLine($"Look at {page} and at the chat, {slack.Url}. Ctrl-C ends it.");
        await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return asTold ? 0 : 1;
    }

    /// <summary>The chat is told after the end; it is given some seconds.</summary>
    async Task<bool> ToldInChat(SlackSimulator slack, CancellationToken stop)
    {
        for (var i = 0; i < 100; i++)
        {
            var texts = slack.Messages("deploys").Select(m => m.Text).ToList();
            if (texts.Any(t => t.Contains("live", StringComparison.Ordinal)) && texts.Any(t => t.Contains("failed", StringComparison.Ordinal)))
            {
                output.WriteLine("In the chat:");
                texts.ForEach(t => output.WriteLine("  " + t.ReplaceLineEndings("  ")));
                return true;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(100), stop);
        }
        output.WriteLine("The chat was not told.");
        return false;
    }

    static BridgeConfiguration Configuration(DirectoryInfo directory, string page, string key, string registryName, Uri registry, Uri marathon, Uri slack) => new()
    {
        Listen = [page],
        Url = page,
        Journal = Path.Combine(directory.FullName, "journal.db"),
        Keys = [new KeyOptions("demo", [Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))], ["*"], ["*"])],
        Registries = [new RegistryOptions(registryName, registry)],
        Clusters = new Dictionary<string, ClusterConfiguration> { ["demo"] = new("demo", new MarathonConfiguration(marathon)) },
        Environments = new Dictionary<string, EnvironmentConfiguration>
        {
            ["demo"] = new() { Name = "demo", Zone = "internal", Cluster = "demo", Group = "/demo", HealthTimeoutSeconds = 60, EvidenceInChat = true, Notify = ["chat"] },
        },
        Targets = [new SlackTargetOptions("chat", slack, "#deploys", () => "xoxb-simulator")],
    };

    static string Kind(Uri? given) => given is null ? "simulator" : "yours    ";

    static void Quiet(string line)
    {
    }

    static int FreePort(int wanted)
    {
        foreach (var port in new[] { wanted, 0 })
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException) when (port != 0)
            {
            }
        }
        throw new InvalidOperationException("There is no free port.");
    }
}
