using System.Text.Json.Nodes;
using PipelineBridge.Journeys.Site;
using PipelineBridge.Tests.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Journeys.OnTheEngine;

/// <summary>A registry that speaks TLS and lets in only who signs in, and an engine that is reached over TCP with certificates: whoever builds has neither password nor key.</summary>
[Trait("Needs", "root")]
public sealed class GuardedRegistryJourney : IDisposable
{
    readonly DirectoryInfo files = Directory.CreateTempSubdirectory("pipelinebridge-guarded-");

    public void Dispose() => files.Delete(recursive: true);

    [Theory]
    [InlineData("bridge")]
    [InlineData("itself")]
    public async Task The_credentials_of_bridge_yaml_are_enough_to_push_and_to_roll_out_and_a_wrong_password_is_told(string pushes)
    {
        EngineSite.SkipWhereMissing();
        using var authority = new TestAuthority(files.FullName, $"of the site {pushes}");
        var port = SiteProcess.FreePort();
        await using var registry = await DockerRegistry.Start("htpasswd", TestContext.Current.CancellationToken, tls: authority.Give("registry"));
        await using var engine = await DockerEngine.Start(null, authority.Dockerd(port));
        var (certificate, key) = authority.Give("client");
        var access = $"url: tcp://127.0.0.1:{port}, authority: {authority.File}, certificate: {certificate}, key: {{ file: {key} }}";
        await using var bridge = await OneProcessSite.Start(
            $$"""
            registries:
              "{{registry.Host}}": { url: {{registry.Url}}, username: {{DockerRegistry.User}}, password: { file: registry } }
            engines:
              main: { {{access}}, pushes: {{pushes}} }
            clusters:
              main: { engine: { hosts: { h1: { {{access}} } } } }
            environments:
              prod: { zone: internal, cluster: main }
            """,
            new Dictionary<string, string> { ["registry"] = DockerRegistry.Password },
            // The bridge trusts whom its machine trusts.
            new Dictionary<string, string> { ["SSL_CERT_FILE"] = authority.File });
        var image = $"{registry.Host}/portal:one";
        await engine.BuildService(image, "one");

        var (pushed, said) = await bridge.Command("push", "portal", image, "--source", "engine: main");
        pushed.Should().Be(0, "{0}\n{1}", said, bridge);
        await engine.RemoveImage(image);
        await bridge.Good(await bridge.Deploy("portal", "prod", image, EngineSite.Specification()));

        bridge.Secret("registry", "not-the-password");
        image = $"{registry.Host}/portal:two";
        await engine.BuildService(image, "two");
        var refused = await bridge.End(await bridge.Ask("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = image, ["source"] = "engine: main" }));
        ((string)refused["state"]!, (string)refused["category"]!).Should().Be(("failed", "registry"), refused.ToJsonString());
        ((string)refused["cause"]!).Should().Be($"The registry {registry.Host} refuses the credentials of the user {DockerRegistry.User}.");

        bridge.Secret("registry", DockerRegistry.Password);
        await bridge.Good(await bridge.Ask("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = image, ["source"] = "engine: main" }));
        await bridge.Good(await bridge.Deploy("portal", "prod", image));

        var told = string.Join('\n', (await bridge.Events("", "portal")).Select(e => e.ToJsonString())) + bridge + engine.Log;
        told.Should().NotContain(DockerRegistry.Password).And.NotContain("not-the-password");
    }
}
