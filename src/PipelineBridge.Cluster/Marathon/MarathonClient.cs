using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>Speaks HTTP with Marathon; every wait and every body is bounded, and no secret leaves it but in its header.</summary>
public sealed class MarathonClient : IDisposable
{
    const int LargestBodyBytes = 32 * 1024 * 1024;

    static readonly TimeSpan AnswerBound = TimeSpan.FromSeconds(15);

    readonly MarathonClusterOptions options;
    readonly HttpClient http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        UseCookies = false,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Speaks with the Marathon of a cluster.</summary>
    public MarathonClient(MarathonClusterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
    }

    /// <summary>The cluster.</summary>
    public MarathonClusterOptions Options => options;

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    /// <summary>Asks, and reads the answer whole. 401 and 403 are refusals, what comes in place of Marathon is no answer.</summary>
    internal async Task<MarathonAnswer> Send(HttpMethod method, string path, JsonNode? body, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerBound);
        try
        {
            using var request = Request(method, new Uri(Root, path));
            if (body is not null)
            {
                request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            }
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            var answer = new MarathonAnswer(response.StatusCode, await Read(response, limit.Token));
            return response.StatusCode switch
            {
                HttpStatusCode.Unauthorized => throw new ClusterRefusedException(Events.FailureCategory.Configuration,
                    $"Marathon {options.Name} does not accept the credentials that the configuration names for it.", answer.ErrorText),
                // 403 is also the answer to too many deployments at once (max_running_deployments).
                HttpStatusCode.Forbidden when !IsTooMany(answer) => throw new ClusterRefusedException(Events.FailureCategory.Configuration,
                    $"Marathon {options.Name} does not allow this with the credentials that the configuration names for it.", answer.ErrorText),
                HttpStatusCode.Forbidden => throw new ClusterLockedException($"Marathon {options.Name} runs as many deployments as it may at once."),
                HttpStatusCode.BadGateway => throw new ClusterUnreachableException($"Marathon {options.Name} has no leader at the moment."),
                HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout or HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests =>
                    throw new ClusterUnreachableException($"Marathon {options.Name} answered {(int)response.StatusCode} and did not do it in time."),
                >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest =>
                    throw new ClusterUnreachableException($"What answers in the place of Marathon {options.Name} sends us elsewhere; its url in the configuration is that of something else."),
                _ => answer,
            };
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new ClusterUnreachableException($"Marathon {options.Name} did not answer within {AnswerBound.TotalSeconds:0} seconds.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new ClusterUnreachableException($"Marathon {options.Name} cannot be reached.", e);
        }
    }

    /// <summary>Opens the stream of events; a follower sends to the leader, which gets our credentials too.</summary>
    internal async Task<HttpResponseMessage> OpenEvents(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerBound);
        var url = new Uri(Root, "v2/events?plan-format=light");
        for (var hops = 0; ; hops++)
        {
            using var request = Request(HttpMethod.Get, url);
            request.Headers.Accept.Clear();
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }
            var (status, to) = (response.StatusCode, response.Headers.Location);
            response.Dispose();
            if (status is not (HttpStatusCode.Redirect or HttpStatusCode.TemporaryRedirect) || to is null || hops == 3)
            {
                throw new HttpRequestException($"The event stream was answered with {(int)status}.");
            }
            url = new Uri(url, to);
            // Only to the leader's event stream, and never to a weaker scheme: the credentials go along.
            if (!url.AbsolutePath.EndsWith("/v2/events", StringComparison.Ordinal) || (Root.Scheme == Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttps))
            {
                throw new HttpRequestException("The event stream was sent on to something that is no event stream.");
            }
        }
    }

    // What DC/OS and Marathon say besides 403 for missing rights has no such message.
    static bool IsTooMany(MarathonAnswer answer) => answer.Body.Contains("running deployments", StringComparison.OrdinalIgnoreCase)
        || answer.Body.Contains("max_running_deployments", StringComparison.OrdinalIgnoreCase);

    Uri Root => options.Url.AbsoluteUri.EndsWith('/') ? options.Url : new Uri(options.Url.AbsoluteUri + "/");

    HttpRequestMessage Request(HttpMethod method, Uri url)
    {
        var request = new HttpRequestMessage(method, url);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (options.Token?.Invoke() is { } token)
        {
            // DC/OS: Authorization: token=<token>, which is no scheme of the HTTP registry.
            request.Headers.TryAddWithoutValidation("Authorization", $"token={token}");
        }
        else if (options.Username is { } name)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{options.Password?.Invoke()}")));
        }
        return request;
    }

    static async Task<string> Read(HttpResponseMessage response, CancellationToken cancellation)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        using var whole = new MemoryStream();
        var buffer = new byte[81920];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
        {
            whole.Write(buffer, 0, read);
            if (whole.Length > LargestBodyBytes)
            {
                throw new ClusterUnreachableException($"Marathon's answer is larger than {LargestBodyBytes / 1024 / 1024} MiB.");
            }
        }
        return Encoding.UTF8.GetString(whole.GetBuffer(), 0, (int)whole.Length);
    }
}
