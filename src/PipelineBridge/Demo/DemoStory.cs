using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace PipelineBridge.Demo;

/// <summary>Tells two deliveries while they happen, through the bridge's own HTTP calls, and whether each went as it should.</summary>
sealed class DemoStory(HttpClient bridge, string registry, TextWriter output)
{
    /// <summary>How long one request may take in all; the demo's own are done in a few seconds.</summary>
    static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);

    readonly Stopwatch clock = Stopwatch.StartNew();

    /// <summary>The specification of the demo's app: what a team would have in its repository.</summary>
    public static JsonObject Specification(int healthTimeoutSeconds = 5) => new()
    {
        ["id"] = "/demo/hello",
        ["instances"] = 3,
        ["cpus"] = 0.1,
        ["mem"] = 64,
        ["container"] = new JsonObject
        {
            ["type"] = "DOCKER",
            ["docker"] = new JsonObject { ["image"] = "registry/hello" },
            ["portMappings"] = new JsonArray(new JsonObject { ["containerPort"] = 8080, ["hostPort"] = 0 }),
        },
        ["networks"] = new JsonArray(new JsonObject { ["mode"] = "container/bridge" }),
        ["healthChecks"] = new JsonArray(new JsonObject
        {
            ["protocol"] = "MESOS_HTTP",
            ["path"] = "/health",
            ["portIndex"] = 0,
            ["gracePeriodSeconds"] = healthTimeoutSeconds,
            ["intervalSeconds"] = 1,
            ["timeoutSeconds"] = 1,
            ["maxConsecutiveFailures"] = 3,
        }),
        ["upgradeStrategy"] = new JsonObject { ["minimumHealthCapacity"] = 1.0, ["maximumOverCapacity"] = 1.0 },
    };

    /// <summary>A delivery that works: true when it is live at its end.</summary>
    public async Task<bool> Works(CancellationToken cancellation)
    {
        output.WriteLine("1 A delivery that works");
        var push = await Ask("push hello 1.0", "/v1/pushes", new JsonObject { ["app"] = "hello", ["image"] = $"{registry}/hello:1.0", ["tags"] = new JsonArray("latest"), ["by"] = "ann@example.org" }, cancellation);
        var deployment = await Ask("deploy hello → demo", "/v1/deployments", new JsonObject
        {
            ["app"] = "hello",
            ["environment"] = "demo",
            ["after"] = Text(push, "id"),
            ["spec"] = Specification(),
            ["chainId"] = Text(push, "chainId"),
            ["by"] = "ann@example.org",
        }, cancellation);
        await Follow(push, "push", cancellation);
        return Text(await Follow(deployment, "deploy", cancellation), "state") == "succeeded";
    }

    /// <summary>A delivery whose health check fails: true when it is told failed, taken back and explained.</summary>
    public async Task<bool> Fails(CancellationToken cancellation)
    {
        output.WriteLine("2 A delivery whose health check fails");
        var deployment = await Ask("deploy hello 1.1 → demo", "/v1/deployments", new JsonObject
        {
            ["app"] = "hello",
            ["environment"] = "demo",
            ["image"] = $"{registry}/hello:1.1",
            ["healthTimeoutSeconds"] = 6,
            ["by"] = "bob@example.org",
        }, cancellation);
        var end = await Follow(deployment, "deploy", cancellation);
        foreach (var evidence in end["evidence"]?.AsArray() ?? [])
        {
            if (Text(evidence!.AsObject(), "blob") is { Length: > 0 } blob)
            {
                var text = await bridge.GetStringAsync($"/v1/blobs/{blob}", cancellation);
                output.WriteLine($"         {Text(evidence.AsObject(), "name"),-14}{text.ReplaceLineEndings(" ").Trim()}");
            }
        }
        return Text(end, "state") == "failed" && Text(end, "effect") == "takenback" && Text(end, "cause").Length > 0;
    }

    async Task<JsonObject> Ask(string what, string path, JsonObject body, CancellationToken cancellation)
    {
        using var response = await bridge.PostAsJsonAsync(path, body, cancellation);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellation))!.AsObject();
        if (!response.IsSuccessStatusCode)
        {
            Tell($"{what} refused: {Text(answer, "detail")}");
            throw new InvalidOperationException($"The demo's own ask was refused: {Text(answer, "detail")}");
        }
        Tell($"{what}  accepted, on disk  #{Text(answer, "id")[..6]}");
        return answer;
    }

    async Task<JsonObject> Follow(JsonObject receipt, string what, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Bound);
        long since = 0;
        var last = "";
        while (true)
        {
            var document = await bridge.GetFromJsonAsync<JsonObject>($"/v1/requests/{Text(receipt, "id")}?wait=30&since={since}", limit.Token) ?? [];
            since = document["revision"]!.GetValue<long>();
            var line = Line(document, what);
            if (line != last)
            {
                Tell(line);
                last = line;
            }
            if (Text(document, "endedAt").Length > 0)
            {
                return document;
            }
        }
    }

    static string Line(JsonObject d, string what)
    {
        var image = Short(Text(d, "image"));
        var progress = d["progress"]?.AsObject();
        return Text(d, "state") switch
        {
            "waiting" => $"{what} waits for {Text(d, "waitingFor")}",
            "running" when Text(d, "waitingFor").Length > 0 => $"{what} {Text(d, "waitingFor")}",
            "running" when progress is not null && Text(progress, "phase") == "takingback" => "taking it back to what serves",
            "running" when progress is not null => $"rolling out {image}: {progress["healthy"]} of {progress["total"]} healthy",
            "running" => $"{what} {image} is with its stage",
            "succeeded" when what == "push" => $"pushed {image}, tags set: {string.Join(", ", d["tags"]?.AsArray().Select(t => t!.ToString()) ?? [])}",
            "succeeded" => $"hello is live on demo: {image}{Took(d)}",
            "failed" => $"FAILED  {Text(d, "category")}: {Text(d, "cause")}  now running: {Short(Text(d, "nowRunning"))}",
            var state => $"{what} {state} {Text(d, "cause")}",
        };
    }

    static string Took(JsonObject d)
    {
        var phases = d["phases"]?.AsObject();
        return phases is null ? "" : ". " + string.Join(", ", phases.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Key.Replace("Seconds", "", StringComparison.Ordinal)} {p.Value!.GetValue<double>():0.0} s")));
    }

    static string Short(string image)
    {
        var at = image.IndexOf("@sha256:", StringComparison.Ordinal);
        return at < 0 ? image : $"{image[(image.LastIndexOf('/', at) + 1)..at]}@{image.AsSpan(at + 8, 8)}";
    }

    void Tell(string line) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {clock.Elapsed.TotalSeconds,5:0.0} s  {line}"));

    static string Text(JsonObject o, string name) => o[name] is JsonValue v && v.TryGetValue<string>(out var s) ? s : o[name]?.ToString() ?? "";
}
