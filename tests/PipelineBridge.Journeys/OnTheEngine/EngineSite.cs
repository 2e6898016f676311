using System.Diagnostics;
using System.Text.Json.Nodes;
using PipelineBridge.Journeys.Site;
using PipelineBridge.Tests.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Journeys.OnTheEngine;

/// <summary>
/// A real Docker engine that images are built on and apps run on, a second one with a small disk, a real docker-registry,
/// and the executable as one process between them. The journeys of a class share it, each with an app of its own.
/// </summary>
public sealed class EngineSite : IAsyncLifetime
{
    const int SmallDiskMiB = 64;

    readonly DirectoryInfo smallDisk = Directory.CreateTempSubdirectory("pbsd-");
    readonly HttpClient http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = TimeSpan.FromSeconds(60) };
    DockerRegistry? registry;
    DockerEngine? engine;
    DockerEngine? small;
    OneProcessSite? bridge;

    internal DockerEngine Engine => engine!;

    /// <summary>Another engine, whose disk is small.</summary>
    internal DockerEngine Small => small!;

    /// <summary>Where that has its disk.</summary>
    internal string SmallDisk => smallDisk.FullName;

    internal OneProcessSite Bridge => bridge!;

    /// <summary>What all of it said, for a test that fails.</summary>
    internal string Said => $"{bridge}\n--- engine\n{engine?.Log}";

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
        await DockerEngine.Run("/bin/mount", "-t", "tmpfs", "-o", $"size={SmallDiskMiB}m", "tmpfs", smallDisk.FullName);
        registry = await DockerRegistry.Start("none", CancellationToken.None);
        var engines = await Task.WhenAll(DockerEngine.Start(), DockerEngine.Start(smallDisk.FullName));
        (engine, small) = (engines[0], engines[1]);
        bridge = await OneProcessSite.Start($$"""
            registries:
              "{{registry.Host}}": { url: {{registry.Url}} }
            engines:
              main: { url: {{engine.Url}} }
              small: { url: {{small.Url}} }
            clusters:
              main: { engine: { hosts: { h1: { url: {{engine.Url}} } } } }
              small: { engine: { hosts: { s1: { url: {{small.Url}} } } } }
            environments:
              prod: { zone: internal, cluster: main }
              tiny: { zone: internal, cluster: small }
            """);
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        foreach (var part in new IAsyncDisposable?[] { bridge, engine, small, registry })
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }
        await DockerEngine.Run("/bin/umount", "-l", smallDisk.FullName);
        smallDisk.Delete(recursive: true);
    }

    /// <summary>A specification of the service that <see cref="Build"/> makes.</summary>
    internal static string Specification(string more = "", string ports = "[8080]") => $$"""
        kind: service
        ports: {{ports}}
        stopSeconds: 1
        health: { path: /health, timeoutSeconds: 1 }
        {{more}}
        """;

    /// <summary>The name of an app's image.</summary>
    internal string Image(string app, string tag) => $"{registry!.Host}/{app}:{tag}";

    /// <summary>Builds an image of a small web service on the engine; returns its name.</summary>
    internal async Task<string> Build(string app, string tag, bool healthy = true, string before = "echo starting")
    {
        await Engine.BuildService(Image(app, tag), tag, healthy, before);
        return Image(app, tag);
    }

    /// <summary>Builds an image and has the bridge push it from the engine; returns its name with the digest.</summary>
    internal async Task<string> Pushed(string app, string tag, bool healthy = true, string before = "echo starting") =>
        (string)(await Bridge.Good(await Bridge.Ask("/v1/pushes", new JsonObject { ["app"] = app, ["image"] = await Build(app, tag, healthy, before), ["source"] = "engine: main" })))["image"]!;

    /// <summary>Deletes an image from the registry, as somebody who tidies up would.</summary>
    internal async Task Forget(string image)
    {
        var (name, digest) = (image.Split('/')[1].Split(':')[0], image.Split('@')[1]);
        using var answer = await http.DeleteAsync(new Uri(registry!.Url, $"v2/{name}/manifests/{digest}"), Stop);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Fills the small disk by a file, until only so many bytes are free.</summary>
    internal async Task Fill(string path, long free)
    {
        await using var file = File.Create(path);
        for (var left = new DriveInfo(SmallDisk).AvailableFreeSpace - free; left > 0; left -= 4096)
        {
            await file.WriteAsync(new byte[4096], Stop);
        }
    }

    /// <summary>The containers of an app that run; with <paramref name="all"/> those that do not, too.</summary>
    internal async Task<List<JsonNode>> Containers(string app, bool all = false)
    {
        var filters = new JsonObject { ["label"] = new JsonArray($"pipelinebridge.app={app}") }.ToJsonString();
        return [.. (await Engine.Call(HttpMethod.Get, $"containers/json?all={(all ? 1 : 0)}&filters={Uri.EscapeDataString(filters)}"))!.AsArray().Select(c => c!)];
    }

    /// <summary>Waits until an app has so many containers, those that do not run too, and no more.</summary>
    internal Task Keeps(string app, int count) => Bridge.Until(async () => (await Containers(app, all: true)).Count == count, $"{count} containers of {app}");

    /// <summary>What each running container of an app answers at <c>/</c>.</summary>
    internal async Task<List<string>> Answers(string app)
    {
        var answers = new List<string>();
        foreach (var port in (await Containers(app)).SelectMany(c => c["Ports"]!.AsArray()).Select(p => (int?)p!["PublicPort"]).OfType<int>().Distinct())
        {
            try
            {
                answers.Add(await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Stop));
            }
            catch (HttpRequestException)
            {
                // It is being stopped at this moment.
                answers.Add("");
            }
        }
        answers.Sort(StringComparer.Ordinal);
        return answers;
    }

    /// <summary>Waits until what runs of an app answers this and nothing else: a delivery's end does not wait for the old tasks to go.</summary>
    internal async Task Serves(string app, params string[] answers)
    {
        var began = Stopwatch.GetTimestamp();
        List<string> seen;
        while (!(seen = await Answers(app)).SequenceEqual(answers) && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(120))
        {
            await Task.Delay(100, Stop);
        }
        seen.Should().Equal(answers, Said);
    }
}
