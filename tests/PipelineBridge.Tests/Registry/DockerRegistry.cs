using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PipelineBridge.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Registry;

/// <summary>Debian's docker-registry, for one test: its own storage and port, and who may use it.</summary>
sealed class DockerRegistry : IAsyncDisposable
{
    const string Program = "/usr/bin/docker-registry";
    public const string User = "ci";
    public const string Password = "a-secret-of-ci";

    // docker-registry takes bcrypt only, which .NET does not make: crypt(3) of the password.
    const string PasswordHash = "$2b$05$abcdefghijklmnopqrstuu8W9DN2InZGaaeU2X9M.VrBTdiOV6P8i";
    const string Service = "docker-registry";

    readonly DirectoryInfo home = Directory.CreateTempSubdirectory("pipelinebridge-docker-registry-");
    readonly StringBuilder log = new();
    Process process = null!;
    WebApplication? tokens;
    bool isTls;

    DockerRegistry()
    {
    }

    public string Host { get; private set; } = "";

    /// <summary>Where its API is.</summary>
    public Uri Url => new($"{(isTls ? "https" : "http")}://{Host}/");

    /// <summary>What the registry wrote about its requests.</summary>
    public string Log
    {
        get
        {
            lock (log)
            {
                return log.ToString();
            }
        }
    }

    public RegistryOptions Options(string? password = null) => new(Host, Url, User, () => password ?? Password);

    /// <summary>Whether a test that needs one is to be skipped.</summary>
    public static bool IsMissing => !File.Exists(Program);

    public static void SkipWhereMissing() =>
        Assert.SkipUnless(File.Exists(Program), $"{Program} is not installed (Debian package docker-registry).");

    /// <summary>Starts it.</summary>
    /// <param name="access">Who is let in by what: none, htpasswd or token.</param>
    /// <param name="address">Where it listens; null: on loopback.</param>
    /// <param name="tls">The files (PEM) of its certificate and key; null: it speaks HTTP.</param>
    public static async Task<DockerRegistry> Start(string access, CancellationToken cancellation, IPAddress? address = null, (string Certificate, string Key)? tls = null)
    {
        SkipWhereMissing();
        var registry = new DockerRegistry { isTls = tls is not null };
        try
        {
            await registry.Begin(access, address ?? IPAddress.Loopback, tls, cancellation);
            return registry;
        }
        catch
        {
            await registry.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
        process?.Dispose();
        if (tokens is not null)
        {
            await tokens.DisposeAsync();
        }
        home.Delete(recursive: true);
    }

    async Task Begin(string access, IPAddress address, (string Certificate, string Key)? tls, CancellationToken cancellation)
    {
        Host = $"{address}:{FreePort.Take()}";
        var config = $"""
            version: 0.1
            log:
              level: info
            storage:
              delete:
                enabled: true
              filesystem:
                rootdirectory: {home.FullName}/storage
            http:
              addr: {Host}

            """ + (tls is { } files ? $"""
              tls:
                certificate: {files.Certificate}
                key: {files.Key}

            """ : "") + access switch
        {
            "htpasswd" => $"""
                auth:
                  htpasswd:
                    realm: docker-registry
                    path: {await Htpasswd(cancellation)}

                """,
            "token" => $"""
                auth:
                  token:
                    realm: {await TokenService(cancellation)}
                    service: {Service}
                    issuer: tests
                    rootcertbundle: {home.FullName}/tokens.pem

                """,
            _ => "",
        };
        await File.WriteAllTextAsync($"{home.FullName}/config.yml", config, cancellation);
        var start = new ProcessStartInfo(Program) { ArgumentList = { "serve", $"{home.FullName}/config.yml" }, RedirectStandardError = true, RedirectStandardOutput = true };
        process = Process.Start(start)!;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        // Whether it is trusted is the test's to ask.
        using var http = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true });
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(Patience.Bound);
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri(Url, "v2/"), bound.Token);
                return;
            }
            catch (HttpRequestException) when (!process.HasExited && !bound.IsCancellationRequested)
            {
                await Task.Delay(50, cancellation);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                throw new InvalidOperationException($"docker-registry {(process.HasExited ? "ended" : $"did not answer within {Patience.Bound.TotalMinutes} minutes")}:\n{Log}", e);
            }
        }
    }

    void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (log)
        {
            log.AppendLine(line.Data);
        }
    }

    async Task<string> Htpasswd(CancellationToken cancellation)
    {
        var path = $"{home.FullName}/htpasswd";
        await File.WriteAllTextAsync(path, $"{User}:{PasswordHash}\n", cancellation);
        return path;
    }

    /// <summary>A token service as the distribution documentation describes it: JWT, RS256, the certificate in the header.</summary>
    async Task<Uri> TokenService(CancellationToken cancellation)
    {
        var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=tests", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        await File.WriteAllTextAsync($"{home.FullName}/tokens.pem", certificate.ExportCertificatePem(), cancellation);
        var header = Part(new { typ = "JWT", alg = "RS256", x5c = new[] { Convert.ToBase64String(certificate.RawData) } });
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        tokens = builder.Build();
        tokens.MapGet("/token", (HttpRequest request) =>
        {
            var wanted = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"));
            if (!AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var shown) || shown.Parameter != wanted || request.Query["service"] != Service)
            {
                return Results.StatusCode(401);
            }
            var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            var access = request.Query["scope"].Select(s => s!.Split(':')).Select(s => new { type = s[0], name = s[1], actions = s[2].Split(',') });
            var signed = $"{header}.{Part(new { iss = "tests", sub = User, aud = Service, exp = now + 300, nbf = now - 10, iat = now, jti = $"{now}", access })}";
            var signature = key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            return Results.Json(new { token = $"{signed}.{Url64(signature)}", expires_in = 300 });
        });
        tokens.Lifetime.ApplicationStopped.Register(key.Dispose);
        await tokens.StartAsync(cancellation);
        return new Uri(tokens.Urls.Single() + "/token");
    }

    static string Part(object json) => Url64(JsonSerializer.SerializeToUtf8Bytes(json));

    static string Url64(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
