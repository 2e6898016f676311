using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PipelineBridge.Notifications.Chat;

/// <summary>Calls a method of the Slack Web API and tells the kinds of failure apart (docs.slack.dev/apis/web-api).</summary>
sealed class SlackApi(SlackTargetOptions options, HttpClient http)
{
    readonly string root = options.ApiUrl.AbsoluteUri.TrimEnd('/') + "/";

    // The codes that say: later perhaps. Everything else stays as it is until somebody changes something.
    static readonly HashSet<string> Passing =
    [
        "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
        "team_added_to_org",
    ];

    /// <summary>Calls a method that reads; some of these see no JSON body.</summary>
    public Task<JsonElement> Read(string method, IEnumerable<KeyValuePair<string, string>> arguments, CancellationToken cancellation) =>
        Call(method, new FormUrlEncodedContent(arguments), cancellation);

    /// <summary>Calls a method that writes.</summary>
    public Task<JsonElement> Write(string method, JsonObject arguments, CancellationToken cancellation) =>
        Call(method, new StringContent(arguments.ToJsonString(), Encoding.UTF8, "application/json"), cancellation);

    /// <summary>The answer of a call that came with <c>ok: true</c>.</summary>
    /// <exception cref="SlackErrorException">Slack answered <c>ok: false</c>.</exception>
    /// <exception cref="ChatRefusedException">There is no token, or no Slack at the URL.</exception>
    /// <exception cref="ChatUnavailableException">No answer, or one that says later.</exception>
    async Task<JsonElement> Call(string method, HttpContent content, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, root + method) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token());
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellation);
            if (answer.StatusCode == HttpStatusCode.TooManyRequests)
            {
                throw new ChatUnavailableException($"Slack asks the target {options.Name} to wait.", RetryAfter(answer));
            }
            if ((int)answer.StatusCode >= 500 || answer.StatusCode == HttpStatusCode.RequestTimeout)
            {
                throw new ChatUnavailableException($"Slack answers the target {options.Name} with status {(int)answer.StatusCode}.");
            }
            var json = Parsed(await answer.Content.ReadAsByteArrayAsync(cancellation));
            if (json is null && !answer.IsSuccessStatusCode)
            {
                throw new ChatRefusedException(
                    $"The target {options.Name} was not told: what stands at targets.{options.Name}.slack.url answers with status {(int)answer.StatusCode} and is no Slack Web API, which is at https://slack.com/api.",
                    $"{method}: HTTP {(int)answer.StatusCode}");
            }
            return Good(method, json ?? throw new ChatUnavailableException($"What Slack answers the target {options.Name} is no JSON."));
        }
        catch (HttpRequestException)
        {
            throw new ChatUnavailableException($"Slack cannot be reached for the target {options.Name}.");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ChatUnavailableException($"Slack does not answer the target {options.Name} in {http.Timeout.TotalSeconds:0.#} s.");
        }
    }

    static JsonElement Good(string method, JsonElement json)
    {
        if (json.TryGetProperty("ok", out var ok) && ok.ValueKind == JsonValueKind.True)
        {
            return json;
        }
        var error = json.TryGetProperty("error", out var code) && code.ValueKind == JsonValueKind.String ? code.GetString()! : "unknown";
        throw new SlackErrorException(method, error.Length > 100 ? error[..100] : error, Passing.Contains(error));
    }

    string Token()
    {
        var token = options.Token();
        if (string.IsNullOrEmpty(token))
        {
            throw new ChatRefusedException($"The target {options.Name} was not told: there is no token where targets.{options.Name}.slack.token points.");
        }
        // What cannot stand in a header would be quoted by the exception that says so.
        return token.All(c => c is > ' ' and < '\x7f') ? token
            : throw new ChatRefusedException($"The target {options.Name} was not told: where targets.{options.Name}.slack.token points is no token, it has blanks or signs that none has.");
    }

    static JsonElement? Parsed(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Slack sends seconds, never a date; below one it would be hammered.
    static TimeSpan? RetryAfter(HttpResponseMessage answer) =>
        answer.Headers.RetryAfter?.Delta is { } delta ? (delta < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : delta) : null;
}

/// <summary>Slack answered <c>ok: false</c>, which comes with status 200.</summary>
/// <param name="method">The method that was called.</param>
/// <param name="error">Slack's code for what is wrong.</param>
/// <param name="passing">Whether it may be otherwise later.</param>
sealed class SlackErrorException(string method, string error, bool passing) : Exception($"{method}: {error}")
{
    public string Error => error;

    public bool Passing => passing;
}
