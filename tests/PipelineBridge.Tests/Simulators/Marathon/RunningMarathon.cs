using System.Net.Http.Json;
using System.Text.Json.Nodes;
using PipelineBridge.Simulators.Marathon;

namespace PipelineBridge.Tests.Simulators.Marathon;

/// <summary>A simulator on a stepped clock, and a client of it.</summary>
sealed class RunningMarathon : IAsyncDisposable
{
    RunningMarathon(MarathonSimulator simulator, SteppedTime time)
    {
        Simulator = simulator;
        Time = time;
        Http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = simulator.Url };
    }

    public MarathonSimulator Simulator { get; }

    public SteppedTime Time { get; }

    public HttpClient Http { get; }

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<RunningMarathon> Start(Func<MarathonSimulatorOptions, MarathonSimulatorOptions>? with = null)
    {
        var time = new SteppedTime();
        var options = new MarathonSimulatorOptions { Time = time, Announce = _ => { } };
        return new RunningMarathon(await MarathonSimulator.Start(with?.Invoke(options) ?? options, Cancellation), time);
    }

    public static JsonObject App(string image = "registry/portal:1", int instances = 1, params IReadOnlyList<(string Name, JsonNode Value)> more)
    {
        var app = new JsonObject
        {
            ["instances"] = instances,
            ["container"] = new JsonObject
            {
                ["type"] = "DOCKER",
                ["docker"] = new JsonObject { ["image"] = image },
                ["portMappings"] = new JsonArray(new JsonObject { ["containerPort"] = 8080 }),
            },
            ["networks"] = new JsonArray(new JsonObject { ["mode"] = "container/bridge" }),
            ["healthChecks"] = new JsonArray(new JsonObject
            {
                ["path"] = "/health", ["gracePeriodSeconds"] = 5, ["intervalSeconds"] = 2, ["maxConsecutiveFailures"] = 2,
            }),
        };
        foreach (var (name, value) in more)
        {
            app[name] = value;
        }

        return app;
    }

    public async Task<(int Status, JsonNode? Body)> Send(HttpMethod method, string path, JsonNode? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : JsonContent.Create(body);
        using var answer = await Http.SendAsync(request, Cancellation);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        return ((int)answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    public async Task<string> Put(string path, JsonNode body, int status = 200)
    {
        var answer = await Send(HttpMethod.Put, path, body);
        answer.Status.Should().Be(status, "the answer is {0}", answer.Body?.ToJsonString());
        return answer.Body!["deploymentId"]!.GetValue<string>();
    }

    public async Task<JsonNode> Get(string path)
    {
        var (status, body) = await Send(HttpMethod.Get, path);
        status.Should().Be(200, "the answer is {0}", body?.ToJsonString());
        return body!;
    }

    public async Task<JsonNode> App(string id) => (await Get("/v2/apps" + id))["app"]!;

    /// <summary>An app that is live: deployed, healthy, nothing left to do.</summary>
    public async Task Live(string id, JsonObject app)
    {
        await Put("/v2/apps" + id, app, 201);
        Time.Step(10);
        (await Get("/v2/deployments")).AsArray().Should().BeEmpty();
    }

    public IEnumerable<string> States(string deployment) =>
        Simulator.Happenings.Where(one => one.Subject == deployment).Select(one => one.State);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Simulator.DisposeAsync();
    }
}
