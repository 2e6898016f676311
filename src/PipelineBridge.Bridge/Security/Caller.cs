using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using PipelineBridge.Bridge.Http;

namespace PipelineBridge.Bridge.Security;

/// <summary>The words for what a key may do.</summary>
public static class Verb
{
    /// <summary>Read requests, chains, events and the page.</summary>
    public const string Read = "read";

    /// <summary>Report builds.</summary>
    public const string Build = "build";

    /// <summary>Ask for pushes.</summary>
    public const string Push = "push";

    /// <summary>Ask for tags.</summary>
    public const string Tag = "tag";

    /// <summary>Ask for deployments.</summary>
    public const string Deploy = "deploy";

    /// <summary>Ask for rollbacks.</summary>
    public const string Rollback = "rollback";

    /// <summary>Ask for removals.</summary>
    public const string Remove = "remove";

    /// <summary>Take requests back.</summary>
    public const string Cancel = "cancel";

    /// <summary>Put and lift holds.</summary>
    public const string Hold = "hold";

    /// <summary>Ask for messages.</summary>
    public const string Notify = "notify";

    /// <summary>Post foreign events.</summary>
    public const string Event = "event";

    /// <summary>Read, replay and drop dead letters.</summary>
    public const string DeadLetter = "deadletter";

    /// <summary>A stage's own calls; never part of <c>*</c>.</summary>
    public const string Stage = "stage";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Read, Build, Push, Tag, Deploy, Rollback, Remove, Cancel, Hold, Notify, Event, DeadLetter, Stage];
}

/// <summary>Who calls: the name of the key that was shown, and what it may do.</summary>
public sealed record Caller(string Name, IReadOnlyList<string> Verbs, IReadOnlyList<string> Apps)
{
    /// <summary>Whether the key may do this.</summary>
    public bool May(string verb) => Verbs.Contains(verb) || (verb != Verb.Stage && Verbs.Contains("*"));

    /// <summary>Whether the key may touch and read this app.</summary>
    public bool MayTouch(string app) => Apps.Any(pattern => pattern == app || (pattern.EndsWith('*') && app.StartsWith(pattern[..^1], StringComparison.Ordinal)));

    /// <summary>Refuses what the key may not do.</summary>
    /// <exception cref="RefusedException">403, with what it may.</exception>
    public Caller Demand(string verb, string? app = null)
    {
        if (!May(verb))
        {
            throw new RefusedException(StatusCodes.Status403Forbidden, "Not allowed", $"The key \"{Name}\" may not {verb}. It may {string.Join(", ", Verbs)}.");
        }
        if (app is not null && !MayTouch(app))
        {
            throw new RefusedException(StatusCodes.Status403Forbidden, "Not allowed", $"The key \"{Name}\" is not for the app \"{app}\".");
        }
        return this;
    }
}

/// <summary>Who looks at a page.</summary>
/// <param name="Caller">What may be read.</param>
/// <param name="Session">The session, by which forms may be sent; null: it may only be read.</param>
public sealed record Viewer(Caller Caller, Session? Session)
{
    /// <summary>Whether a button is for this viewer.</summary>
    public bool May(string verb, string app) => Session is not null && Caller.May(verb) && Caller.MayTouch(app);
}

/// <summary>
/// Tells who calls, by the key in the header <c>Authorization</c>: Bearer, or, for reading, Basic with the key as the password.
/// A browser that is signed in reads by its session.
/// </summary>
public sealed class ApiKeys
{
    readonly (Caller Caller, byte[] Hash)[] keys;
    readonly bool openOnLoopback;
    readonly Sessions? sessions;

    /// <param name="options">The keys, as the configuration has them.</param>
    /// <param name="openOnLoopback">Whether the page may be read from this machine without a key: so without a configuration.</param>
    /// <param name="sessions">The browsers that are signed in; null: none can be.</param>
    public ApiKeys(IReadOnlyList<KeyOptions> options, bool openOnLoopback, Sessions? sessions = null)
    {
        this.openOnLoopback = openOnLoopback;
        this.sessions = sessions;
        keys = [.. options.SelectMany(k => k.Sha256.Select(h => (new Caller(k.Name, k.Verbs, k.Apps), Convert.FromHexString(h))))];
    }

    /// <summary>Who calls.</summary>
    /// <exception cref="RefusedException">401.</exception>
    public Caller Of(HttpContext http) => Find(http) ?? throw new RefusedException(StatusCodes.Status401Unauthorized, "Who calls?",
        http.Request.Headers.Authorization.Count == 0
            ? "There is no key. Give one in the header \"Authorization: Bearer …\"."
            : "The key in the header Authorization is not one of this bridge. It may have been rotated.");

    /// <summary>Who looks at a page: a browser that is signed in, a key, or anybody on this machine where that is open.</summary>
    /// <exception cref="RefusedException">401.</exception>
    public Viewer Viewer(HttpContext http)
    {
        if (http.Request.Headers.Authorization.Count > 0)
        {
            return new Viewer(Of(http).Demand(Verb.Read), null);
        }
        var session = sessions?.Find(http.Request);
        return new Viewer(session?.Caller ?? Loopback(http) ?? throw new RefusedException(StatusCodes.Status401Unauthorized, "Sign in", "What this page shows is for the keys of this bridge."), session);
    }

    /// <summary>The key of a value, as somebody gives it to sign in.</summary>
    /// <exception cref="RefusedException">401.</exception>
    public Caller OfKey(string key) =>
        Match(key) ?? throw new RefusedException(StatusCodes.Status401Unauthorized, "Who calls?", "That is not a key of this bridge. It may have been rotated.");

    /// <summary>Who reads: a key, or anybody on this machine where that is open.</summary>
    /// <exception cref="RefusedException">401.</exception>
    public Caller Reader(HttpContext http, bool orStage = false)
    {
        if (http.Request.Headers.Authorization.Count == 0 && sessions?.Find(http.Request) is null && Loopback(http) is { } anybody)
        {
            return anybody;
        }
        var caller = Of(http);
        return orStage && caller.May(Verb.Stage) ? caller : caller.Demand(Verb.Read);
    }

    Caller? Loopback(HttpContext http) => openOnLoopback && http.Connection.RemoteIpAddress is { } address && System.Net.IPAddress.IsLoopback(address)
        // A foreign name that was pointed at this machine is not this machine.
        && http.Request.Host.Host is "127.0.0.1" or "localhost" or "[::1]"
        ? new Caller("loopback", [Verb.Read], ["*"]) : null;

    Caller? Find(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        // A browser sends Basic by itself, also when a foreign page asks it to write: so it is for reading only.
        var reads = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);
        if (header.Length == 0)
        {
            // As with Basic: a cookie comes along by itself, so that it only reads. Forms have a way of their own, with a token.
            return reads ? sessions?.Find(http.Request)?.Caller : null;
        }
        var token = header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[7..].Trim() : reads ? Basic(header) : null;
        return token is null ? null : Match(token);
    }

    Caller? Match(string token)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(token));
        Caller? found = null;
        // Every key is compared, each in fixed time: the time tells nothing of how near a guess is.
        foreach (var (caller, expected) in keys)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, expected))
            {
                found = caller;
            }
        }
        return found;
    }

    static string? Basic(string header)
    {
        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[6..].Trim(), bytes, out var length))
        {
            return null;
        }
        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : text[(colon + 1)..];
    }
}
