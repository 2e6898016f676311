using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PipelineBridge.Benchmarks.Hosts;

/// <summary>A Docker engine with a network of its own, a docker-registry, and the bridge as one process that deploys to the engine; root is needed.</summary>
sealed class HostScene : IAsyncDisposable
{
    static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);

    // Short: the path of a Unix socket has at most 107 characters.
    readonly DirectoryInfo home = Directory.CreateTempSubdirectory("pbbh-");
    readonly string link = "pb" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5));
    readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(100) };
    readonly HttpClient engine;
    KeptProcess? registryProcess;
    string registry = "";

    HostScene() => engine = new HttpClient(new SocketsHttpHandler
    {
        ConnectCallback = async (_, stop) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), stop);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri("http://engine/"), Timeout = Bound };

    /// <summary>The bridge's process.</summary>
    public KeptProcess Bridge { get; private set; } = null!;

    /// <summary>The engine's process; the containers are others.</summary>
    public KeptProcess Engine { get; private set; } = null!;

    /// <summary>A directory that tasks may have as a volume.</summary>
    public string Shared => Directory.CreateDirectory($"{home.FullName}/shared").FullName;

    string Socket => $"{home.FullName}/s";

    public static async Task<HostScene> Start(CancellationToken cancellation)
    {
        var scene = new HostScene();
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

    /// <summary>Builds and pushes an image that serves <c>/</c> and <c>/health</c> on 8080; returns its name.</summary>
    /// <param name="tag">Its tag, and what it answers.</param>
    /// <param name="before">A line of shell that runs before it serves.</param>
    public async Task<string> Image(string tag, string before = "true")
    {
        var files = Directory.CreateDirectory($"{home.FullName}/build-{tag}").FullName;
        File.Copy("/bin/busybox", $"{files}/busybox");
        await File.WriteAllTextAsync($"{files}/index.html", tag);
        await File.WriteAllTextAsync($"{files}/Dockerfile", $"""
            FROM scratch
            COPY busybox /bin/busybox
            COPY busybox /bin/sh
            COPY index.html /www/index.html
            COPY index.html /www/health
            CMD ["/bin/sh", "-c", "{before}; exec busybox httpd -f -p 8080 -h /www"]
            """);
        var image = $"{registry}/app:{tag}";
        await Run("docker", "-H", $"unix://{Socket}", "build", "-q", "-t", image, files);
        await Run("docker", "-H", $"unix://{Socket}", "push", "-q", image);
        return image;
    }

    /// <summary>Asks the bridge to deploy, and waits until it tells the end; returns when that was here.</summary>
    public async Task<DateTime> Deploy(string app, string image, string specification, CancellationToken cancellation)
    {
        using var accepted = await http.PostAsync("v1/deployments", new StringContent(new JsonObject
        {
            ["app"] = app, ["environment"] = "prod", ["image"] = image, ["spec"] = specification,
        }.ToJsonString(), Encoding.UTF8, "application/json"), cancellation);
        var id = (string?)JsonNode.Parse(await accepted.Content.ReadAsStringAsync(cancellation))?["id"] ?? throw new InvalidOperationException(await accepted.Content.ReadAsStringAsync(cancellation));
        var (start, since) = (Stopwatch.GetTimestamp(), 0L);
        while (true)
        {
            using var document = JsonDocument.Parse(await http.GetByteArrayAsync(string.Create(CultureInfo.InvariantCulture, $"v1/requests/{id}?wait=30&since={since}"), cancellation));
            var told = DateTime.UtcNow;
            if (document.RootElement.TryGetProperty("endedAt", out _))
            {
                return document.RootElement.GetProperty("state").GetString() == "succeeded" ? told : throw new InvalidOperationException($"A deployment did not succeed: {document.RootElement}");
            }
            if (Stopwatch.GetElapsedTime(start) > Bound)
            {
                throw new TimeoutException($"A deployment has no end after {Bound.TotalMinutes:0} minutes: {document.RootElement}");
            }
            since = document.RootElement.GetProperty("revision").GetInt64();
        }
    }

    /// <summary>Makes and starts a container by the engine's own API, and waits until it answers.</summary>
    public async Task<string> RunByEngine(string image, CancellationToken cancellation)
    {
        var made = await Call(HttpMethod.Post, "containers/create", $$"""{"Image":"{{image}}","ExposedPorts":{"8080/tcp":{} },"HostConfig":{"PortBindings":{"8080/tcp":[{"HostIp":"127.0.0.1","HostPort":""}]} } }""", cancellation);
        var id = (string)made!["Id"]!;
        await Call(HttpMethod.Post, $"containers/{id}/start", null, cancellation);
        var seen = await Call(HttpMethod.Get, $"containers/{id}/json", null, cancellation);
        var url = new Uri($"http://127.0.0.1:{(string)seen!["NetworkSettings"]!["Ports"]!["8080/tcp"]![0]!["HostPort"]!}/health");
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(url, cancellation);
                return id;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(50, cancellation);
            }
        }
    }

    public Task Remove(string container, CancellationToken cancellation) => Call(HttpMethod.Delete, $"containers/{container}?force=true", null, cancellation);

    public async ValueTask DisposeAsync()
    {
        if (Engine is not null)
        {
            foreach (var container in (await Call(HttpMethod.Get, "containers/json?all=1", null, CancellationToken.None))!.AsArray())
            {
                await Remove((string)container!["Id"]!, CancellationToken.None);
            }
        }
        foreach (var process in new[] { Bridge, Engine, registryProcess }.OfType<KeptProcess>())
        {
            await process.Stop("TERM");
            await process.DisposeAsync();
        }
        await Run("ip", "link", "delete", link);
        engine.Dispose();
        http.Dispose();
        home.Delete(recursive: true);
    }

    async Task Begin(CancellationToken cancellation)
    {
        registry = $"127.0.0.1:{KeptProcess.FreePort()}";
        await File.WriteAllTextAsync($"{home.FullName}/registry.yml", $$"""
            version: 0.1
            log: {level: error}
            storage: { filesystem: { rootdirectory: "{{home.FullName}}/registry" } }
            http: {addr: "{{registry}}"}
            """, cancellation);
        registryProcess = await KeptProcess.Start("docker-registry", "docker-registry", ["serve", $"{home.FullName}/registry.yml"]);
        await registryProcess.UntilAnswered(new Uri($"http://{registry}/v2/"), cancellation);
        await Run("ip", "link", "add", "name", link, "type", "bridge");
        await Run("ip", "address", "add", "10.251.7.1/24", "dev", link);
        await Run("ip", "link", "set", link, "up");
        Engine = await KeptProcess.Start("dockerd", "dockerd",
        [
            "--host", $"unix://{Socket}", "--data-root", $"{home.FullName}/data", "--exec-root", $"{home.FullName}/exec", "--pidfile", $"{home.FullName}/pid", "--bridge", link,
            "--iptables=false", "--ip6tables=false", "--ip-masq=false", "--ip-forward=false", "--storage-driver", "overlay2",
        ]);
        await Engine.Until(async () =>
        {
            try
            {
                using var answer = await engine.GetAsync("_ping", cancellation);
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, cancellation);
        var url = $"http://127.0.0.1:{KeptProcess.FreePort()}/";
        await File.WriteAllTextAsync($"{home.FullName}/bridge.yaml", $$"""
            listen: {{url.TrimEnd('/')}}
            keys: [{name: benchmark, sha256: [{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Setting.Key)))}}], verbs: "*", apps: "*"}]
            registries: { "{{registry}}": { url: "http://{{registry}}" } }
            clusters: { main: { engine: { hosts: { h1: { url: "unix://{{Socket}}" } } } } }
            environments: { prod: { zone: internal, cluster: main } }
            """, cancellation);
        Bridge = await KeptProcess.Start("bridge", "dotnet", [Path.Combine(AppContext.BaseDirectory, "pipelinebridge.dll"), "all", "--file", $"{home.FullName}/bridge.yaml"]);
        await Bridge.UntilAnswered(new Uri(url + "health/ready"), cancellation);
        http.BaseAddress = new Uri(url);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Setting.Key);
    }

    async Task<JsonNode?> Call(HttpMethod method, string path, string? body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
        using var answer = await engine.SendAsync(request, cancellation);
        var text = await answer.Content.ReadAsStringAsync(cancellation);
        return !answer.IsSuccessStatusCode ? throw new InvalidOperationException($"{path} answered {(int)answer.StatusCode}: {text}") : text.Length == 0 ? null : JsonNode.Parse(text);
    }

    static async Task Run(string program, params string[] arguments)
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
}
