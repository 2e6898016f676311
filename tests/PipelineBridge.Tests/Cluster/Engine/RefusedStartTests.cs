using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Cluster.Engine;

/// <summary>What Debian's engine does not do by itself: it refuses to start a container and does not keep with it why.</summary>
public sealed class RefusedStartTests : IDisposable
{
    readonly DirectoryInfo home = Directory.CreateTempSubdirectory("pbrs-");
    JsonNode? container;

    public void Dispose() => home.Delete(recursive: true);

    [Fact]
    public async Task A_task_that_the_engine_refuses_to_start_ends_the_rollout_with_its_words_and_is_taken_back()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenUnixSocket($"{home.FullName}/s"));
        await using var engine = builder.Build();
        engine.Run(Answer);
        await engine.StartAsync(TestContext.Current.CancellationToken);
        var options = new EngineHostOptions("h1", new Uri($"unix://{home.FullName}/s"), "127.0.0.1");
        using var host = new EngineHost(options);
        using var probe = new EngineProbe();
        var handler = new ClusterHandler(new EngineDriver(new EngineClusterOptions("main", [options], ["prod"]), [host], probe, TimeProvider.System), TimeProvider.System);
        var specification = EngineScene.Specification();
        var work = ClusterWorks.New(new AppKey("portal", "prod"), 1, ClusterWorks.Rollout(ClusterScene.Image(1), specification, null, 180), specification);

        var outcome = new Outcome(await handler.Handle(work.Item, work.Bridge, TestContext.Current.CancellationToken), work.Bridge);

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Configuration);
        outcome.Custom.Cause.Should().Be("The engine h1 did not start a container.");
        outcome.EvidenceOf("last answer").Should().Contain("this isolation is not known here");
        container.Should().BeNull();
    }

    async Task Answer(HttpContext http)
    {
        var (method, path) = (http.Request.Method, http.Request.Path.Value!);
        JsonNode? answer = (method, path) switch
        {
            ("POST", _) when path.EndsWith("/containers/create", StringComparison.Ordinal) => Made((await JsonNode.ParseAsync(http.Request.Body))!, http.Request.Query["name"]!),
            ("POST", _) when path.EndsWith("/start", StringComparison.Ordinal) => null,
            ("DELETE", _) => container = null,
            (_, _) when path.EndsWith("/containers/json", StringComparison.Ordinal) => new JsonArray([.. container is null ? Array.Empty<JsonNode>() : [new JsonObject { ["Id"] = "c1" }]]),
            (_, _) when path.Contains("/containers/", StringComparison.Ordinal) && path.EndsWith("/json", StringComparison.Ordinal) => container,
            (_, _) when path.Contains("/images/", StringComparison.Ordinal) => new JsonObject { ["Id"] = "sha256:1" },
            (_, _) when path.EndsWith("/info", StringComparison.Ordinal) => new JsonObject { ["SystemTime"] = DateTimeOffset.UtcNow.ToString("O") },
            _ => null,
        };
        http.Response.StatusCode = answer is not null ? 200 : method == "DELETE" ? 204 : method == "POST" ? 400 : 404;
        if (http.Response.StatusCode != 204)
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync((answer ?? new JsonObject { ["message"] = "this isolation is not known here" }).ToJsonString());
        }
    }

    JsonObject Made(JsonNode asked, string name)
    {
        container = new JsonObject
        {
            ["Id"] = "c1", ["Name"] = $"/{name}", ["Created"] = DateTimeOffset.UtcNow.ToString("O"), ["RestartCount"] = 0,
            ["State"] = new JsonObject { ["Status"] = "created", ["Running"] = false, ["Error"] = "", ["ExitCode"] = 0 },
            ["Config"] = new JsonObject { ["Image"] = asked["Image"]!.DeepClone(), ["Labels"] = asked["Labels"]!.DeepClone() },
            ["HostConfig"] = new JsonObject(), ["NetworkSettings"] = new JsonObject { ["Networks"] = new JsonObject() },
        };
        return new JsonObject { ["Id"] = "c1", ["Warnings"] = new JsonArray() };
    }
}
