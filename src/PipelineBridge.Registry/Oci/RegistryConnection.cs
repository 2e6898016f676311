using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using PipelineBridge.Events;

namespace PipelineBridge.Registry.Oci;

/// <summary>One registry: sends requests with what they need to be let in, and tells apart what may pass and what will not.</summary>
sealed class RegistryConnection : IDisposable
{
    /// <summary>The largest manifest that is read (distribution-spec: registries should take 4 MiB, clients should send no more).</summary>
    public const int LargestManifestBytes = 4 * 1024 * 1024;

    const int LargestErrorBytes = 64 * 1024;

    readonly HttpMessageInvoker http;
    readonly TimeProvider clock;
    readonly bool isConfigured;
    readonly Uri root;
    readonly Authorizer authorizer;

    public RegistryConnection(RegistryOptions options, bool isConfigured, HttpMessageInvoker http, TimeProvider clock)
    {
        Options = options;
        this.http = http;
        this.clock = clock;
        this.isConfigured = isConfigured;
        Name = options.Name;
        root = options.Url.AbsolutePath.EndsWith('/') ? options.Url : new Uri(options.Url.AbsoluteUri + "/");
        authorizer = new Authorizer(options, root, Exchange, clock);
    }

    public string Name { get; }

    public RegistryOptions Options { get; }

    public TimeProvider Clock => clock;

    /// <summary>Where blobs were seen in this registry, to mount them into other repositories.</summary>
    public BlobHomes BlobHomes { get; } = new();

    /// <summary>Which blobs of this registry hold which layers.</summary>
    public KnownLayers Layers { get; } = new();

    public Uri Url(string path) => new(root, path);

    /// <summary>Where a <c>Location</c> points. A registry behind a proxy may not know that it is asked over https; the scheme of the same authority is the configured one.</summary>
    public Uri Location(Uri asked, string location)
    {
        var url = new Uri(asked, location);
        return url.Authority == root.Authority ? new UriBuilder(url) { Scheme = root.Scheme, Port = root.Port }.Uri : url;
    }

    /// <summary>Sends a request, again when that may help, for half a minute at most.</summary>
    /// <exception cref="RegistryUnavailable">It did not help; later it may.</exception>
    /// <exception cref="RegistryFailure">We are not let in.</exception>
    public async Task<RegistryAnswer> Send(RegistryRequest request, CancellationToken cancellation)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                return await Try(request, cancellation);
            }
            catch (RegistryUnavailable e)
            {
                if (!await backoff.Wait(e.RetryAfter, cancellation))
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Sends a request, a second time only to be let in.</summary>
    public async Task<RegistryAnswer> Try(RegistryRequest request, CancellationToken cancellation)
    {
        // An upload may be continued elsewhere, at a storage's signed URL: nothing of ours is shown there.
        var isHere = request.Url.Scheme == root.Scheme && request.Url.Authority == root.Authority;
        var shown = isHere ? await authorizer.Known(request, cancellation) : null;
        var answer = await Exchange(request, shown, cancellation);
        if (answer.Status == HttpStatusCode.Unauthorized && isHere)
        {
            shown = await authorizer.Convince(request, answer, shown, cancellation);
            answer = await Exchange(request, shown, cancellation);
        }
        return answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? throw authorizer.NotLetIn(request, answer, shown) : answer;
    }

    /// <summary>What to say when the registry answered something that is no answer to this request.</summary>
    public RegistryFailure Refused(RegistryRequest request, RegistryAnswer answer) => answer.IsRedirect
        ? new RegistryFailure(FailureCategory.Registry, $"The registry {Name} points elsewhere when asked to {request.Doing}; configure the URL that it points to.", answer.Describe(request))
        : new RegistryFailure(FailureCategory.Registry, $"The registry {Name} refused to {request.Doing} (HTTP {(int)answer.Status}).", answer.Describe(request));

    public void Dispose() => authorizer.Dispose();

    async Task<RegistryAnswer> Exchange(RegistryRequest request, AuthenticationHeaderValue? shown, CancellationToken cancellation)
    {
        using var idle = new IdleTimeout(clock, cancellation);
        using var message = new HttpRequestMessage(request.Method, request.Url);
        message.Headers.UserAgent.ParseAdd("pipelinebridge");
        message.Headers.Authorization = shown;
        foreach (var type in request.Accept)
        {
            message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        }
        message.Headers.Range = request.LastBytes is { } last ? new RangeHeaderValue(null, last) : null;
        message.Content = request.Content?.Invoke(idle);
        RegistryAnswer answer;
        try
        {
            using var response = await http.SendAsync(message, idle.Token);
            idle.Moved();
            answer = await Read(request, response, idle);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new RegistryUnavailable(idle.Passed
                ? $"The registry {Name} was asked to {request.Doing}, and nothing moved for a while."
                : $"The registry {Name} cannot be reached in time.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException && !cancellation.IsCancellationRequested)
        {
            throw Broken(e);
        }
        return MayPass(answer.Status)
            ? throw new RegistryUnavailable(
                answer.Status == HttpStatusCode.TooManyRequests ? $"The registry {Name} asks us to come less often (HTTP 429)." : $"The registry {Name} answers HTTP {(int)answer.Status}.",
                RetryAfter(answer))
            : answer;
    }

    static async Task<RegistryAnswer> Read(RegistryRequest request, HttpResponseMessage response, IdleTimeout idle)
    {
        var bound = request.KeepsBody && response.IsSuccessStatusCode ? LargestManifestBytes : LargestErrorBytes;
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        await using var stream = await response.Content.ReadAsStreamAsync(idle.Token);
        var isCut = false;
        while (await stream.ReadAsync(buffer, idle.Token) is var read and > 0)
        {
            idle.Moved();
            var room = bound - (int)body.Length;
            body.Write(buffer, 0, Math.Min(read, room));
            if (read > room)
            {
                isCut = true;
                break;
            }
        }
        return new RegistryAnswer(response.StatusCode, response.Headers, response.Content.Headers.ContentType?.MediaType, body.ToArray(), isCut);
    }

    // What a busy or restarting registry, or the proxy before it, answers; 501 and 505 stay as they are.
    static bool MayPass(HttpStatusCode status) => status is HttpStatusCode.RequestTimeout or (HttpStatusCode)425 or HttpStatusCode.TooManyRequests
        || ((int)status >= 500 && status is not (HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported));

    TimeSpan? RetryAfter(RegistryAnswer answer)
    {
        var asked = answer.Headers.RetryAfter;
        return asked?.Delta ?? (asked?.Date is { } date && date > clock.GetUtcNow() ? date - clock.GetUtcNow() : null);
    }

    Exception Broken(Exception e)
    {
        if (e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: AuthenticationException })
        {
            return new RegistryFailure(FailureCategory.Registry, $"The registry {Name} shows no certificate that is trusted here, or speaks no TLS, at {root}.", e.InnerException!.Message);
        }
        if (e is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } unresolved)
        {
            // A name that nobody configured and nobody knows is a slip of the pen; a known one may come back.
            return !isConfigured && unresolved.InnerException is SocketException { SocketErrorCode: SocketError.HostNotFound }
                ? new RegistryFailure(FailureCategory.Registry, $"There is no registry {Name}: the name is not known on the network, and the configuration has no such registry.") { NothingMade = true }
                : new RegistryUnavailable($"The name of the registry {Name} cannot be resolved.");
        }
        return new RegistryUnavailable(e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError }
            ? $"The registry {Name} cannot be reached."
            : $"The registry {Name} broke the connection.");
    }
}
