using System.Text.Json.Nodes;
using PipelineBridge.Journeys.Site;
using PipelineBridge.Tests.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Journeys.OnASwarm;

/// <summary>A real Swarm of two nodes, each in a network namespace of its own, a real docker-registry, and the executable as one process.</summary>
public sealed class SwarmSite : IAsyncLifetime
{
    readonly List<DockerEngine> nodes = [];
    readonly HttpClient http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = TimeSpan.FromSeconds(60) };
    EngineNetwork? network;
    DockerRegistry? registry;
    OneProcessSite? bridge;

    internal OneProcessSite Bridge => bridge!;

    internal DockerEngine Manager => nodes[0];

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    internal static void SkipWhereMissing()
    {
        DockerEngine.SkipWhereMissing();
        DockerRegistry.SkipWhereMissing();
    }

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.IsMissing || DockerRegistry.IsMissing)
        {
            return;
        }
        network = await EngineNetwork.Make();
        registry = await DockerRegistry.Start("none", CancellationToken.None, network.Here);
        nodes.Add(await DockerEngine.Start(network));
        nodes.Add(await DockerEngine.Start(network));
        await network.MakeSwarm(nodes[0], nodes[1]);
        bridge = await OneProcessSite.Start($$"""
            registries:
              "{{registry.Host}}": { url: {{registry.Url}} }
            engines:
              main: { url: {{Manager.Url}} }
            clusters:
              main: { swarm: { managers: { m1: { url: {{Manager.Url}} } } } }
            environments:
              prod: { zone: internal, cluster: main }
            """);
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        IAsyncDisposable?[] parts = [bridge, .. nodes, registry, network];
        foreach (var part in parts)
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }
    }

    internal static string Specification(string more) => $$"""
        kind: service
        stopSeconds: 1
        health: { path: /health, intervalSeconds: 1, timeoutSeconds: 5, failures: 3 }
        {{more}}
        """;

    /// <summary>Builds an image of a small web service on the manager, and has the bridge push it from there; returns its name with the digest.</summary>
    internal async Task<string> Pushed(string app, string tag, bool healthy = true, string before = "echo starting")
    {
        var image = $"{registry!.Host}/{app}:{tag}";
        await Manager.BuildService(image, tag, healthy, before, withCurl: true);
        return (string)(await Bridge.Good(await Bridge.Ask("/v1/pushes", new JsonObject { ["app"] = app, ["image"] = image, ["source"] = "engine: main" })))["image"]!;
    }

    internal async Task<bool> IsThere(string app)
    {
        var filters = new JsonObject { ["name"] = new JsonArray($"prod-{app}") }.ToJsonString();
        return (await Manager.Call(HttpMethod.Get, $"services?filters={Uri.EscapeDataString(filters)}"))!.AsArray().Count > 0;
    }

    /// <summary>What the running tasks of an app answer, each with the address of its node.</summary>
    internal async Task<List<(string Node, string Answer)>> Answers(string app)
    {
        var addresses = (await Manager.Call(HttpMethod.Get, "nodes"))!.AsArray().ToDictionary(n => (string)n!["ID"]!, n => (string)n!["Status"]!["Addr"]!);
        var filters = new JsonObject { ["service"] = new JsonArray($"prod-{app}"), ["desired-state"] = new JsonArray("running") }.ToJsonString();
        var answers = new List<(string, string)>();
        foreach (var task in (await Manager.Call(HttpMethod.Get, $"tasks?filters={Uri.EscapeDataString(filters)}"))!.AsArray().Where(t => (string)t!["Status"]!["State"]! == "running"))
        {
            var node = addresses[(string)task!["NodeID"]!];
            answers.Add((node, await http.GetStringAsync(new Uri($"http://{node}:{(int)task["Status"]!["PortStatus"]!["Ports"]![0]!["PublishedPort"]!}/"), Stop)));
        }
        return answers;
    }
}
