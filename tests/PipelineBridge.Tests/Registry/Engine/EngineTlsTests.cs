using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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
        using var authority = Authority("of the site");
        using var another = Authority("of somebody else");
        WriteAuthority("ca", authority);
        WriteAuthority("other-ca", another);
        Write("server", authority);
        Write("client", authority);
        Write("stranger", another);
        var port = FreePort();
        await using var engine = await DockerEngine.Start(null, "--host", $"tcp://127.0.0.1:{port}", "--tlsverify", "--tlscacert", PathOf("ca.pem"), "--tlscert", PathOf("server.pem"), "--tlskey", PathOf("server-key.pem"));
        await using var registry = await DockerRegistry.Start("none", TestContext.Current.CancellationToken);
        var image = $"{registry.Host}/portal:1";
        await engine.Build(image, "FROM scratch\nCOPY a /a\n", ("a", "a"u8.ToArray()));

        using var good = Stage(port, "ca", "client");
        using var untrusted = Stage(port, "other-ca", "client");
        using var stranger = Stage(port, "ca", "stranger");

        var end = await good.PushFromEngine(image);
        end.Content.Should().BeOfType<ArtifactPublished>(end.Custom!.Cause + string.Join('\n', good.Bridge.EvidencePut));
        (await untrusted.PushFromEngine(image)).ShouldHaveFailed(WorkEffect.None, FailureCategory.Configuration)
            .Custom!.Cause.Should().Be($"The engine build-1 and the bridge do not trust each other's certificates at tcp://127.0.0.1:{port}/.");
        var refused = await stranger.PushFromEngine(image);
        refused.Content.Should().BeOfType<WorkDeferred>();
        refused.Custom!.Cause.Should().Be($"The engine build-1 cannot be reached at tcp://127.0.0.1:{port}/, or does not take the certificate that it is shown.");
        var key = await File.ReadAllTextAsync(PathOf("client-key.pem"), TestContext.Current.CancellationToken);
        untrusted.Bridge.EvidencePut.Should().NotContain(e => e.Text.Contains(key.Split('\n')[1], StringComparison.Ordinal));
    }

    RegistryStage Stage(int port, string authority, string client) => new(new RegistryStageOptions
    {
        Engines =
        [
            new EngineOptions("build-1", new Uri($"tcp://127.0.0.1:{port}"))
            {
                Authority = PathOf($"{authority}.pem"),
                Certificate = PathOf($"{client}.pem"),
                Key = () => File.ReadAllText(PathOf($"{client}-key.pem")),
            },
        ],
    });

    string PathOf(string name) => Path.Combine(files.FullName, name);

    static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }

    void WriteAuthority(string name, X509Certificate2 authority) => File.WriteAllText(PathOf($"{name}.pem"), authority.ExportCertificatePem());

    void Write(string name, X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        using var certificate = request.Create(authority, DateTimeOffset.UtcNow.AddMinutes(-30), DateTimeOffset.UtcNow.AddMinutes(30), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(PathOf($"{name}.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf($"{name}-key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    static int FreePort()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        return ((IPEndPoint)free.LocalEndpoint).Port;
    }
}
