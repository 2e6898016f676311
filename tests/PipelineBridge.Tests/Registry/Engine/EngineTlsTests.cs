using PipelineBridge.Events;
using PipelineBridge.Registry;
using PipelineBridge.Registry.Engine;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Registry.Engine;

[Trait("Needs", "root")]
public sealed class EngineTlsTests : IDisposable
{
    readonly DirectoryInfo files = Directory.CreateTempSubdirectory("pipelinebridge-tls-");

    public void Dispose() => files.Delete(recursive: true);

    [Fact]
    public async Task An_engine_over_TCP_is_shown_a_certificate_and_is_trusted_by_its_authority_alone()
    {
        DockerRegistry.SkipWhereMissing();
        DockerEngine.SkipWhereMissing();
        using var authority = new TestAuthority(files.FullName, "of the site");
        using var another = new TestAuthority(files.FullName, "of somebody else");
        var port = FreePort.Take();
        await using var engine = await DockerEngine.Start(null, authority.Dockerd(port));
        await using var registry = await DockerRegistry.Start("none", TestContext.Current.CancellationToken);
        var image = $"{registry.Host}/portal:1";
        await engine.Build(image, "FROM scratch\nCOPY a /a\n", ("a", "a"u8.ToArray()));
        var client = authority.Give("client");

        using var good = Stage(port, authority, client);
        using var untrusted = Stage(port, another, client);
        using var stranger = Stage(port, authority, another.Give("stranger"));

        var end = await good.PushFromEngine(image);
        end.Content.Should().BeOfType<ArtifactPublished>(end.Custom!.Cause + string.Join('\n', good.Bridge.EvidencePut));
        (await untrusted.PushFromEngine(image)).ShouldHaveFailed(WorkEffect.None, FailureCategory.Configuration)
            .Custom!.Cause.Should().Be($"The engine build-1 and the bridge do not trust each other's certificates at tcp://127.0.0.1:{port}/.");
        var refused = await stranger.PushFromEngine(image);
        refused.Content.Should().BeOfType<WorkDeferred>();
        refused.Custom!.Cause.Should().Be($"The engine build-1 cannot be reached at tcp://127.0.0.1:{port}/, or does not take the certificate that it is shown.");
        var key = await File.ReadAllTextAsync(client.Key, TestContext.Current.CancellationToken);
        untrusted.Bridge.EvidencePut.Should().NotContain(e => e.Text.Contains(key.Split('\n')[1], StringComparison.Ordinal));
    }

    static RegistryStage Stage(int port, TestAuthority authority, (string Certificate, string Key) shown) => new(new RegistryStageOptions
    {
        Engines =
        [
            new EngineOptions("build-1", new Uri($"tcp://127.0.0.1:{port}"))
            {
                Authority = authority.File,
                Certificate = shown.Certificate,
                Key = () => File.ReadAllText(shown.Key),
            },
        ],
    });
}
