using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Docker.DotNet;
using Docker.DotNet.Handler.Abstractions;
using Docker.DotNet.Models;
using Docker.DotNet.NativeHttp;
using PipelineBridge.Events;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry.Engine;

/// <summary>An image as an engine has it.</summary>
/// <param name="Id">Its id: the digest of its configuration.</param>
/// <param name="DiffIds">The digests of its layers' tar files, from the lowest on (image-spec, config.md, "Layer DiffID").</param>
/// <param name="SizeBytes">How much its layers hold, in bytes.</param>
/// <param name="IsNamed">Whether it has the name that it was looked for by; else it was found by its id.</param>
sealed record EngineImage(string Id, IReadOnlyList<string> DiffIds, long SizeBytes, bool IsNamed);

/// <summary>One engine, for one push: certificates are read anew each time, so that renewed ones are taken without a restart.</summary>
sealed class DockerEngine : IDisposable
{
    static readonly TimeSpan ShortCall = TimeSpan.FromSeconds(30);

    readonly EngineOptions options;
    readonly TimeProvider clock;
    readonly DockerClient client;

    public DockerEngine(EngineOptions options, TimeProvider clock)
    {
        this.options = options;
        this.clock = clock;
        // One transport for socket and TCP; the library's own for sockets takes a read of nothing for the stream's end.
        client = new DockerClientBuilder()
            .WithEndpoint(options.Url.Scheme == "unix" ? new Uri("http://engine/") : options.Url)
            .WithAuthProvider(options.IsTls ? new OverTls() : NoopAuthProvider.Instance)
            .WithTimeout(Timeout.InfiniteTimeSpan)
            .WithTransportOptions(new NativeHttpTransportOptions { ConfigureHandler = Reach })
            .Build();
    }

    public string Name => options.Name;

    public TimeProvider Clock => clock;

    /// <summary>The image behind a name; by its id where only that is there.</summary>
    /// <param name="name">The whole name, with its tag.</param>
    /// <param name="imageId">The id that is wanted; null for any.</param>
    public async Task<EngineImage> Image(string name, string? imageId, CancellationToken cancellation)
    {
        var found = await Inspect(name, cancellation);
        var isNamed = found is not null;
        if (found is null && imageId is not null)
        {
            found = await Inspect(imageId, cancellation);
        }
        if (found is null)
        {
            throw new RegistryFailure(FailureCategory.Image, $"The engine {Name} has no image {name}{(imageId is null ? "" : " and none with the id that was asked for")}.") { NothingMade = true };
        }
        return imageId is null || found.ID == imageId
            ? new EngineImage(found.ID, [.. found.RootFS?.Layers ?? []], found.Size, isNamed)
            : throw new RegistryFailure(FailureCategory.Image, $"On the engine {Name}, {name} is not {imageId}, which was asked for: another image has that name now.", $"it is {found.ID}") { NothingMade = true };
    }

    /// <summary>The tags of one repository that the engine has, newest first.</summary>
    public Task<IReadOnlyList<string>> Tags(string repository, CancellationToken cancellation) => Call("list its images", async stop =>
    {
        var images = await client.Images.ListImagesAsync(
            new ImagesListParameters { Filters = new Dictionary<string, IDictionary<string, bool>> { ["reference"] = new Dictionary<string, bool> { [repository] = true } } }, stop);
        return (IReadOnlyList<string>)[.. images.OrderByDescending(i => i.Created).SelectMany(i => i.RepoTags ?? []).Where(t => t.StartsWith(repository + ":", StringComparison.Ordinal)).Select(t => t[(repository.Length + 1)..])];
    }, cancellation);

    /// <summary>The image as a tar file, as <c>docker save</c> writes it. The engine prepares all of it before the first byte.</summary>
    public Task<Stream> Save(string id, IdleTimeout idle)
    {
        idle.AllSent();
        return Call("give an image", stop => client.Images.SaveImageAsync(id, stop), idle.Token, bounded: false);
    }

    /// <summary>Gives an image a name.</summary>
    public Task<bool> Tag(string id, string repository, string tag, CancellationToken cancellation) => Call("name an image", async stop =>
    {
        await client.Images.TagImageAsync(id, new ImageTagParameters { RepositoryName = repository, Tag = tag }, stop);
        return true;
    }, cancellation);

