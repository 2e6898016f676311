using PipelineBridge.Tests.Registry;

namespace PipelineBridge.Tests.Support;

/// <summary>The engine that tests use, so that a test that fails on it is no riddle.</summary>
[Trait("Needs", "root")]
public class DockerEngineTests
{
    [Fact]
    public async Task An_engine_builds_pushes_pulls_and_runs()
    {
        DockerEngine.SkipWhereMissing();
        await using var registry = await DockerRegistry.Start("none", TestContext.Current.CancellationToken);
        await using var engine = await DockerEngine.Start();
        var image = $"{registry.Host}/hello:1";
        await engine.BuildService(image, "hello");
        var digest = await engine.Push(image);
        digest.Should().StartWith("sha256:");
        await engine.RemoveImage(image);
        var pinned = $"{registry.Host}/hello@{digest}";
        await engine.Pull(pinned);
        var port = await engine.RunService(pinned);
        using var http = new HttpClient();
        (await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), TestContext.Current.CancellationToken)).Should().Be("hello");
        await engine.Kill();
        await engine.StartAgain();
        (await engine.Call(HttpMethod.Get, "containers/json?all=1"))!.AsArray().Should().ContainSingle();
    }
}
