using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Journeys.Site;

/// <summary>What is asked of an installation, and what came of it.</summary>
sealed partial class BrokerSite
{
    /// <summary>Writes an image as an OCI layout, as a build would leave it.</summary>
    public string Build(string tag)
    {
        layouts.Write($"portal-{tag}", (SampleImage.Of(tag), tag));
        return $"oci-layout: builds/portal-{tag}";
    }

    public Task<JsonObject> Push(string tag) => Accepted("/v1/pushes", new JsonObject
    {
        ["app"] = "portal",
        ["image"] = $"{Registry.Host}/portal:{tag}",
        ["source"] = Build(tag),
        ["tags"] = new JsonArray("latest"),
    }, $"{tag}-push");

    public Task<JsonObject> Deploy(string tag, string? after = null, int healthTimeoutSeconds = 60)
    {
        var body = new JsonObject { ["app"] = "portal", ["environment"] = "prod", ["healthTimeoutSeconds"] = healthTimeoutSeconds, ["spec"] = Specification() };
        body[after is null ? "image" : "after"] = after ?? $"{Registry.Host}/portal:{tag}";
        return Accepted("/v1/deployments", body, $"{tag}-prod");
    }

    /// <summary>Posts an ask, again and again with its key while there is no answer, as the library does.</summary>
    public async Task<JsonObject> Accepted(string path, JsonObject body, string key, HttpMethod? method = null)
    {
        var until = DateTime.UtcNow + Patience.Bound;
        while (true)
        {
            try
            {
                using var request = new HttpRequestMessage(method ?? HttpMethod.Post, path) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
                request.Headers.Add("Idempotency-Key", key);
                using var response = await Http.SendAsync(request, Stop);
                var text = await response.Content.ReadAsStringAsync(Stop);
                response.StatusCode.Should().Be(HttpStatusCode.Accepted, text);
                return JsonNode.Parse(text)!.AsObject();
            }
            catch (HttpRequestException) when (DateTime.UtcNow < until)
            {
                await Task.Delay(100, Stop);
            }
        }
    }

    /// <summary>The document of a request once <paramref name="seen"/> holds, or at its end.</summary>
    public async Task<JsonObject> Until(JsonObject receipt, Func<JsonObject, bool> seen)
    {
        var until = DateTime.UtcNow + Patience.Bound;
        var document = new JsonObject();
        while (DateTime.UtcNow < until)
        {
            try
            {
                document = (await Http.GetFromJsonAsync<JsonObject>($"/v1/requests/{(string)receipt["id"]!}", Stop))!;
                if (seen(document) || document["endedAt"] is not null)
                {
                    return document;
                }
            }
            catch (HttpRequestException)
            {
            }
            await Task.Delay(50, Stop);
        }
        throw new TimeoutException($"Not within {Patience.Bound.TotalSeconds} s: {document.ToJsonString()}\n{this}");
    }

    public async Task<string> End(JsonObject receipt) => (string)(await EndDocument(receipt))["state"]!;

    public Task<JsonObject> EndDocument(JsonObject receipt) => Until(receipt, d => d["endedAt"] is not null);

    /// <summary>The types of the events of a request, in the journal's order, without the tool's name and the version.</summary>
    public async Task<IReadOnlyList<string>> Story(JsonObject receipt)
    {
        var chain = (await Http.GetFromJsonAsync<JsonObject>($"/v1/chains/{(string)receipt["chainId"]!}", Stop))!;
        return [.. chain["events"]!.AsArray().Select(e => Short((string)e!["event"]!["type"]!))];
    }

    /// <summary>Waits until an event of a type is journaled for one of two requests, or both have their end.</summary>
    public async Task UntilStep(JsonObject push, JsonObject deployment, string step)
    {
        while (true)
        {
            var stories = new[] { await Story(push), await Story(deployment) };
            if (stories.Any(s => s.Contains(step)) || stories.All(s => s.Contains("deployment.succeeded") && s.Contains("notification.delivered")))
            {
                return;
            }
            await Task.Delay(10, Stop);
        }
    }

    /// <summary>Waits until something is so.</summary>
    public static async Task Until(Func<Task<bool>> seen, string what)
    {
        var until = DateTime.UtcNow + Patience.Bound;
        while (!await seen())
        {
            DateTime.UtcNow.Should().BeBefore(until, what);
            await Task.Delay(100, Stop);
        }
    }

    /// <summary>How many ends a deployment has in the journal.</summary>
    public async Task<int> Ends(JsonObject receipt) =>
        (await Story(receipt)).Count(t => t is "deployment.succeeded" or "deployment.failed" or "deployment.superseded" or "deployment.refused" or "deployment.cancelled");

    /// <summary>The dead letters that are open.</summary>
    public async Task<JsonArray> DeadLetters() => (await Http.GetFromJsonAsync<JsonObject>("/v1/deadletters", Stop))!["deadLetters"]!.AsArray();

    /// <summary>Waits until the chat says a word.</summary>
    public async Task Told(string word)
    {
        var until = DateTime.UtcNow + Patience.Bound;
        while (!Slack.Messages("deploys").Any(m => m.Text.Contains(word, StringComparison.Ordinal)))
        {
            DateTime.UtcNow.Should().BeBefore(until, $"the chat is told \"{word}\", and says {string.Join(" | ", Slack.Messages("deploys").Select(m => m.Text))}\n{this}");
            await Task.Delay(50, Stop);
        }
    }

    public static JsonObject Specification() => new()
    {
        ["id"] = "/prod/portal",
        ["instances"] = 2,
        ["cpus"] = 0.1,
        ["mem"] = 64,
        ["container"] = new JsonObject
        {
            ["type"] = "DOCKER",
            ["docker"] = new JsonObject { ["image"] = "x/portal" },
            ["portMappings"] = new JsonArray(new JsonObject { ["containerPort"] = 8080, ["hostPort"] = 0 }),
        },
        ["networks"] = new JsonArray(new JsonObject { ["mode"] = "container/bridge" }),
        ["healthChecks"] = new JsonArray(new JsonObject { ["protocol"] = "MESOS_HTTP", ["path"] = "/health", ["portIndex"] = 0, ["gracePeriodSeconds"] = 30, ["intervalSeconds"] = 1, ["maxConsecutiveFailures"] = 3 }),
    };

    static string Short(string type) => string.Join('.', type.Replace("dev.cdeventsx.pipelinebridge-", "", StringComparison.Ordinal).Replace("dev.cdevents.", "", StringComparison.Ordinal).Split('.')[..2]);
}