    /// <summary>Whether it pushes by itself.</summary>
    public bool PushesItself => options.PushesItself;

    /// <summary>Has the engine push a tag; every message goes to <paramref name="heard"/> as it comes.</summary>
    public Task<bool> Push(string repository, string tag, AuthConfig credentials, IProgress<JSONMessage> heard, CancellationToken cancellation) => Call("push", async stop =>
    {
        await client.Images.PushImageAsync(repository, new ImagePushParameters { Tag = tag }, credentials, heard, stop);
        return true;
    }, cancellation, bounded: false);

    /// <summary>What to say when the connection to it broke, or it said nothing for too long.</summary>
    public RegistryUnavailable Lost(string doing) => new($"The engine {Name} broke off when it was to {doing}.") { Category = FailureCategory.Image };

    public void Dispose() => client.Dispose();

    Task<ImageInspectResponse?> Inspect(string name, CancellationToken cancellation) => Call("tell of an image", async stop =>
    {
        try
        {
            return await client.Images.InspectImageAsync(name, stop);
        }
        catch (DockerImageNotFoundException)
        {
            return null;
        }
    }, cancellation);

    async Task<T> Call<T>(string doing, Func<CancellationToken, Task<T>> call, CancellationToken cancellation, bool bounded = true)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var timer = bounded ? clock.CreateTimer(_ => bound.Cancel(), null, ShortCall, Timeout.InfiniteTimeSpan) : null;
        try
        {
            return await call(bound.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new RegistryUnavailable($"The engine {Name} does not answer in {ShortCall.TotalSeconds:0} s.") { Category = FailureCategory.Image };
        }
        catch (DockerApiException e) when (e.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout)
        {
            throw new RegistryUnavailable($"The engine {Name} answers HTTP {(int)e.StatusCode}.") { Category = FailureCategory.Image };
        }
        catch (DockerApiException e) when (e.ResponseBody?.Contains("no space left", StringComparison.OrdinalIgnoreCase) == true)
        {
            throw new RegistryFailure(FailureCategory.Resources, $"The disk of the engine {Name} is full: it could not {doing}.", e.ResponseBody);
        }
        catch (DockerApiException e)
        {
            throw new RegistryFailure(FailureCategory.Image, $"The engine {Name} refused to {doing} (HTTP {(int)e.StatusCode}).", e.ResponseBody);
        }
        catch (HttpRequestException e) when (e.InnerException is AuthenticationException inner)
        {
            throw new RegistryFailure(FailureCategory.Configuration, $"The engine {Name} and the bridge do not trust each other's certificates at {options.Url}.", inner.Message) { NothingMade = true };
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException && !cancellation.IsCancellationRequested)
        {
            throw new RegistryUnavailable($"The engine {Name} cannot be reached at {options.Url}{(options.IsTls ? ", or does not take the certificate that it is shown" : "")}.") { Category = FailureCategory.Image };
        }
    }

    void Reach(SocketsHttpHandler handler)
    {
        handler.ConnectTimeout = TimeSpan.FromSeconds(10);
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
        }
        else if (options.IsTls)
        {
            handler.SslOptions = Tls();
        }
    }

    SslClientAuthenticationOptions Tls()
    {
        try
        {
            var tls = new SslClientAuthenticationOptions();
            if (options.Certificate is { } certificate)
            {
                var key = options.Key?.Invoke() ?? throw new RegistryFailure(FailureCategory.Configuration, $"The key of the certificate for the engine {Name} cannot be read.") { NothingMade = true };
                tls.ClientCertificates = [X509Certificate2.CreateFromPem(File.ReadAllText(certificate), key)];
            }
            if (options.Authority is { } authority)
            {
                tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
                tls.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(authority);
            }
            return tls;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new RegistryFailure(FailureCategory.Configuration, $"The certificate, its key or the authority for the engine {Name} cannot be read.", e.Message) { NothingMade = true };
        }
    }

    /// <summary>Makes tcp mean https; which certificates is said to the transport itself.</summary>
    sealed class OverTls : IAuthProvider
    {
        public bool TlsEnabled => true;

        public HttpMessageHandler ConfigureHandler(HttpMessageHandler handler) => handler;
    }
}
