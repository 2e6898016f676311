using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PipelineBridge.Benchmarks.Broker;

namespace PipelineBridge.Benchmarks.Deliveries;

/// <summary>Whole deliveries, from the push to the last message in the chat: an app's one after the other, the apps at once.</summary>
static class DeliveriesRun
{
    static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);

    public static async Task<int> Run(BenchmarkBroker broker, int deliveries, CancellationToken cancellation)
    {
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        var apps = Math.Min(deliveries, SimulatorsSide.Apps);
        var each = deliveries / apps;
        Console.WriteLine($"{apps} apps at once, {each} deliveries of each one after the other");
        await using var installation = await Installation.Start(broker, each, cancellation);
        var processes = installation.Processes.Append(broker.Node).ToList();
        var before = processes.ConvertAll(p => p.Processor);
        var simulators = installation.Simulators.Processor();
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, apps).Select(async app =>
        {
            for (var tag = 1; tag <= each; tag++)
            {
                await Deliver(installation, $"app-{app}", tag, cancellation);
            }
        }));
        var elapsed = Stopwatch.GetElapsedTime(start);
        var times = await Told(installation.Http, apps * each, cancellation);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""

            {apps * each} deliveries in {elapsed.TotalSeconds:0.0} s: {apps * each / elapsed.TotalSeconds:0.0} a second; {times.Events} events

            | | CPU s | CPU ms a delivery | peak memory MB |
            |---|---|---|---|
            """));
        for (var i = 0; i < processes.Count; i++)
        {
            Console.WriteLine(Row(processes[i].Name, processes[i].Processor - before[i], apps * each, processes[i].PeakBytes));
        }
        Console.WriteLine(Row("simulators", installation.Simulators.Processor() - simulators, apps * each, installation.Simulators.PeakBytes));
        Console.WriteLine("""

            | | p50, p99 ms | share |
            |---|---|---|
            """);
        foreach (var row in times.Rows())
        {
            Console.WriteLine(row);
        }
        Console.WriteLine();
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        return 0;
    }

    static string Row(string name, TimeSpan processor, int deliveries, long peakBytes) => string.Create(CultureInfo.InvariantCulture,
        $"| {name} | {processor.TotalSeconds:0.0} | {processor.TotalMilliseconds / deliveries:0.0} | {peakBytes / 1048576.0:0} |");

    static async Task Deliver(Installation installation, string app, int tag, CancellationToken cancellation)
    {
        var push = await Post(installation.Http, "v1/pushes", $"{app}-{tag}-push", new JsonObject
        {
            ["app"] = app,
            ["image"] = $"{installation.Registry}/{app}:{tag}",
            ["tags"] = new JsonArray("latest"),
            ["source"] = "registry",
        }, cancellation);
        var deployment = await Post(installation.Http, "v1/deployments", $"{app}-{tag}-prod", new JsonObject
        {
            ["app"] = app,
            ["environment"] = "prod",
            ["after"] = push.GetProperty("id").GetString(),
            ["chainId"] = push.GetProperty("chainId").GetString(),
            ["spec"] = Specification(app),
        }, cancellation);
        var id = deployment.GetProperty("id").GetString();
        for (var start = Stopwatch.GetTimestamp(); ;)
        {
            using var document = JsonDocument.Parse(await installation.Http.GetByteArrayAsync($"v1/requests/{id}?wait=30", cancellation));
            if (document.RootElement.TryGetProperty("endedAt", out _))
            {
                if (document.RootElement.GetProperty("state").GetString() != "succeeded")
                {
                    throw new InvalidOperationException($"A deployment did not succeed: {document.RootElement}");
                }
                return;
            }
            if (Stopwatch.GetElapsedTime(start) > Bound)
            {
                throw new TimeoutException($"A deployment has no end after {Bound.TotalMinutes:0} minutes: {document.RootElement}");
            }
        }
    }

    static async Task<JsonElement> Post(HttpClient http, string path, string key, JsonObject body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
        request.Headers.Add("Idempotency-Key", key);
        using var answer = await http.SendAsync(request, cancellation);
        var text = await answer.Content.ReadAsStringAsync(cancellation);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{path} answered {(int)answer.StatusCode}: {text}");
        }
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>The times of the events, once nothing more comes.</summary>
    static async Task<DeliveryTimes> Told(HttpClient http, int deliveries, CancellationToken cancellation)
    {
        var times = await DeliveryTimes.Read(http, cancellation);
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Bound;)
        {
            await Task.Delay(TimeSpan.FromSeconds(2), cancellation);
            var before = times.Events;
            times = await DeliveryTimes.Read(http, cancellation);
            if (times.Events == before && before > deliveries)
            {
                break;
            }
        }
        return times;
    }

    static JsonObject Specification(string app) => new()
    {
        ["id"] = $"/prod/{app}",
        ["instances"] = 2,
        ["cpus"] = 0.1,
        ["mem"] = 64,
        ["container"] = new JsonObject
        {
            ["type"] = "DOCKER",
            ["docker"] = new JsonObject { ["image"] = $"x/{app}" },
            ["portMappings"] = new JsonArray(new JsonObject { ["containerPort"] = 8080, ["hostPort"] = 0 }),
        },
        ["networks"] = new JsonArray(new JsonObject { ["mode"] = "container/bridge" }),
        ["healthChecks"] = new JsonArray(new JsonObject { ["protocol"] = "MESOS_HTTP", ["path"] = "/health", ["portIndex"] = 0, ["gracePeriodSeconds"] = 30, ["intervalSeconds"] = 1, ["maxConsecutiveFailures"] = 3 }),
    };
}
