using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace PipelineBridge.Benchmarks;

/// <summary>Pushes from a Docker engine and retags, from the ask to its told end, beside the engine's own push and skopeo.</summary>
static class PushesRun
{
    const int Rounds = 3;
    const int Layers = 8;
    const int LayerBytes = 25_000_000;

    // No two layers of a real image are of one length.
    const int LayerStepBytes = 300_000;
    const long LargeBytes = 2L << 30;

    static readonly string[] Tools = ["bridge reads", "engine pushes itself", "docker push", "skopeo copy"];

    public static async Task<int> Run(CancellationToken cancellation)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Console.Error.WriteLine("A Docker engine of its own needs root.");
            return 2;
        }
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        await using var scene = await PushScene.Start(cancellation);
        var times = new Dictionary<(string Case, string Tool), List<double>>();
        Console.WriteLine(await Memory(scene));
        await WarmUp(scene);
        for (var round = 0; round < Rounds; round++)
        {
            // By turns: whoever is first meets another machine than whoever is last.
            foreach (var tool in Tools.Skip(round % Tools.Length).Concat(Tools.Take(round % Tools.Length)))
            {
                cancellation.ThrowIfCancellationRequested();
                var repository = $"{scene.Host}/{tool.Replace(' ', '-')}-{round}";
                var files = Context(scene, Layers, LayerBytes);
                await scene.Build($"{repository}:1", files);
                await Measure(times, "new image, 8 layers, 200 MB", tool, () => Push(scene, tool, repository, "1"));
                await Measure(times, "the same image again", tool, () => Push(scene, tool, repository, "1"));
                Change(files, Layers - 1);
                await scene.Build($"{repository}:2", files);
                await Measure(times, "one of the 8 layers is new", tool, () => Push(scene, tool, repository, "2"));
                if (tool == Tools[0])
                {
                    await Retags(scene, times, repository);
                }
                Directory.Delete(files, recursive: true);
            }
        }
        Print(times);
        return 0;
    }

    static Task Push(PushScene scene, string tool, string repository, string tag) => tool switch
    {
        "bridge reads" => scene.Ask("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = $"{repository}:{tag}", ["source"] = "engine: read" }),
        "engine pushes itself" => scene.Ask("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = $"{repository}:{tag}", ["source"] = "engine: itself" }),
        "docker push" => scene.DockerPush(repository, tag),
        _ => scene.SkopeoPush($"{repository}:{tag}"),
    };

    /// <summary>The same image gets a further tag; the engine does not have it at first, as on another machine.</summary>
    static async Task Retags(PushScene scene, Dictionary<(string, string), List<double>> times, string repository)
    {
        const string Retag = "retag";
        await scene.Remove($"{repository}:1");
        await scene.Remove($"{repository}:2");
        await Measure(times, Retag, Tools[0], () => scene.Ask("/v1/tags", new JsonObject { ["app"] = "portal", ["from"] = $"{repository}:2", ["tags"] = new JsonArray("by-bridge") }));
        await Measure(times, Retag, "docker push", () => scene.DockerRetag(repository, "2", "by-docker"));
        await Measure(times, Retag, "skopeo copy", () => PushScene.SkopeoRetag($"{repository}:2", $"{repository}:by-skopeo"));
    }

    static async Task WarmUp(PushScene scene)
    {
        foreach (var tool in Tools)
        {
            var files = Context(scene, 2, 1_000_000);
            var repository = $"{scene.Host}/warm-{tool.Replace(' ', '-')}";
            await scene.Build($"{repository}:1", files);
            await Push(scene, tool, repository, "1");
            await Push(scene, tool, repository, "1");
            Directory.Delete(files, recursive: true);
        }
    }

    static async Task<string> Memory(PushScene scene)
    {
        var files = Directory.CreateDirectory($"{scene.Home}/large-{Guid.NewGuid():N}").FullName;
        Write($"{files}/file0", LargeBytes);
        File.WriteAllText($"{files}/Dockerfile", "FROM scratch\nCOPY file0 /file0\n");
        await scene.Build($"{scene.Host}/large:1", files);
        Directory.Delete(files, recursive: true);
        var idle = scene.Memory().Now;
        scene.ForgetPeak();
        var began = Stopwatch.GetTimestamp();
        await Push(scene, Tools[0], $"{scene.Host}/large", "1");
        var took = Stopwatch.GetElapsedTime(began);
        return string.Create(CultureInfo.InvariantCulture, $"""

            One layer of 2 GiB, read by the bridge: {took.TotalSeconds:0} s; the bridge's memory before {idle / 1048576.0:0} MiB, at most {scene.Memory().Peak / 1048576.0:0} MiB while it was pushed.
            """);
    }

    static async Task Measure(Dictionary<(string Case, string Tool), List<double>> times, string what, string tool, Func<Task> act)
    {
        // Nobody pays for what another one left to be written.
        await PushScene.Sync();
        var began = Stopwatch.GetTimestamp();
        await act();
        if (!times.TryGetValue((what, tool), out var all))
        {
            times[(what, tool)] = all = [];
        }
        all.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    static void Print(Dictionary<(string Case, string Tool), List<double>> times)
    {
        Console.WriteLine($"""

            | seconds, median (by rounds) | {string.Join(" | ", Tools)} |
            |---|{string.Concat(Tools.Select(_ => "---|"))}
            """);
        foreach (var what in times.Keys.Select(k => k.Case).Distinct())
        {
            Console.WriteLine($"| {what} | {string.Join(" | ", Tools.Select(tool => times.TryGetValue((what, tool), out var all) ? Shown(all) : "-"))} |");
        }
    }

    static string Shown(List<double> all) =>
        string.Create(CultureInfo.InvariantCulture, $"{all.Order().ElementAt(all.Count / 2):0.000} ({string.Join(" ", all.Select(s => s.ToString("0.000", CultureInfo.InvariantCulture)))})");

    /// <summary>A directory to build from: each layer a file of what programs are made of, and new.</summary>
    static string Context(PushScene scene, int layers, int bytes)
    {
        var files = Directory.CreateDirectory($"{scene.Home}/build-{Guid.NewGuid():N}").FullName;
        for (var i = 0; i < layers; i++)
        {
            Write($"{files}/file{i}", bytes + ((2 * i - layers + 1) * (long)LayerStepBytes * bytes / LayerBytes), i);
        }
        File.WriteAllText($"{files}/Dockerfile", "FROM scratch\n" + string.Concat(Enumerable.Range(0, layers).Select(i => $"COPY file{i} /file{i}\n")));
        return files;
    }

    static void Change(string files, int layer) => Write($"{files}/file{layer}", new FileInfo($"{files}/file{layer}").Length + 10_000, layer);

    /// <summary>The .NET runtime's own libraries, again and again from another place, behind 64 random bytes.</summary>
    static void Write(string path, long bytes, int from = 0)
    {
        var libraries = Directory.GetFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "*.dll").Order(StringComparer.Ordinal).ToList();
        using var file = File.Create(path);
        file.Write(RandomNumberGenerator.GetBytes(64));
        for (var next = from * 20; file.Length < bytes; next++)
        {
            var library = File.ReadAllBytes(libraries[next % libraries.Count]);
            // No compressor sees the same bytes twice.
            for (var i = 0; i < library.Length; i += 4096)
            {
                library[i] = (byte)RandomNumberGenerator.GetInt32(256);
            }
            file.Write(library.AsSpan(0, (int)Math.Min(library.Length, bytes - file.Length)));
        }
    }
}
