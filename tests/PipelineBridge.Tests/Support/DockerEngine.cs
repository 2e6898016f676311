using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace PipelineBridge.Tests.Support;

/// <summary>Debian's dockerd, for one test: its own storage, socket and bridge, and nothing of it is left.</summary>
sealed partial class DockerEngine : IAsyncDisposable
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
        await DeleteHome();
    }

    /// <summary>What was just ended may still write there.</summary>
    async Task DeleteHome()
    {
        for (var tries = 20; ; tries--)
        {
            try
            {
                home.Delete(recursive: true);
                return;
            }
            catch (IOException) when (tries > 0)
            {
                await Task.Delay(250);
                home.Refresh();
            }
        }
    }

    static IEnumerable<string> Mounts() => File.ReadLines("/proc/self/mounts").Select(l => l.Split(' ')[1]);

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
        bound.CancelAfter(Patience.Bound);
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync("_ping", bound.Token);
                return;
            }
            catch (HttpRequestException) when (!process.HasExited && !bound.IsCancellationRequested)
            {
                await Task.Delay(50, Cancellation);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !Cancellation.IsCancellationRequested)
            {
                throw new InvalidOperationException($"dockerd {(process.HasExited ? "ended" : $"did not answer within {Patience.Bound.TotalMinutes} minutes")}:\n{Log}", e);
            }
        }
    }

    /// <summary>Ends the processes that an engine leaves when it is killed: those that name its own directory.</summary>
    async Task EndWhatIsLeft()
    {
        for (var looks = 0; looks < 100 && await EndsSome(); looks++)
        {
            await Task.Delay(100);
        }
    }

    /// <summary>Whether there were some; what has ended names no directory, even where nobody reaps it.</summary>
    async Task<bool> EndsSome()
    {
        var some = false;
        foreach (var directory in Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)))
        {
            try
            {
                if ((await File.ReadAllTextAsync($"{directory}/cmdline")).Contains($"{home.FullName}/", StringComparison.Ordinal))
                {
                    using var left = Process.GetProcessById(int.Parse(Path.GetFileName(directory), System.Globalization.CultureInfo.InvariantCulture));
                    some = true;
                    left.Kill(entireProcessTree: true);
                }
            }
            catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
            {
                // It ended meanwhile.
            }
        }
        return some;
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
