using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using PipelineBridge.Events;
using PipelineBridge.Messaging.Broker;
using EventId = PipelineBridge.Events.EventId;

namespace PipelineBridge.Messaging;

/// <summary>The bridge as the stages of another process reach it.</summary>
/// <param name="Url">The root of its API.</param>
/// <param name="Key">Reads the key that is shown, each time; it needs the verb <c>stage</c>.</param>
public sealed record HttpBridgeOptions(Uri Url, Func<string?> Key);

/// <summary>
/// The bridge from another process: how a work stands, its phase and its evidence over HTTP, what is seen on the way over
/// the broker. A bridge that does not answer is waited for: the work stays unacknowledged meanwhile.
/// </summary>
public sealed partial class HttpBridge(HttpBridgeOptions options, OutcomePublisher outcomes, HttpClient http, TimeProvider clock, ILogger<HttpBridge> log) : IBridgeClient
{
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    static readonly TimeSpan EvidencePatience = TimeSpan.FromSeconds(30);
    static readonly TimeSpan ReadingPatience = TimeSpan.FromSeconds(10);

    /// <summary>The longest piece of evidence that is kept, in characters; of a longer one the end, where the reason mostly stands.</summary>
    const int LongestEvidence = 64 * 1024;

    /// <summary>Why the bridge does not answer as it should; null while it does. Readiness shows it.</summary>
    public string? Trouble { get; private set; }

    /// <inheritdoc/>
    public Task Tell(CdEvent seen, CancellationToken cancellation) => outcomes.Publish(seen, cancellation);

    /// <inheritdoc/>
    public async Task<WorkStanding> Standing(EventId work, CancellationToken cancellation)
    {
        var answer = await UntilAnswered(() => new HttpRequestMessage(HttpMethod.Get, $"v1/work/{work}"), cancellation);
        return answer.Status switch
        {
            HttpStatusCode.NotFound => throw new NotWorkException($"The bridge did not give the work {work}."),
            _ => JsonSerializer.Deserialize(answer.Body, HttpBridgeJson.Default.WorkAnswer) is { } standing
                ? new WorkStanding(standing.State, standing.TakingBack, Bytes(standing.Specification), Bytes(standing.PreviousSpecification), standing.Started)
                : throw new InvalidDataException("The bridge answered nothing about the work."),
        };
    }

    /// <inheritdoc/>
    public async Task TakingBack(EventId work, CancellationToken cancellation)
    {
        var answer = await UntilAnswered(() => new HttpRequestMessage(HttpMethod.Put, $"v1/work/{work}/phase")
        {
            Content = new StringContent("""{"phase":"takingback"}""", Encoding.UTF8, "application/json"),
        }, cancellation);
        if (answer.Status == HttpStatusCode.NotFound)
        {
            throw new NotWorkException($"The bridge did not give the work {work}.");
        }
    }

    /// <inheritdoc/>
    public async Task<Evidence> PutEvidence(string name, string text, CancellationToken cancellation)
    {
        var bytes = Encoding.UTF8.GetBytes(text.Length > LongestEvidence ? text[^LongestEvidence..] : text);
        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(EvidencePatience);
        try
        {
            await UntilAnswered(() => new HttpRequestMessage(HttpMethod.Put, $"v1/blobs/{digest}")
            {
                Content = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain", "utf-8") } },
            }, limit.Token);
            return new Evidence(name, digest);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Evidence(name, Missing: "It could not be kept within 30 seconds.");
        }
    }

    /// <inheritdoc/>
    public async Task<string?> ReadEvidence(Evidence evidence, CancellationToken cancellation)
    {
        if (evidence.Blob is null)
        {
            return null;
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(ReadingPatience);
        try
        {
            var answer = await UntilAnswered(() => new HttpRequestMessage(HttpMethod.Get, $"v1/blobs/{evidence.Blob}"), limit.Token);
            return answer.Status == HttpStatusCode.OK ? Encoding.UTF8.GetString(answer.Body) : null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<ExpectedDeployment?> Expected(string app, string environment, CancellationToken cancellation)
    {
        var answer = await UntilAnswered(() => new HttpRequestMessage(HttpMethod.Get, $"v1/expected/{app}/{environment}"), cancellation);
        return answer.Status == HttpStatusCode.NoContent ? null : JsonSerializer.Deserialize(answer.Body, HttpBridgeJson.Default.ExpectedDeployment);
    }

    /// <summary>The first answer that says something of the matter; whatever else comes is tried again until cancelled.</summary>
    async Task<(HttpStatusCode Status, byte[] Body)> UntilAnswered(Func<HttpRequestMessage> ask, CancellationToken cancellation)
    {
        for (var wait = TimeSpan.FromMilliseconds(100); ; wait = wait * 2 < LongestPause ? wait * 2 : LongestPause)
        {
            string trouble;
            try
            {
                using var request = ask();
                request.RequestUri = new Uri(options.Url, request.RequestUri!.OriginalString);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.Key());
                using var answer = await http.SendAsync(request, cancellation);
                var body = await answer.Content.ReadAsByteArrayAsync(cancellation);
                if (answer.IsSuccessStatusCode || answer.StatusCode is HttpStatusCode.Gone || (answer.StatusCode is HttpStatusCode.NotFound && IsOurs(answer)))
                {
                    Trouble = null;
                    return (answer.StatusCode, body);
                }
                trouble = answer.StatusCode switch
                {
                    HttpStatusCode.Unauthorized => $"The bridge at {options.Url} refuses the key: it does not know it. See worker.key.",
                    HttpStatusCode.Forbidden => $"The bridge at {options.Url} refuses the key: it lacks the verb stage.",
                    _ => $"The bridge at {options.Url} answered {(int)answer.StatusCode}.",
                };
            }
            catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                trouble = $"The bridge at {options.Url} does not answer: {e.Message}";
            }
            if (Trouble != trouble)
            {
                Log.Waits(log, trouble);
            }
            Trouble = trouble;
            await Task.Delay(wait, clock, cancellation);
        }
    }

    // A proxy before a bridge that is away says 404 as well; the bridge's own is a problem document.
    static bool IsOurs(HttpResponseMessage answer) => answer.Content.Headers.ContentType?.MediaType == "application/problem+json";

    static ReadOnlyMemory<byte>? Bytes(string? text)
    {
        // Not by ?: — a null array would become a memory that is empty and not null.
        if (text is null)
        {
            return null;
        }
        return Encoding.UTF8.GetBytes(text);
    }

    static partial class Log
    {
        [LoggerMessage(4201, LogLevel.Warning, "{Trouble} Work waits for it.")]
        public static partial void Waits(ILogger log, string trouble);
    }
}

/// <summary>How a work stands, as <c>GET /v1/work/{id}</c> answers it.</summary>
sealed record WorkAnswer(string Id, string State, bool TakingBack, string? Specification, string? PreviousSpecification, bool Started = false);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(WorkAnswer))]
[JsonSerializable(typeof(ExpectedDeployment))]
sealed partial class HttpBridgeJson : JsonSerializerContext;
