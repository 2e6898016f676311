using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Registry;

/// <summary>Who may do what: HTTP Basic, or the token flow (distribution docs, "Token Authentication").</summary>
sealed class RegistryAccess(RegistrySimulatorOptions options, Func<Uri> url)
{
    const string Service = "registry-simulator";

    readonly ConcurrentDictionary<string, Grant> tokens = new();

    /// <summary>Refuses a call that its credentials do not allow.</summary>
    public void Check(RegistryCall call)
    {
        if (options.Authentication == RegistryAuthentication.None)
        {
            return;
        }

        var needed = Needed(call);
        if (options.Authentication == RegistryAuthentication.Basic)
        {
            CheckBasic(call, needed);
        }
        else
        {
            CheckToken(call, needed);
        }
    }

    /// <summary>The token endpoint: GET with Basic, or POST with an OAuth 2 password grant.</summary>
    public async Task GiveToken(HttpContext context)
    {
        var request = context.Request;
        RegistryUser? user;
        List<string> scopes;
        string? service;
        if (HttpMethods.IsPost(request.Method))
        {
            var form = await request.ReadFormAsync(context.RequestAborted);
            user = Known(form["username"].ToString(), form["password"].ToString())
                ?? throw RegistryError.Unauthorized(null);
            // Only here one parameter carries several scopes, by a space (RFC 6749, 3.3).
            scopes = [.. form["scope"].ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries)];
            service = form["service"];
        }
        else
        {
            user = request.Headers.Authorization.Count == 0 ? null : SignedIn(context);
            // Each scope is a parameter of its own; a space inside one is part of its last action's name.
            scopes = [.. request.Query["scope"].OfType<string>()];
            service = request.Query["service"];
        }

        if (service != Service)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync($"service is \"{service}\"; the challenge says \"{Service}\".\n", context.RequestAborted);
            return;
        }

        var granted = scopes.Select(Scope.Of).OfType<Scope>().Select(scope => scope with
        {
            Actions = [.. scope.Actions.Where(action => Allowed(user?.Rights ?? options.AnonymousRights, scope, action))],
        }).Where(scope => scope.Actions.Count > 0).ToList();
        var now = options.Time.GetUtcNow();
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        tokens[token] = new Grant(granted, now.AddSeconds(options.TokenLifetimeSeconds));
        RequestLog.Note(context, "user", user?.Name ?? "");
        RequestLog.Note(context, "granted", string.Join(' ', granted));
        await RegistryJson.Write(
            context, new
            {
                token,
                access_token = token,
                expires_in = options.TokenLifetimeSeconds,
                issued_at = now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            });
    }

    void CheckBasic(RegistryCall call, List<Scope> needed)
    {
        var user = SignedIn(call.Context);
        RequestLog.Note(call.Context, "user", user.Name);
        if (!needed.All(scope => scope.Actions.All(action => Allowed(user.Rights, scope, action))))
        {
            throw RegistryError.Denied();
        }
    }

    void CheckToken(RegistryCall call, List<Scope> needed)
    {
        var (scheme, value) = Authorization(call.Context);
        string? error = null;
        if (scheme == "bearer")
        {
            if (!tokens.TryGetValue(value, out var grant) || grant.Expires <= options.Time.GetUtcNow())
            {
                error = "invalid_token";
            }
            else if (needed.All(scope => scope.Actions.All(action => grant.Scopes.Any(held => held.Covers(scope, action)))))
            {
                return;
            }
            else
            {
                error = "insufficient_scope";
            }
        }

        var challenge = $"Bearer realm=\"{new Uri(url(), "token")}\",service=\"{Service}\"";
        if (needed.Count > 0)
        {
            challenge += $",scope=\"{string.Join(' ', needed)}\"";
        }

        // The reference implementation answers 401, not 403, also to a good token of too little scope.
        call.Context.Response.Headers.WWWAuthenticate = error is null ? challenge : $"{challenge},error=\"{error}\"";
        throw RegistryError.Unauthorized(needed.SelectMany(scope => scope.Actions.Select(action =>
            new { scope.Type, Class = "", scope.Name, Action = action })).ToList());
    }

    RegistryUser SignedIn(HttpContext context)
    {
        var (scheme, value) = Authorization(context);
        if (scheme == "basic" && Decoded(value).Split(':', 2) is [var name, var password] && Known(name, password) is { } user)
        {
            return user;
        }

        context.Response.Headers.WWWAuthenticate = "Basic realm=\"registry simulator\"";
        throw RegistryError.Unauthorized(null);
    }

    RegistryUser? Known(string name, string password) =>
        options.Users.FirstOrDefault(user => user.Name == name && user.Password == password);

    static List<Scope> Needed(RegistryCall call)
    {
        if (call.Kind == "catalog")
        {
            return [new Scope("registry", "catalog", ["*"])];
        }

        if (call.Kind == "base")
        {
            return [];
        }

        List<Scope> needed =
        [
            new Scope("repository", call.Name, call.Method switch
            {
                "GET" or "HEAD" => ["pull"],
                "DELETE" => ["delete"],
                _ => ["pull", "push"],
            }),
        ];
        if (call.Query("from") is { } from)
        {
            needed.Add(new Scope("repository", from, ["pull"]));
        }

        return needed;
    }

    static bool Allowed(IReadOnlyList<RegistryRight> rights, Scope scope, string action) => scope.Type == "registry"
        ? rights.Any(right => right.Repositories == "*")
        : rights.Any(right => right.Allows(scope.Name, action));

    static (string Scheme, string Value) Authorization(HttpContext context) =>
        context.Request.Headers.Authorization.ToString().Split(' ', 2) is [var scheme, var value]
            ? (scheme.ToLowerInvariant(), value.Trim())
            : ("", "");

    static string Decoded(string value)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(value));
        }
        catch (FormatException)
        {
            return "";
        }
    }

    sealed record Grant(IReadOnlyList<Scope> Scopes, DateTimeOffset Expires);

    sealed record Scope(string Type, string Name, IReadOnlyList<string> Actions)
    {
        public static Scope? Of(string text)
        {
            var first = text.IndexOf(':', StringComparison.Ordinal);
            var last = text.LastIndexOf(':');
            return first < 0 || first == last ? null : new Scope(text[..first], text[(first + 1)..last], text[(last + 1)..].Split(','));
        }

        public bool Covers(Scope other, string action) =>
            Type == other.Type && Name == other.Name && Actions.Contains(action);

        public override string ToString() => $"{Type}:{Name}:{string.Join(',', Actions)}";
    }
}
