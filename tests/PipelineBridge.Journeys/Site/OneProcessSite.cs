using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Journeys.Site;

/// <summary>The executable as one process with its <c>bridge.yaml</c>, asked over HTTP and by its own command line.</summary>
sealed class OneProcessSite : IAsyncDisposable
{
    public const string Key = "key-of-a-journey";

    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-one-");
    readonly string url = $"http://127.0.0.1:{SiteProcess.FreePort()}";

    OneProcessSite() => Http = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(90), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Key) } };

    public HttpClient Http { get; }

    public SiteProcess Process { get; private set; } = null!;

    /// <summary>Where its configuration and secrets lie.</summary>
    public string Folder => directory.FullName;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <param name="configuration">What its <c>bridge.yaml</c> has besides address, journal and key; paths in it begin at <see cref="Folder"/>.</param>
    /// <param name="secrets">The files with its secrets, by name.</param>
    /// <param name="environment">Further variables of the process.</param>
    public static async Task<OneProcessSite> Start(string configuration, IReadOnlyDictionary<string, string>? secrets = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var site = new OneProcessSite();
        try
        {
            foreach (var (name, value) in secrets ?? new Dictionary<string, string>())
            {
                site.Secret(name, value);
            }
            var file = Path.Combine(site.Folder, "bridge.yaml");
            await File.WriteAllTextAsync(file, $$"""
                listen: {{site.url}}
                journal: journal.db
                keys: [{ name: jenkins, sha256: [{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key)))}}], verbs: ["*"], apps: ["*"] }]

                """ + configuration, CancellationToken.None);
            site.Process = new SiteProcess("all", site.url, environment ?? new Dictionary<string, string>(), "all", "--file", file);
            await site.Process.Start();
            await site.Process.Ready();
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes a secret's file, also anew while the process runs.</summary>
    public void Secret(string name, string value)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, value + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    /// <summary>Asks for something, again and again with its key while there is no answer; returns the receipt.</summary>
    public async Task<JsonObject> Ask(string path, JsonObject body)
    {
        var (key, until) = (Guid.NewGuid().ToString("N"), DateTime.UtcNow + Patience.Bound);
        while (true)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
                request.Headers.Add("Idempotency-Key", key);
                using var answer = await Http.SendAsync(request, Stop);
                var text = await answer.Content.ReadAsStringAsync(Stop);
                answer.StatusCode.Should().Be(HttpStatusCode.Accepted, text);
                return JsonNode.Parse(text)!.AsObject();
            }
            catch (HttpRequestException) when (DateTime.UtcNow < until)
            {
                await Task.Delay(100, Stop);
            }
        }
    }

    /// <summary>Deploys, without waiting for the end.</summary>
    public Task<JsonObject> Deploy(string app, string environment, string image, string? specification = null, int healthTimeoutSeconds = 60)
    {
        var ask = new JsonObject { ["app"] = app, ["environment"] = environment, ["image"] = image, ["healthTimeoutSeconds"] = healthTimeoutSeconds };
        if (specification is not null)
        {
            ask["spec"] = specification;
        }
        return Ask("/v1/deployments", ask);
    }

    /// <summary>Where a request stands once that is as wanted, or it has its end.</summary>
    public async Task<JsonObject> Until(JsonObject receipt, Func<JsonObject, bool> isSo)
    {
        var until = DateTime.UtcNow + Patience.Bound;
        var document = new JsonObject();
        for (long since = 0; DateTime.UtcNow < until;)
        {
            try
            {
                document = (await Http.GetFromJsonAsync<JsonObject>($"/v1/requests/{(string)receipt["id"]!}?wait=5&since={since}", Stop))!;
                since = (long)document["revision"]!;
                if (isSo(document) || document["endedAt"] is not null)
                {
                    return document;
                }
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100, Stop);
            }
        }
        throw new TimeoutException($"Not within {Patience.Bound.TotalSeconds} s: {document.ToJsonString()}\n{this}");
    }

    public Task<JsonObject> End(JsonObject receipt) => Until(receipt, _ => false);

    /// <summary>The end of a request, which must be a good one.</summary>
    public async Task<JsonObject> Good(JsonObject receipt)
    {
        var document = await End(receipt);
        ((string)document["state"]!).Should().Be("succeeded", "{0}\n{1}\n{2}", document.ToJsonString(), await AllEvidence(document), this);
        return document;
    }

    /// <summary>The text of a piece of evidence of a request's end; null when it has none of that name.</summary>
    public async Task<string?> Evidence(JsonObject document, string name) =>
        document["evidence"]?.AsArray().FirstOrDefault(e => (string)e!["name"]! == name) is { } one ? await Http.GetStringAsync($"/v1/blobs/{(string)one["blob"]!}", Stop) : null;

    /// <summary>The journal's events of a type of ours, of one app, oldest first.</summary>
    public async Task<List<JsonObject>> Events(string type, string app)
    {
        var found = new List<JsonObject>();
        for (long reached = 0, head = 1; reached < head;)
        {
            var page = (await Http.GetFromJsonAsync<JsonObject>($"/v1/events?after={reached}&app={app}", Stop))!;
            (reached, head) = ((long)page["reached"]!, (long)page["head"]!);
            found.AddRange(page["events"]!.AsArray().Select(e => e!["event"]!.AsObject()).Where(e => ((string)e["type"]!).Contains(type, StringComparison.Ordinal)));
        }
        return found;
    }

    /// <summary>Runs a verb of the command line as somebody at a terminal would; both streams are read.</summary>
    public async Task<(int Code, string Said)> Command(params string[] arguments)
    {
        using var command = System.Diagnostics.Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "pipelinebridge.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
            Environment = { ["BRIDGE_URL"] = url, ["BRIDGE_TOKEN"] = Key },
        })!;
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        bound.CancelAfter(Patience.Bound);
        try
        {
            var (output, errors) = (command.StandardOutput.ReadToEndAsync(bound.Token), command.StandardError.ReadToEndAsync(bound.Token));
            await command.WaitForExitAsync(bound.Token);
            return (command.ExitCode, await output + await errors);
        }
        finally
        {
            if (!command.HasExited)
            {
                command.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Waits until something is so.</summary>
    public async Task Until(Func<Task<bool>> isSo, string what)
    {
        var until = DateTime.UtcNow + Patience.Bound;
        while (!await isSo())
        {
            DateTime.UtcNow.Should().BeBefore(until, "{0}\n{1}", what, this);
            await Task.Delay(100, Stop);
        }
    }

    public override string ToString() => $"{Process}";

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (Process is not null)
        {
            await Process.DisposeAsync();
        }
        directory.Delete(recursive: true);
    }

    async Task<string> AllEvidence(JsonObject document)
    {
        var texts = new List<string>();
        foreach (var one in document["evidence"]?.AsArray() ?? [])
        {
            texts.Add($"{(string)one!["name"]!}: {await Evidence(document, (string)one["name"]!)}");
        }
        return string.Join('\n', texts);
    }
}
