using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Journeys.Site;
using PipelineBridge.Tests;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Journeys.Compose;

/// <summary>
/// compose/ as it stands, on a Docker engine of its own, with images made of this machine's files under the names that
/// compose.yml has, and addresses that are free here.
/// </summary>
sealed class ComposeSite : IAsyncDisposable
{
    const string Program = "/usr/bin/docker-compose";

    static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);

    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pbcompose-");
    readonly string bridge = Address();
    readonly string registry = Address();
    readonly string slack = Address();

    ComposeSite()
    {
    }

    public DockerEngine Engine { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public string Compose => Path.Combine(directory.FullName, "compose");

    /// <summary>The secrets by their files' names.</summary>
    public IReadOnlyDictionary<string, string> Secrets => Directory.EnumerateFiles(Path.Combine(Compose, "secrets"), "*", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Path.Combine(Compose, "secrets"), f))
        .Where(f => f is not ".gitignore" && !f.StartsWith("hashes/", StringComparison.Ordinal) && !f.StartsWith("rabbitmq/", StringComparison.Ordinal))
        .ToDictionary(f => f, f => File.ReadAllText(Path.Combine(Compose, "secrets", f)));

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static string Address() => $"127.0.0.1:{SiteProcess.FreePort()}";

    public static void SkipWhereMissing()
    {
        DockerEngine.SkipWhereMissing();
        foreach (var (program, package) in new[] { (Program, "docker-compose"), ("/usr/bin/docker-registry", "docker-registry"), ("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server") })
        {
            Assert.SkipUnless(File.Exists(program), $"{program} is not installed (Debian package {package}).");
        }
    }

    /// <summary>Starts the engine and makes the images of others; nothing of compose.yml runs yet.</summary>
    public static async Task<ComposeSite> Start()
    {
        SkipWhereMissing();
        var site = new ComposeSite();
        try
        {
            site.Copy();
            site.Engine = await DockerEngine.Start();
            await site.MakeImages();
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs lines as a person would in the directory compose/, with the addresses that are free here; what they wrote.</summary>
    public async Task<string> Run(string lines)
    {
        var start = new ProcessStartInfo("/bin/bash", ["-euo", "pipefail", "-c", lines.Replace("localhost:5000/hello:", $"{registry}/hello:", StringComparison.Ordinal)])
        {
            WorkingDirectory = Compose,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["DOCKER_HOST"] = Engine.Url.ToString(),
            ["DOCKER_BUILDKIT"] = "0",
            ["DOCKER_CONFIG"] = directory.FullName,
            ["PATH"] = "/usr/bin:/bin:/usr/sbin:/sbin",
            ["TARGET"] = "published",
            ["BASE"] = "base:tests",
            ["PUBLISHED"] = "published",
            ["BRIDGE_ADDRESS"] = bridge,
            ["REGISTRY_ADDRESS"] = registry,
            ["SLACK_ADDRESS"] = slack,
        })
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(Bound);
        var written = new StringBuilder();
        void Keep(object sender, DataReceivedEventArgs line)
        {
            lock (written)
            {
                written.AppendLine(line.Data);
            }
        }
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"Not within {Bound.TotalMinutes} minutes: {lines}\n{written}");
        }
        process.ExitCode.Should().Be(0, "{0}\n{1}", lines, written);
        return written.ToString();
    }

    /// <summary>Waits until every container that has a health check is healthy, and nothing but init has ended.</summary>
    public async Task Healthy()
    {
        // The first check that counts comes after an interval, which is up to 30 s.
        var until = DateTime.UtcNow.AddMinutes(4);
        while (true)
        {
            var containers = (await Engine.Call(HttpMethod.Get, "containers/json?all=1"))!.AsArray();
            var states = containers.Select(c => (Name: (string)c!["Names"]![0]!, Status: (string)c["Status"]!)).ToList();
            var waiting = states.Where(s => s.Name.Contains("_init_", StringComparison.Ordinal) ? !s.Status.StartsWith("Exited (0)", StringComparison.Ordinal)
                : s.Name.Contains("-simulator_", StringComparison.Ordinal) ? !s.Status.StartsWith("Up", StringComparison.Ordinal)
                : !s.Status.EndsWith("(healthy)", StringComparison.Ordinal)).ToList();
            if (waiting.Count == 0)
            {
                return;
            }
            if (DateTime.UtcNow > until)
            {
                throw new TimeoutException($"Not healthy: {string.Join(", ", waiting)}\n{await Logs()}");
            }
            await Task.Delay(500, Stop);
        }
    }

    public async Task<string> Logs() => await Run("docker-compose --profile simulators logs --no-color --tail=60");

    /// <summary>An answer of the bridge, with the operator's key.</summary>
    public async Task<JsonObject> Get(string path)
    {
        Http ??= new HttpClient { BaseAddress = new Uri($"http://{bridge}"), Timeout = TimeSpan.FromSeconds(60) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Secrets["operator/key"]);
        return (await Http.GetFromJsonAsync<JsonObject>(path, Stop))!;
    }

    /// <summary>Waits until the chat's page has a text.</summary>
    public async Task Told(string text)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        var until = DateTime.UtcNow + Patience.Bound;
        while (true)
        {
            var page = await http.GetStringAsync($"http://{slack}/", Stop);
            if (page.Contains(text, StringComparison.Ordinal))
            {
                return;
            }
            if (DateTime.UtcNow > until)
            {
                throw new TimeoutException($"The chat is not told \"{text}\": {page}\n{await Logs()}");
            }
            await Task.Delay(100, Stop);
        }
    }

    /// <summary>The events of a chain, once all that was to be told is delivered too.</summary>
    public async Task<string> Story(string chain)
    {
        var until = DateTime.UtcNow + Patience.Bound;
        while (true)
        {
            var events = (await Get(chain))["events"]!.AsArray();
            var types = events.Select(e => (string)e!["event"]!["type"]!).ToList();
            int Count(string type) => types.Count(t => t.Contains(type, StringComparison.Ordinal));
            if (Count("notification.delivered") == Count("notification.requested"))
            {
                return events.ToJsonString();
            }
            DateTime.UtcNow.Should().BeBefore(until, "what was to be told is delivered: {0}", string.Join(", ", types));
            await Task.Delay(100, Stop);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (Engine is not null)
        {
            await Engine.DisposeAsync();
        }
        directory.Delete(recursive: true);
    }

    /// <summary>What an image is made of and compose/, without the secrets that a person may have made there.</summary>
    void Copy()
    {
        var built = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Name;
        CopyAll(Repository.PathOf("compose"), Compose);
        CopyAll(Repository.PathOf("artifacts", "bin", "PipelineBridge", built), Path.Combine(directory.FullName, "published"));
        Directory.CreateDirectory(Path.Combine(directory.FullName, "src", "PipelineBridge"));
        File.Copy(Repository.PathOf("src", "PipelineBridge", "Dockerfile"), Path.Combine(directory.FullName, "src", "PipelineBridge", "Dockerfile"));
        // Where the sample names the registry as it is reached from outside.
        foreach (var name in new[] { "bridge.yaml", Path.Combine("specs", "hello.json") })
        {
            var file = Path.Combine(Compose, "config", name);
            File.WriteAllText(file, File.ReadAllText(file).Replace("localhost:5000", registry, StringComparison.Ordinal));
        }
    }

    static void CopyAll(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(from, file);
            if (!relative.StartsWith("secrets/", StringComparison.Ordinal) || relative == "secrets/.gitignore")
            {
                var copy = Path.Combine(to, relative);
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        }
    }

    async Task MakeImages()
    {
        var roots = directory.CreateSubdirectory("roots");
        await Run($"bash '{Repository.PathOf("tests", "PipelineBridge.Journeys", "Compose", "images.sh")}' '{roots.FullName}'");
        var scripts = Directory.GetDirectories("/usr/lib/rabbitmq/lib", "rabbitmq_server-*").Single() + "/sbin";
        await Engine.Import("base:tests", $"{roots.FullName}/base.tar", "ENV PATH=/bin");
        await Engine.Import("registry:2", $"{roots.FullName}/registry.tar", "ENV PATH=/bin:/usr/bin", """ENTRYPOINT ["/usr/bin/docker-registry"]""", """CMD ["serve", "/etc/docker/registry/config.yml"]""");
        await Engine.Import("rabbitmq:4", $"{roots.FullName}/rabbitmq.tar",
            $"ENV PATH={scripts}:/bin:/usr/lib/erlang/bin", "ENV HOME=/var/lib/rabbitmq", "ENV RABBITMQ_LOGS=-", "USER 999:999", """CMD ["rabbitmq-server"]""");
        roots.Delete(recursive: true);
    }
}
