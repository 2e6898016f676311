using System.Diagnostics;
using System.Formats.Tar;
using System.Text;
using System.Text.Json.Nodes;

namespace PipelineBridge.Tests.Support;

/// <summary>What is done with its images.</summary>
sealed partial class DockerEngine
{
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
}
