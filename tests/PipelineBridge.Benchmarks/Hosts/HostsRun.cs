using System.Diagnostics;
using System.Globalization;

namespace PipelineBridge.Benchmarks.Hosts;

/// <summary>Deployments on a real Docker engine: many at once on one host, and how long it takes from healthy to told.</summary>
static class HostsRun
{
    const int AtOnce = 40;
    const int WarmUp = 5;

    public static async Task<int> Run(int samples, CancellationToken cancellation)
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists("/bin/busybox") || !File.Exists("/usr/sbin/dockerd") || !File.Exists("/usr/bin/docker-registry"))
        {
            Console.Error.WriteLine("A Docker engine of its own needs root and Debian's docker.io, docker-registry and busybox-static.");
            return 2;
        }
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        await using var scene = await HostScene.Start(cancellation);
        await Many(scene, cancellation);
        await Told(scene, samples, cancellation);
        Console.WriteLine();
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        return 0;
    }

    /// <summary>From the moment a task begins to serve, which it writes down itself, to the answer that tells the end.</summary>
    static async Task Told(HostScene scene, int samples, CancellationToken cancellation)
    {
        var image = await scene.Image("told", "busybox sleep $DELAY; : > /shared/$HOSTNAME");
        var took = new List<double>();
        for (var n = 0; n < samples + WarmUp; n++)
        {
            // Not in step with anybody's clock.
            var delay = 0.2 + (Random.Shared.NextDouble() * 1.8);
            var told = await scene.Deploy("told", image, string.Create(CultureInfo.InvariantCulture, $$"""
                {{Specification}}
                env: { DELAY: "{{delay:0.000}}" }
                volumes: [{ host: {{scene.Shared}}, path: /shared }]
                """), cancellation);
            var served = new DirectoryInfo(scene.Shared).GetFiles().Max(f => f.LastWriteTimeUtc);
            if (n >= WarmUp)
            {
                took.Add((told - served).TotalMilliseconds);
            }
        }
        took.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""

            | from serving to told, {took.Count} deployments one after the other | p50 | p99 | most |
            |---|---|---|---|
            | ms | {took[took.Count / 2]:0} | {took[(int)(took.Count * 0.99)]:0} | {took[^1]:0} |

            """));
    }

    static async Task Many(HostScene scene, CancellationToken cancellation)
    {
        var images = new[] { await scene.Image("one"), await scene.Image("two") };
        Console.WriteLine($"""
            | {AtOnce} apps at once on one host | s | bridge CPU s | engine CPU s | bridge peak memory MB |
            |---|---|---|---|---|
            """);
        await Measure(scene, "by the engine's own API: create, start, answers", async () =>
        {
            var made = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => scene.RunByEngine(images[0], cancellation)));
            return () => Task.WhenAll(made.Select(id => scene.Remove(id, cancellation)));
        });
        foreach (var (name, image) in new[] { ("by the bridge: first deployments, from ask to told", images[0]), ("by the bridge: a new version of each", images[1]) })
        {
            await Measure(scene, name, async () =>
            {
                await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(n => scene.Deploy($"app-{n}", image, Specification, cancellation)));
                return () => Task.CompletedTask;
            });
        }
        await Task.Delay(TimeSpan.FromSeconds(10), cancellation);
        await Measure(scene, "the same apps, nothing happens: a minute of watching", async () =>
        {
            await Task.Delay(TimeSpan.FromMinutes(1), cancellation);
            return () => Task.CompletedTask;
        });
    }

    static async Task Measure(HostScene scene, string name, Func<Task<Func<Task>>> act)
    {
        var (bridge, engine, start) = (scene.Bridge.Processor, scene.Engine.Processor, Stopwatch.GetTimestamp());
        var after = await act();
        var (took, bridgeTook, engineTook) = (Stopwatch.GetElapsedTime(start), scene.Bridge.Processor - bridge, scene.Engine.Processor - engine);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {took.TotalSeconds:0.0} | {bridgeTook.TotalSeconds:0.0} | {engineTook.TotalSeconds:0.0} | {scene.Bridge.PeakBytes / 1048576.0:0} |"));
        await after();
    }

    const string Specification = """
        kind: service
        ports: [8080]
        stopSeconds: 1
        health: { path: /health, timeoutSeconds: 2 }
        """;
}
