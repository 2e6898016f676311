using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Events;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Cluster.Engine;

/// <summary>What a real engine does not do by itself: it says that it pulled, and has nothing.</summary>
public sealed class EngineImagesTests : IDisposable
{
    readonly DirectoryInfo home = Directory.CreateTempSubdirectory("pbie-");

    public void Dispose() => home.Delete(recursive: true);

    [Fact]
    public async Task An_engine_that_pulls_without_an_error_and_has_nothing_is_asked_three_times()
    {
        var pulls = 0;
        await using var engine = await Start(http =>
        {
            if (http.Request.Path.Value!.EndsWith("/images/create", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref pulls);
                return http.Response.WriteAsync("{\"status\":\"Download complete\"}\r\n");
            }
            http.Response.StatusCode = 404;
            return http.Response.WriteAsJsonAsync(new { message = "No such image" });
        });
        var options = new EngineHostOptions("h1", new Uri($"unix://{home.FullName}/s"), "127.0.0.1");
        using var host = new EngineHost(options);
        using var probe = new EngineProbe();
        var driver = new EngineDriver(new EngineClusterOptions("main", [options], ["prod"]), [host], probe, new FastTime(20));
        var plan = ClusterPlan.Of(new AppKey("portal", "prod"), 1, ClusterScene.Image(1), EngineScene.Specification());

        var prepare = () => driver.Prepare(plan, _ => Task.CompletedTask, TestContext.Current.CancellationToken);

        var refused = (await prepare.Should().ThrowAsync<ClusterRefusedException>()).Which;
        (refused.Category, refused.Message).Should().Be((FailureCategory.Cluster,
            "The engine h1 could not pull the image: it said 3 times that it did and does not have it; somebody removes it there, or it stands under another name."));
        pulls.Should().Be(3);
    }

    async Task<WebApplication> Start(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenUnixSocket($"{home.FullName}/s"));
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
