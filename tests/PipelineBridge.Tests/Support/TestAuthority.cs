using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PipelineBridge.Tests.Support;

/// <summary>A certificate authority for one test, and the certificates that it gives for 127.0.0.1, all as PEM files in a directory.</summary>
sealed class TestAuthority : IDisposable
{
    // TLS Web Server Authentication, TLS Web Client Authentication.
    static readonly OidCollection Uses = [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")];

    readonly string directory;
    readonly X509Certificate2 own;

    public TestAuthority(string directory, string name)
    {
        this.directory = directory;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        own = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        File = PathOf($"{name}.pem");
        System.IO.File.WriteAllText(File, own.ExportCertificatePem());
    }

    /// <summary>The file with its own certificate.</summary>
    public string File { get; }

    /// <summary>Gives a certificate; returns the files of it and of its key.</summary>
    public (string Certificate, string Key) Give(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(Uses, critical: false));
        using var certificate = request.Create(own, DateTimeOffset.UtcNow.AddMinutes(-30), DateTimeOffset.UtcNow.AddMinutes(30), RandomNumberGenerator.GetBytes(8));
        var files = (Certificate: PathOf($"{name}.pem"), Key: PathOf($"{name}-key.pem"));
        System.IO.File.WriteAllText(files.Certificate, certificate.ExportCertificatePem());
        System.IO.File.WriteAllText(files.Key, key.ExportPkcs8PrivateKeyPem());
        if (!OperatingSystem.IsWindows())
        {
            System.IO.File.SetUnixFileMode(files.Key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        return files;
    }

    /// <summary>The options by which a dockerd listens at a port of this machine, and takes only who shows a certificate of this authority.</summary>
    public string[] Dockerd(int port)
    {
        var (certificate, key) = Give("engine");
        return ["--host", $"tcp://127.0.0.1:{port}", "--tlsverify", "--tlscacert", File, "--tlscert", certificate, "--tlskey", key];
    }

    public void Dispose() => own.Dispose();

    string PathOf(string name) => Path.Combine(directory, name.Replace(' ', '-'));
}
