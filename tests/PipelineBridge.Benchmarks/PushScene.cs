using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace PipelineBridge.Benchmarks;

/// <summary>A Docker engine, a docker-registry and the bridge, each a process of its own with its own directory; root is needed.</summary>
sealed class PushScene : IAsyncDisposable
{
    static readonly TimeSpan Bound = TimeSpan.FromMinutes(10);

    readonly DirectoryInfo home = Directory.CreateTempSubdirectory("pbbe-");
    readonly List<Process> processes = [];
    readonly HttpClient engine;
    readonly HttpClient http = new() { Timeout = Bound };
    Process bridge = null!;

    PushScene() => engine = new HttpClient(new SocketsHttpHandler
    {
        ConnectCallback = async (_, stop) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), stop);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri("http://engine/"), Timeout = Bound };

    public string Host { get; private set; } = "";

    public string Home => home.FullName;

    string Socket => $"{Home}/s";

    public static async Task<PushScene> Start(CancellationToken cancellation)
    {
        var scene = new PushScene();
        try
        {
            await scene.Begin(cancellation);
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>Builds an image of layers, each a file below a directory of the scene, from the engine's own builder.</summary>
    public Task Build(string image, string directory) => Run("docker", ["-H", $"unix://{Socket}", "build", "-q", "-t", image, directory]);

    public Task Remove(string image) => Run("docker", ["-H", $"unix://{Socket}", "image", "rm", "-f", image]);

    /// <summary>The engine's own push, as <c>docker push</c> asks for it.</summary>
    public async Task DockerPush(string repository, string tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"images/{repository}/push?tag={tag}");
        request.Headers.Add("X-Registry-Auth", "e30=");
        await Read(request);
    }

    /// <summary>What <c>docker pull</c>, <c>docker tag</c> and <c>docker push</c> ask for.</summary>
    public async Task DockerRetag(string repository, string from, string to)
    {
        await Read(new HttpRequestMessage(HttpMethod.Post, $"images/create?fromImage={repository}&tag={from}"));
        await Read(new HttpRequestMessage(HttpMethod.Post, $"images/{repository}:{from}/tag?repo={repository}&tag={to}"));
        await DockerPush(repository, to);
    }

    public Task SkopeoPush(string image) => Run("skopeo", ["copy", "-q", "--insecure-policy", "--dest-tls-verify=false", "--src-daemon-host", $"unix://{Socket}", $"docker-daemon:{image}", $"docker://{image}"]);

    public static Task SkopeoRetag(string from, string to) => Run("skopeo", ["copy", "-q", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false", $"docker://{from}", $"docker://{to}"]);

    /// <summary>Waits until the disk has everything.</summary>
    public static Task Sync() => Run("sync", []);

    /// <summary>Asks the bridge, and waits until it tells the end.</summary>
    public async Task Ask(string path, JsonObject ask)
    {
        using var accepted = await http.PostAsJsonAsync(path, ask);
        var id = (await accepted.Content.ReadFromJsonAsync<JsonObject>())!["id"] ?? throw new InvalidOperationException(await accepted.Content.ReadAsStringAsync());
        long revision = 0;
        while (true)
        {
            var request = (await http.GetFromJsonAsync<JsonObject>(string.Create(CultureInfo.InvariantCulture, $"/v1/requests/{id}?wait=60&since={revision}")))!;
            switch ((string)request["state"]!)
            {
                case "succeeded":
                    return;
                case "failed" or "superseded" or "refused" or "cancelled":
                    throw new InvalidOperationException($"{path} ended: {request["cause"]}");
            }
            revision = (long)request["revision"]!;
        }
    }

    /// <summary>The memory of the bridge in bytes: now, and the most since <see cref="ForgetPeak"/>.</summary>
    public (long Now, long Peak) Memory()
    {
        var lines = File.ReadAllLines($"/proc/{bridge.Id}/status");
        long Of(string name) => long.Parse(lines.Single(l => l.StartsWith(name, StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        return (Of("VmRSS:"), Of("VmHWM:"));
    }

    // proc(5): 5 resets the peak resident set size.
    public void ForgetPeak() => File.WriteAllText($"/proc/{bridge.Id}/clear_refs", "5");

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(processes))
        {
            if (!process.HasExited)
            {
                using var term = Process.Start("/bin/kill", ["-TERM", $"{process.Id}"]);
                using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
                await process.WaitForExitAsync(bound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!process.HasExited)
                {
                    process.Kill(entireProcessTree: true);
                    await process.WaitForExitAsync();
                }
            }
            process.Dispose();
        }
        engine.Dispose();
        http.Dispose();
        home.Delete(recursive: true);
    }

    async Task Begin(CancellationToken cancellation)
    {
        Host = $"127.0.0.1:{FreePort()}";
        await File.WriteAllTextAsync($"{Home}/registry.yml", $$"""
            version: 0.1
            log: {level: error}
            storage: { delete: { enabled: true }, filesystem: { rootdirectory: "{{Home}}/registry" } }
            http: {addr: "{{Host}}"}
            """, cancellation);
        Start("docker-registry", "serve", $"{Home}/registry.yml");
        Start("dockerd", "--host", $"unix://{Socket}", "--data-root", $"{Home}/data", "--exec-root", $"{Home}/exec", "--pidfile", $"{Home}/pid", "--bridge", "none", "--iptables=false", "--ip6tables=false", "--storage-driver", "overlay2");
        var url = $"http://127.0.0.1:{FreePort()}";
        await File.WriteAllTextAsync($"{Home}/bridge.yaml", $$"""
            listen: {{url}}
            keys: [{name: benchmark, sha256: [{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Setting.Key)))}}], verbs: "*", apps: "*"}]
            registries: { "{{Host}}": { url: "http://{{Host}}" } }
            engines:
              read: { url: "unix://{{Socket}}" }
              itself: { url: "unix://{{Socket}}", pushes: itself }
            """, cancellation);
        bridge = Start("dotnet", Path.Combine(AppContext.BaseDirectory, "pipelinebridge.dll"), "all", "--file", $"{Home}/bridge.yaml");
        http.BaseAddress = new Uri(url);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Setting.Key);
        await Until(() => http.GetAsync(new Uri("/health/ready", UriKind.Relative), cancellation), cancellation);
        await Until(() => engine.GetAsync(new Uri("_ping", UriKind.Relative), cancellation), cancellation);
        await Until(() => http.GetAsync(new Uri($"http://{Host}/v2/"), cancellation), cancellation);
    }

    Process Start(string program, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        processes.Add(process);
        return process;
    }

    static async Task Until(Func<Task<HttpResponseMessage>> ask, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using var answer = await ask();
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(1))
            {
            }
            await Task.Delay(100, cancellation);
        }
    }

    async Task Read(HttpRequestMessage request)
    {
        using (request)
        {
            using var answer = await engine.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            if (!answer.IsSuccessStatusCode || text.Contains("errorDetail", StringComparison.Ordinal))
            {
                throw new InvalidOperationException(text);
            }
        }
    }

    static async Task Run(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["DOCKER_BUILDKIT"] = "0" } })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        await output;
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {await errors}");
        }
    }

    static int FreePort()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        return ((IPEndPoint)free.LocalEndpoint).Port;
    }
}
