using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Events;
using PipelineBridge.Tests.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Cluster.Engine;

/// <summary>How an engine is reached, and how it is let into a registry.</summary>
[Trait("Needs", "root")]
public sealed class EngineAccessTests : IDisposable
{
    readonly DirectoryInfo files = Directory.CreateTempSubdirectory("pipelinebridge-access-");

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => files.Delete(recursive: true);

    [Fact]
    public async Task An_engine_over_TCP_is_shown_a_certificate_is_trusted_by_its_authority_alone_and_pulls_with_the_credentials_of_the_configuration()
    {
        DockerEngine.SkipWhereMissing();
        DockerRegistry.SkipWhereMissing();
        using var authority = new TestAuthority(files.FullName, "of the site");
        using var another = new TestAuthority(files.FullName, "of somebody else");
        var port = FreePort.Take();
        await using var engine = await DockerEngine.Start(null, authority.Dockerd(port));
        await using var registry = await DockerRegistry.Start("htpasswd", Cancellation, tls: authority.Give("registry"));
        var tag = $"{registry.Host}/portal:1";
        await engine.BuildService(tag, "one");
        var image = $"{tag}@{await engine.Push(tag, new() { ["username"] = DockerRegistry.User, ["password"] = DockerRegistry.Password })}";
        await engine.RemoveImage(tag);
        var client = authority.Give("client");
        var host = new EngineHostOptions("h1", new Uri($"tcp://127.0.0.1:{port}"), "127.0.0.1") { Authority = authority.File, Certificate = client.Certificate, Key = () => File.ReadAllText(client.Key) };

        var password = "a wrong one";
        var logins = new Dictionary<string, RegistryLogin> { [registry.Host] = new(DockerRegistry.User, () => password) };
        using var owned = new EngineHost(host);
        using var probe = new EngineProbe();
        var handler = new ClusterHandler(new EngineDriver(new EngineClusterOptions("main", [host], ["prod"]) { Logins = logins }, [owned], probe, TimeProvider.System), TimeProvider.System);
        var refused = await Rollout(handler, 1, image);
        refused.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Registry);
        refused.Custom.Cause.Should().Be($"The engine h1 could not pull the image: {registry.Host} does not let it; who signs in stands in registries of bridge.yaml.");
        password = DockerRegistry.Password;
        (await Rollout(handler, 2, image)).End.Content.Should().BeOfType<ServiceDeployed>();

        (await Trouble(host with { Authority = another.File })).Should().Be($"The engine h1 and the bridge do not trust each other's certificates at tcp://127.0.0.1:{port}/.");
        var stranger = another.Give("stranger");
        (await Trouble(host with { Certificate = stranger.Certificate, Key = () => File.ReadAllText(stranger.Key) }))
            .Should().Be($"The engine h1 cannot be reached at tcp://127.0.0.1:{port}/, or does not take the certificate that it is shown.");
        (await Trouble(host with { Key = () => null })).Should().Be("The certificate for the engine h1, or its key, cannot be read.");
    }

    static async Task<Outcome> Rollout(ClusterHandler handler, int sequence, string image)
    {
        var specification = EngineScene.Specification();
        var work = ClusterWorks.New(new AppKey("portal", "prod"), sequence, ClusterWorks.Rollout(image, specification, null, 30), specification);
        return new Outcome(await handler.Handle(work.Item, work.Bridge, Cancellation), work.Bridge);
    }

    static async Task<string> Trouble(EngineHostOptions options)
    {
        using var host = new EngineHost(options);
        using var probe = new EngineProbe();
        var look = () => new EngineDriver(new EngineClusterOptions("main", [options], ["prod"]), [host], probe, TimeProvider.System).Look(new AppKey("portal", "prod"), Cancellation);
        return (await look.Should().ThrowAsync<ClusterUnreachableException>()).Which.Message;
    }
}
