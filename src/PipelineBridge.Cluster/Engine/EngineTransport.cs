using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Docker.DotNet;
using Docker.DotNet.Handler.Abstractions;
using Docker.DotNet.NativeHttp;

namespace PipelineBridge.Cluster.Engine;

/// <summary>How an engine is reached: by its socket, or by TCP with TLS.</summary>
static class EngineTransport
{
    /// <summary>A client that has no bound of its own: a pull and a stream of events last longer than any one answer.</summary>
    public static DockerClient Client(EngineHostOptions options) => new DockerClientBuilder()
        .WithEndpoint(options.Url.Scheme == "unix" ? new Uri("http://engine/") : options.Url)
        .WithAuthProvider(options.IsTls ? new OverTls() : NoopAuthProvider.Instance)
        .WithTimeout(Timeout.InfiniteTimeSpan)
        .WithTransportOptions(new NativeHttpTransportOptions { ConfigureHandler = handler => Reach(handler, options) })
        .Build();

    /// <summary>What to say when an engine was not reached.</summary>
    public static string Trouble(EngineHostOptions options, Exception e) => e.InnerException is AuthenticationException inner
        ? inner is OwnCertificateException ? inner.Message : $"The engine {options.Name} and the bridge do not trust each other's certificates at {options.Url}."
        // With TLS 1.3 whoever shows a wrong certificate is hung up on only after the handshake (RFC 8446, 2).
        : $"The engine {options.Name} cannot be reached at {options.Url}{(options.Certificate is null ? "" : ", or does not take the certificate that it is shown")}.";

    static void Reach(SocketsHttpHandler handler, EngineHostOptions options)
    {
        handler.ConnectTimeout = TimeSpan.FromSeconds(10);
        // Each rollout holds one for the engine's events: with the library's bound, many rollouts at once leave none for a question.
        handler.MaxConnectionsPerServer = int.MaxValue;
        if (options.Url.Scheme == "unix")
        {
            handler.ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(options.Url.AbsolutePath), stop);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
            return;
        }
        if (!options.IsTls)
        {
            return;
        }
        // Read at each connection, so that renewed ones are taken without a restart.
        handler.PooledConnectionLifetime = TimeSpan.FromHours(1);
        if (options.Certificate is { } certificate)
        {
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => Own(options, certificate);
        }
        if (options.Authority is { } authority)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, chain, errors) => IsFrom(authority, shown, chain, errors);
        }
    }

    static X509Certificate2 Own(EngineHostOptions options, string certificate)
    {
        try
        {
            return X509Certificate2.CreateFromPem(File.ReadAllText(certificate), options.Key?.Invoke() ?? throw new IOException("There is no key."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new OwnCertificateException($"The certificate for the engine {options.Name}, or its key, cannot be read.", e);
        }
    }

    static bool IsFrom(string authority, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (shown is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0)
        {
            return false;
        }
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.CustomTrustStore.ImportFromPemFile(authority);
        own.ChainPolicy.ExtraStore.AddRange(chain?.ChainPolicy.ExtraStore ?? []);
        using var certificate = X509CertificateLoader.LoadCertificate(shown.GetRawCertData());
        return own.Build(certificate);
    }

    /// <summary>The certificate that is to be shown, or its key, cannot be read.</summary>
    sealed class OwnCertificateException(string message, Exception inner) : AuthenticationException(message, inner);

    /// <summary>Makes the client speak TLS, whatever the address begins with; which certificates is said to the transport itself.</summary>
    sealed class OverTls : IAuthProvider
    {
        public bool TlsEnabled => true;

        public HttpMessageHandler ConfigureHandler(HttpMessageHandler handler) => handler;
    }
}
