using System.Diagnostics;
using System.Formats.Tar;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace PipelineBridge.Tests.Support;

/// <summary>Debian's dockerd, for one test: its own storage, socket and bridge, and nothing of it is left.</summary>
sealed class DockerEngine : IAsyncDisposable
{
    const string Program = "/usr/sbin/dockerd";
    const string BusyBox = "/bin/busybox";

    // Short: the path of a Unix socket has at most 107 characters, and the engine makes some below its own directory.
    readonly DirectoryInfo home = Directory.CreateTempSubdirectory("pbde-");
    readonly StringBuilder log = new();
    readonly HttpClient http;
    readonly string bridge;
    readonly EngineNetwork? network;
    readonly string? node;
    readonly string dataRoot;
    readonly string[] more;
    Process? process;

    DockerEngine(string? dataRoot, EngineNetwork? network, string? node, string[] more)
    {
        (this.dataRoot, this.network, this.node, this.more) = (dataRoot ?? $"{home.FullName}/data", network, node, more);
        bridge = "pb" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5));
        http = new HttpClient(new SocketsHttpHandler { ConnectCallback = Connect }) { BaseAddress = new Uri("http://engine/"), Timeout = TimeSpan.FromMinutes(2) };
    }

    /// <summary>Its address, as a configuration has it.</summary>
    public Uri Url => new($"unix://{Socket}");

    public string Socket => $"{home.FullName}/s";

    /// <summary>What it wrote.</summary>
    public string Log
    {
        get
        {
            lock (log)
            {
                return log.ToString();
            }
        }
    }

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Whether a test that needs one is to be skipped.</summary>
    public static bool IsMissing => !File.Exists(Program) || !File.Exists(BusyBox) || !Environment.IsPrivilegedProcess;

    public static void SkipWhereMissing()
    {
        Assert.SkipUnless(File.Exists(Program), $"{Program} is not installed (Debian package docker.io).");
        Assert.SkipUnless(File.Exists(BusyBox), $"{BusyBox} is not installed (Debian package busybox-static).");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A Docker engine needs root.");
    }

    /// <summary>Starts one.</summary>
    /// <param name="dataRoot">Where it keeps images and containers; default: below its own directory.</param>
    /// <param name="more">More of its options.</param>
    public static async Task<DockerEngine> Start(string? dataRoot = null, params string[] more)
    {
        SkipWhereMissing();
        return await Begun(new DockerEngine(dataRoot, null, null, more));
    }

    /// <summary>Starts one as a machine of its own in a network that a test made.</summary>
    public static async Task<DockerEngine> Start(EngineNetwork network)
    {
        SkipWhereMissing();
        return await Begun(new DockerEngine(null, network, await network.Join(), ["--insecure-registry", network.Subnet]));
    }

    static async Task<DockerEngine> Begun(DockerEngine engine)
    {
        try
        {
            if (engine.network is null)
            {
                await engine.MakeBridge();
            }
            await engine.Begin();
            return engine;
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    /// <summary>kill -9; its containers live on.</summary>
    public async Task Kill()
    {
        process!.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
        process = null;
    }

    /// <summary>Starts it again on what it kept.</summary>
    public async Task StartAgain()
    {
        // Its containerd died with it, but where nobody reaps that, dockerd believes the file and waits for it in vain.
        File.Delete($"{home.FullName}/exec/containerd/containerd.pid");
        File.Delete($"{home.FullName}/pid");
        await Begin();
    }

    /// <summary>An answer of its API, e.g. <c>GET containers/json?all=1</c>; null when it has no body.</summary>
    public async Task<JsonNode?> Call(HttpMethod method, string path, JsonNode? body = null)
    {
        var (status, text) = await Send(method, path, body);
        ((int)status).Should().BeInRange(200, 299, "{0} {1} was answered {2}: {3}\n{4}", method, path, status, text, Log);
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    /// <summary>An answer of its API, whatever it is.</summary>
    public async Task<(HttpStatusCode Status, string Text)> Send(HttpMethod method, string path, JsonNode? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
        using var answer = await http.SendAsync(request, Cancellation);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }

    /// <summary>The lines of an answer that streams, e.g. of <c>GET events?until=…</c>.</summary>
    public async Task<List<JsonNode>> Lines(string path)
    {
        using var answer = await http.GetAsync(path, Cancellation);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        answer.IsSuccessStatusCode.Should().BeTrue("{0} was answered: {1}", path, text);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)];
    }

    /// <summary>Builds an image from files (path in the image, content); returns its id.</summary>
    public async Task<string> Build(string tag, string dockerfile, params (string Path, byte[] Content)[] files)
    {
        using var context = new MemoryStream();
        await using (var tar = new TarWriter(context, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var (path, content) in files.Prepend(("Dockerfile", Encoding.UTF8.GetBytes(dockerfile))))
            {
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, path)
                {
                    DataStream = new MemoryStream(content),
                    Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute,
                }, Cancellation);
            }
        }
        context.Position = 0;
        await Stream($"build?t={Uri.EscapeDataString(tag)}", new StreamContent(context) { Headers = { ContentType = new("application/x-tar") } }, null);
        return (string)(await Call(HttpMethod.Get, $"images/{tag}/json"))!["Id"]!;
    }

    /// <summary>Makes an image of an archive of its whole root.</summary>
    /// <param name="tag">Its name and tag.</param>
    /// <param name="archive">The path of the tar archive.</param>
    /// <param name="changes">Lines of a Dockerfile, such as <c>CMD ["/bin/sh"]</c>.</param>
    public async Task Import(string tag, string archive, params string[] changes)
    {
        await using var file = File.OpenRead(archive);
        await Stream($"images/create?fromSrc=-&repo={tag.Split(':')[0]}&tag={tag.Split(':')[1]}{string.Concat(changes.Select(c => $"&changes={Uri.EscapeDataString(c)}"))}", new StreamContent(file), null);
    }

    /// <summary>
    /// Builds an image of a small web service on port 8080, <c>/bin/sh</c> and the files of <c>/www</c>; returns its id.
    /// </summary>
    /// <param name="text">What <c>/</c> answers.</param>
    /// <param name="healthy">Whether <c>/health</c> answers 200, else 404.</param>
    /// <param name="before">A line of shell that runs before it serves.</param>
    /// <param name="withCurl">Whether it has curl too; the wget of Debian's static busybox breaks down at every name and number.</param>
    public async Task<string> BuildService(string tag, string text, bool healthy = true, string before = "echo starting", bool withCurl = false) => await Build(
        tag,
        $"""
        FROM scratch
        COPY root/ /
        CMD ["/bin/sh", "-c", "{before}; exec busybox httpd -f -p 8080 -h /www"]
        """,
        [
            ("root/bin/busybox", await File.ReadAllBytesAsync(BusyBox, Cancellation)), ("root/bin/sh", await File.ReadAllBytesAsync(BusyBox, Cancellation)),
            ("root/www/index.html", Encoding.UTF8.GetBytes(text)), .. healthy ? [("root/www/health", "ok"u8.ToArray())] : Array.Empty<(string, byte[])>(),
            .. withCurl ? await Curl() : [],
        ]);

    /// <summary>curl and the libraries that it needs.</summary>
    static async Task<(string Path, byte[] Content)[]> Curl()
    {
        using var ldd = Process.Start(new ProcessStartInfo("/usr/bin/ldd", ["/usr/bin/curl"]) { RedirectStandardOutput = true })!;
        var libraries = (await ldd.StandardOutput.ReadToEndAsync(Cancellation)).Split('\n').SelectMany(l => l.Split(' ', '\t')).Where(w => w.StartsWith('/'));
        return [.. libraries.Append("/usr/bin/curl").Distinct().Select(f => ($"root{f}", File.ReadAllBytes(f)))];
    }

    /// <summary>Pushes what is there under a tag; returns the digest that the registry knows it by.</summary>
    public async Task<string> Push(string tag, JsonObject? credentials = null)
    {
        var reference = tag.LastIndexOf(':') is var at && at > tag.LastIndexOf('/') ? (Name: tag[..at], Tag: tag[(at + 1)..]) : (Name: tag, Tag: "latest");
        var lines = await Stream($"images/{reference.Name}/push?tag={reference.Tag}", null, Convert.ToBase64String(Encoding.UTF8.GetBytes((credentials ?? []).ToJsonString())));
        return lines.Select(l => (string?)l["aux"]?["Digest"]).OfType<string>().Last();
    }

    /// <summary>Writes an image to a file, as <c>docker save</c> does.</summary>
    public async Task Save(string reference, string path)
    {
        await using var archive = await http.GetStreamAsync($"images/{reference}/get", Cancellation);
        await using var file = File.Create(path);
        await archive.CopyToAsync(file, Cancellation);
    }

    /// <summary>Pulls an image.</summary>
    public Task Pull(string reference) => Stream($"images/create?fromImage={Uri.EscapeDataString(reference)}", null, null);

    /// <summary>Starts a container of an image that serves on 8080; returns its port here.</summary>
    public async Task<int> RunService(string image)
    {
        var made = await Call(HttpMethod.Post, "containers/create", JsonNode.Parse($$"""
            {"Image":"{{image}}","ExposedPorts":{"8080/tcp":{} },"HostConfig":{"PortBindings":{"8080/tcp":[{"HostIp":"127.0.0.1","HostPort":""}]} } }
            """));
        await Call(HttpMethod.Post, $"containers/{(string)made!["Id"]!}/start");
        var seen = await Call(HttpMethod.Get, $"containers/{(string)made!["Id"]!}/json");
        return int.Parse((string)seen!["NetworkSettings"]!["Ports"]!["8080/tcp"]![0]!["HostPort"]!, System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Removes an image's tag, so that it has to be pulled again.</summary>
    public Task RemoveImage(string reference) => Call(HttpMethod.Delete, $"images/{reference}?force=true");

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            try
            {
                foreach (var container in (await Call(HttpMethod.Get, "containers/json?all=1"))!.AsArray())
                {
                    await Call(HttpMethod.Delete, $"containers/{(string)container!["Id"]!}?force=true&v=true");
                }
                // Each has a bridge of its own on this machine.
                foreach (var network in (await Call(HttpMethod.Get, """networks?filters={"type":["custom"]}"""))!.AsArray())
                {
                    await Call(HttpMethod.Delete, $"networks/{(string)network!["Id"]!}");
                }
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or Xunit.Sdk.XunitException)
            {
                // What is left is ended below.
            }
            await Run("/bin/kill", "-TERM", $"{process.Id}");
            using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            await process.WaitForExitAsync(bound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!process.HasExited)
            {
                await Kill();
            }
        }
        process?.Dispose();
        await EndWhatIsLeft();
        if (network is null)
        {
            await Run("/sbin/ip", "link", "delete", bridge);
        }
        http.Dispose();
        foreach (var mount in Mounts().Where(m => m.StartsWith(home.FullName, StringComparison.Ordinal)).OrderByDescending(m => m.Length).ToList())
        {
            await Run("/bin/umount", "-l", mount);
        }
        home.Delete(recursive: true);
    }

    static IEnumerable<string> Mounts() => File.ReadLines("/proc/self/mounts").Select(l => l.Split(' ')[1]);

    /// <summary>Reads the lines of an answer that streams; one that tells an error fails the test.</summary>
    async Task<List<JsonNode>> Stream(string path, HttpContent? content, string? credentials)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        if (credentials is not null)
        {
            request.Headers.Add("X-Registry-Auth", credentials);
        }
        using var answer = await http.SendAsync(request, Cancellation);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        answer.IsSuccessStatusCode.Should().BeTrue("{0} was answered: {1}", path, text);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(l => JsonNode.Parse(l)!).ToList();
        lines.Should().NotContain(l => l["error"] != null, "{0} was answered: {1}", path, text);
        return lines;
    }

    /// <summary>A bridge of its own, in a network that no other one has.</summary>
    async Task MakeBridge()
    {
        await Run("/sbin/ip", "link", "add", "name", bridge, "type", "bridge");
        await Run("/sbin/ip", "address", "add", $"{EngineNetwork.Free()}.1/24", "dev", bridge);
        await Run("/sbin/ip", "link", "set", bridge, "up");
    }

    async Task Begin()
    {
        string[] options =
        [
            "--host", $"unix://{Socket}", "--data-root", dataRoot, "--exec-root", $"{home.FullName}/exec", "--pidfile", $"{home.FullName}/pid",
            .. node is null ? new[] { "--bridge", bridge } : [], "--iptables=false", "--ip6tables=false", "--ip-masq=false", "--ip-forward=false", "--storage-driver", "overlay2", .. more,
        ];
        // Not by "ip netns exec": that puts another /sys in place, without the control groups.
        process = Process.Start(new ProcessStartInfo(node is null ? Program : "/usr/bin/nsenter", node is null ? options : [$"--net=/run/netns/{node}", Program, .. options])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        bound.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync("_ping", bound.Token);
                return;
            }
            catch (HttpRequestException) when (!process.HasExited)
            {
                await Task.Delay(50, bound.Token);
            }
            catch (HttpRequestException e)
            {
                throw new InvalidOperationException($"dockerd ended:\n{Log}", e);
            }
        }
    }

    /// <summary>Ends the processes that an engine leaves when it is killed: those that name its own directory.</summary>
    async Task EndWhatIsLeft()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)))
        {
            try
            {
                if ((await File.ReadAllTextAsync($"{directory}/cmdline")).Contains($"{home.FullName}/", StringComparison.Ordinal))
                {
                    using var left = Process.GetProcessById(int.Parse(Path.GetFileName(directory), System.Globalization.CultureInfo.InvariantCulture));
                    left.Kill(entireProcessTree: true);
                }
            }
            catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
            {
                // It ended meanwhile.
            }
        }
    }

    async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (log)
        {
            log.AppendLine(line.Data);
        }
    }

    internal static async Task Run(string program, params string[] arguments)
    {
        using var run = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        await run.WaitForExitAsync(CancellationToken.None);
    }
}
