using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using PipelineBridge.Bridge.Asks;

namespace PipelineBridge.CommandLine;

/// <summary>Calls a bridge: each call is bounded, and an ask without an answer is sent again with its same key.</summary>
sealed class BridgeCalls : IDisposable
{
    /// <summary>How long one try may take, besides what it asks the bridge to wait.</summary>
    public static readonly TimeSpan Try = TimeSpan.FromSeconds(10);

    /// <summary>How long a call may take in all.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(40);

    const int Tries = 3;
    const int LongBodyBytes = 64 * 1024;
    const int LargestAnswerBytes = 16 * 1024 * 1024;

    readonly BridgeAddress address;
    readonly TimeProvider clock;
    readonly HttpClient http;

    public BridgeCalls(BridgeAddress address, TimeProvider clock)
    {
        this.address = address;
        this.clock = clock;
        http = new HttpClient(new SocketsHttpHandler
        {
            // A redirect would drop the key, or show it to somebody else.
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
        })
        {
            BaseAddress = address.Url,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = LargestAnswerBytes,
        };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", address.Token);
        http.DefaultRequestHeaders.UserAgent.ParseAdd("pipelinebridge");
    }

    public void Dispose() => http.Dispose();

    /// <summary>Asks for something; once for its key, however often it is sent.</summary>
    /// <exception cref="VerbException">It was refused, or whether it was accepted is not known.</exception>
    public async Task<(Receipt Receipt, string Text)> Ask(HttpMethod method, string path, JsonObject body, string key, CancellationToken stop)
    {
        var answer = await Repeated(() => Request(method, path, body.ToJsonString(), key), key, stop);
        return answer.As(CommandJson.Default.Receipt) is { Id.Length: > 0 } receipt
            ? (receipt, answer.Text)
            : throw Refusals.NoBridge(address, answer, key);
    }

    /// <summary>Has an ask judged that is not made yet.</summary>
    /// <exception cref="VerbException">It would be refused, or the bridge cannot be asked.</exception>
    public async Task Check(string path, JsonObject body, CancellationToken stop)
    {
        var answer = await Repeated(() => Request(HttpMethod.Post, path, body.ToJsonString(), null), null, stop);
        if (answer is not { Status: 204 })
        {
            throw Refusals.NoBridge(address, answer, null);
        }
    }

    /// <summary>A write that has no receipt.</summary>
    public Task Tell(HttpMethod method, string path, string key, CancellationToken stop) => Repeated(() => Request(method, path, null, key), key, stop);

    /// <summary>Reads a document.</summary>
    /// <exception cref="VerbException">It could not be read.</exception>
    public async Task<(T Document, string Text)> Read<T>(string path, JsonTypeInfo<T> type, CancellationToken stop) where T : class
    {
        var answer = await Repeated(() => Request(HttpMethod.Get, path, null, null), null, stop);
        return answer.As(type) is { } document ? (document, answer.Text) : throw Refusals.NoBridge(address, answer, null);
    }

    /// <summary>One try to read; what may pass is told, and no exception.</summary>
    /// <param name="path">What to read.</param>
    /// <param name="waitSeconds">How long the bridge is asked to wait.</param>
    /// <param name="stop">Stops it.</param>
    /// <exception cref="VerbException">It will not be answered otherwise.</exception>
    public async Task<(Answer? Answer, string? Trouble)> TryRead(string path, int waitSeconds, CancellationToken stop)
    {
        var (answer, trouble, _) = await Once(Request(HttpMethod.Get, path, null, null), Try + TimeSpan.FromSeconds(waitSeconds), stop);
        return answer switch
        {
            null => (null, trouble),
            { IsGood: true } => (answer, null),
            { MayPass: true } => (null, $"it answers HTTP {answer.Status}"),
            _ => throw Refusals.Of(address, answer),
        };
    }

    /// <summary>One try to open a stream of events; whoever reads it bounds its silence.</summary>
    /// <exception cref="VerbException">It will not be opened otherwise.</exception>
    public async Task<(HttpResponseMessage? Stream, string? Trouble)> TryStream(string path, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(Try, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        using var request = Request(HttpMethod.Get, path, null, null);
        try
        {
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (response.IsSuccessStatusCode && response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            {
                return (response, null);
            }
            using (response)
            {
                var answer = await Read(response, either.Token);
                return answer.MayPass ? (null, $"it answers HTTP {answer.Status}") : throw (answer.IsGood ? Refusals.NoBridge(address, answer, null) : Refusals.Of(address, answer));
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return (null, $"it did not answer within {Try.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException && !stop.IsCancellationRequested)
        {
            return (null, Words(e));
        }
    }

    async Task<Answer> Repeated(Func<HttpRequestMessage> request, string? key, CancellationToken stop)
    {
        var began = clock.GetTimestamp();
        var pause = TimeSpan.FromSeconds(1);
        var mayHaveArrived = false;
        for (var tries = 1; ; tries++)
        {
            var left = Bound - clock.GetElapsedTime(began);
            var (answer, trouble, arrived) = await Once(request(), left < Try ? left : Try, stop);
            // 429 is a refusal: nothing was accepted by it.
            mayHaveArrived |= answer is null ? arrived : answer.MayPass && answer.Status != 429;
            if (answer is { MayPass: false })
            {
                return answer.IsGood ? answer : throw Refusals.Of(address, answer);
            }
            var wait = answer?.RetryAfter is { } asked && asked > pause ? asked : pause;
            if (tries == Tries || clock.GetElapsedTime(began) + wait + TimeSpan.FromSeconds(1) > Bound)
            {
                throw Refusals.NoAnswer(address, answer, trouble, key, tries, mayHaveArrived);
            }
            await Task.Delay(wait, clock, stop);
            pause *= 2;
        }
    }

    async Task<(Answer? Answer, string? Trouble, bool MayHaveArrived)> Once(HttpRequestMessage request, TimeSpan bound, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(bound, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        using (request)
        {
            try
            {
                using var response = await http.SendAsync(request, either.Token);
                return (await Read(response, either.Token), null, true);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                return (null, $"it did not answer within {bound.TotalSeconds:0} s", true);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or InvalidOperationException && !stop.IsCancellationRequested)
            {
                return (null, Words(e), e is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError });
            }
        }
    }

    async Task<Answer> Read(HttpResponseMessage response, CancellationToken stop)
    {
        var text = await response.Content.ReadAsStringAsync(stop);
        var asked = response.Headers.RetryAfter;
        var after = asked?.Delta ?? (asked?.Date is { } date ? date - clock.GetUtcNow() : null);
        return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, text, after, response.Headers.Location?.ToString());
    }

    static HttpRequestMessage Request(HttpMethod method, string path, string? body, string? key)
    {
        var request = new HttpRequestMessage(method, path.TrimStart('/'));
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            // A long one waits for a go-ahead (RFC 9110, 10.1.1): a refusal sent while it is still on its way would be lost with the connection.
            request.Headers.ExpectContinue = body.Length > LongBodyBytes;
        }
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        }
        return request;
    }

    static string Words(Exception e) => e switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "its name is not known on the network",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => e.InnerException is AuthenticationException inner ? $"no secure connection: {inner.Message.TrimEnd('.')}" : "it speaks no TLS",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError, InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } => "it refuses connections",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => "it cannot be reached",
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => $"its answer is larger than {LargestAnswerBytes} bytes",
        _ => "it broke the connection in the middle of its answer",
    };
}
