using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using PipelineBridge.Events;

namespace PipelineBridge.Registry.Oci;

/// <summary>Sends one request with these credentials.</summary>
delegate Task<RegistryAnswer> Exchange(RegistryRequest request, AuthenticationHeaderValue? shown, CancellationToken cancellation);

/// <summary>
/// Gets us in: Basic, or a token of the service that the registry names (distribution docs, "Token Authentication").
/// What the first challenge said is remembered, so that later requests come with their token at once.
/// </summary>
sealed class Authorizer(RegistryOptions options, Uri root, Exchange exchange, TimeProvider clock) : IDisposable
{
    readonly ConcurrentDictionary<string, Token> tokens = new(StringComparer.Ordinal);
    readonly SemaphoreSlim gate = new(1);
    volatile Challenge? known;

    /// <summary>What to show without being asked; null before the first challenge.</summary>
    public async Task<AuthenticationHeaderValue?> Known(RegistryRequest request, CancellationToken cancellation) => known switch
    {
        null => null,
        { IsBearer: true } challenge => await Bearer(challenge, request, null, cancellation),
        _ => options.Username is null ? null : Basic(),
    };

    /// <summary>What to show after a 401, also to a token that was too old or allowed too little.</summary>
    public async Task<AuthenticationHeaderValue?> Convince(RegistryRequest request, RegistryAnswer answer, AuthenticationHeaderValue? shown, CancellationToken cancellation)
    {
        if (Challenge.Of(answer.Headers) is not { } challenge)
        {
            throw NotLetIn(request, answer, shown);
        }
        known = challenge with { Scopes = [], Error = null };
        if (challenge.IsBearer)
        {
            return await Bearer(challenge, request, shown?.Parameter, cancellation);
        }
        return options.Username is null || shown?.Scheme == "Basic" ? throw NotLetIn(request, answer, shown) : Basic();
    }

    /// <summary>Names the registry and who was not let in; never a secret.</summary>
    public RegistryFailure NotLetIn(RegistryRequest request, RegistryAnswer answer, AuthenticationHeaderValue? shown) => new(
        FailureCategory.Registry,
        options.Username is not { } user ? $"The registry {options.Name} lets nobody {request.Doing} without credentials, and none are configured for it."
        : answer.Status == HttpStatusCode.Unauthorized && shown?.Scheme != "Bearer" ? $"The registry {options.Name} refuses the credentials of the user {user}."
        : $"The registry {options.Name} does not let the user {user} {request.Doing}.",
        Masked(answer.Describe(request), shown));

    public void Dispose() => gate.Dispose();

    AuthenticationHeaderValue Basic() =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{options.Username}:{Password()}")));

    string Password()
    {
        string? password;
        try
        {
            password = options.Password?.Invoke();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            password = null;
        }
        return string.IsNullOrEmpty(password)
            ? throw new RegistryFailure(FailureCategory.Configuration, $"The password of the user {options.Username} for the registry {options.Name} is not there.")
            : password;
    }

    async Task<AuthenticationHeaderValue> Bearer(Challenge challenge, RegistryRequest request, string? rejected, CancellationToken cancellation)
    {
        var key = string.Join(' ', Scope.Union(request.Scopes));
        if (Cached(key, rejected) is { } cached)
        {
            return cached;
        }
        await gate.WaitAsync(cancellation);
        try
        {
            // Another request may have fetched it meanwhile.
            if (Cached(key, rejected) is { } fetched)
            {
                return fetched;
            }
            var token = await Fetch(challenge, request, cancellation);
            tokens[key] = token;
            return new AuthenticationHeaderValue("Bearer", token.Value);
        }
        finally
        {
            gate.Release();
        }
    }

    AuthenticationHeaderValue? Cached(string key, string? rejected) =>
        tokens.TryGetValue(key, out var token) && token.Value != rejected && token.UseUntil > clock.GetUtcNow()
            ? new AuthenticationHeaderValue("Bearer", token.Value)
            : null;

    async Task<Token> Fetch(Challenge challenge, RegistryRequest request, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(root, challenge.Realm, out var realm) || challenge.Realm is null || realm.Scheme is not ("http" or "https"))
        {
            throw new RegistryFailure(FailureCategory.Registry, $"The registry {options.Name} names no token service that could be asked.");
        }
        var credentials = options.Username is null ? null : Basic();
        if (credentials is not null && root.Scheme == "https" && realm.Scheme != "https")
        {
            throw new RegistryFailure(FailureCategory.Registry, $"The registry {options.Name} names a token service without TLS; the credentials of the user {options.Username} are not sent there.");
        }
        var query = new List<string>();
        if (challenge.Service is not null)
        {
            query.Add("service=" + Uri.EscapeDataString(challenge.Service));
        }
        // One parameter a scope.
        query.AddRange(Scope.Union([.. request.Scopes, .. challenge.Scopes]).Select(s => "scope=" + Uri.EscapeDataString(s)));
        var url = new UriBuilder(realm);
        url.Query = string.Join('&', [.. url.Query.TrimStart('?') is { Length: > 0 } own ? [own] : Array.Empty<string>(), .. query]);
        var asked = request with { Method = HttpMethod.Get, Url = url.Uri, Accept = [], Content = null, KeepsBody = true };
        var now = clock.GetUtcNow();
        var answer = await exchange(asked, credentials, cancellation);
        if (answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            throw NotLetIn(asked with { Doing = request.Doing }, answer, credentials);
        }
        return (answer.IsGood ? Read(answer.Body, now) : null) ?? throw new RegistryFailure(
            FailureCategory.Registry, $"The token service of the registry {options.Name} gave no token (HTTP {(int)answer.Status}).", answer.IsGood ? null : Masked(answer.Describe(asked), credentials));
    }

    static Token? Read(byte[] body, DateTimeOffset now)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var json = document.RootElement;
            var value = json.TryGetProperty("token", out var token) || json.TryGetProperty("access_token", out token) ? token.GetString() : null;
            // Without a word it is good for 60 seconds; a tenth is kept for the way.
            var seconds = json.TryGetProperty("expires_in", out var expires) && expires.TryGetInt64(out var given) ? Math.Clamp(given, 1, 86400) : 60;
            return string.IsNullOrEmpty(value) ? null : new Token(value, now.AddSeconds(seconds * 0.9));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // An answer may repeat what it was sent.
    string Masked(string text, AuthenticationHeaderValue? shown)
    {
        if (shown?.Parameter is { Length: > 0 } parameter)
        {
            text = text.Replace(parameter, "***", StringComparison.Ordinal);
        }
        return shown?.Scheme == "Basic" && options.Username is not null ? text.Replace(Password(), "***", StringComparison.Ordinal) : text;
    }

    sealed record Token(string Value, DateTimeOffset UseUntil);
}
