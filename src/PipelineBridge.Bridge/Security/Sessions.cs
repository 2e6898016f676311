using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Bridge.Security;

/// <summary>A browser that is signed in.</summary>
/// <param name="Caller">The key that it was signed in with, by its name and rights; never the key itself.</param>
/// <param name="Person">The person that it says it is.</param>
/// <param name="FormToken">What its forms carry, so that a page of somebody else cannot send them.</param>
/// <param name="Until">When it is to sign in again.</param>
public sealed record Session(Caller Caller, string? Person, string FormToken, DateTimeOffset Until);

/// <summary>
/// The browsers that are signed in (docs/decisions/0012). In memory alone: a restart, by which keys change, ends them all.
/// </summary>
public sealed class Sessions(TimeProvider clock)
{
    /// <summary>How long a browser stays signed in: a working day.</summary>
    public static readonly TimeSpan Lasting = TimeSpan.FromHours(12);

    /// <summary>How many are kept; past it the oldest is signed out.</summary>
    public const int Most = 10_000;

    /// <summary>The cookie where the browser's connection has no TLS.</summary>
    public const string PlainCookie = "pipelinebridge";

    /// <summary>The cookie over TLS: by its prefix a browser takes it from this host over TLS alone (RFC 6265bis, 4.1.3.2).</summary>
    public const string SecureCookie = "__Host-pipelinebridge";

    // By the hash of the cookie's value: how long a look-up takes tells nothing about a value that is there.
    readonly Dictionary<string, Session> open = new(StringComparer.Ordinal);

    /// <summary>Signs a browser in.</summary>
    /// <param name="http">The answer that gives it its cookie.</param>
    /// <param name="caller">The key.</param>
    /// <param name="person">The person that it says it is.</param>
    /// <param name="secure">Whether the browser's connection has TLS.</param>
    public Session Open(HttpContext http, Caller caller, string? person, bool secure)
    {
        var value = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var now = clock.GetUtcNow();
        var session = new Session(caller, person, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), now + Lasting);
        lock (open)
        {
            foreach (var over in open.Where(s => s.Value.Until <= now).Select(s => s.Key).ToList())
            {
                open.Remove(over);
            }
            if (open.Count >= Most)
            {
                open.Remove(open.MinBy(s => s.Value.Until).Key);
            }
            open.Add(Hash(value), session);
        }
        http.Response.Cookies.Append(secure ? SecureCookie : PlainCookie, value, Attributes(secure));
        return session;
    }

    /// <summary>The session of a request's cookie; null when there is none, or its time is over.</summary>
    public Session? Find(HttpRequest request)
    {
        lock (open)
        {
            foreach (var value in Values(request))
            {
                if (open.GetValueOrDefault(Hash(value)) is { } session && session.Until > clock.GetUtcNow())
                {
                    return session;
                }
            }
        }
        return null;
    }

    /// <summary>Signs a browser out.</summary>
    public void Close(HttpContext http)
    {
        lock (open)
        {
            foreach (var value in Values(http.Request))
            {
                open.Remove(Hash(value));
            }
        }
        http.Response.Cookies.Delete(SecureCookie, Attributes(secure: true));
        http.Response.Cookies.Delete(PlainCookie, Attributes(secure: false));
    }

    static IEnumerable<string> Values(HttpRequest request) =>
        new[] { request.Cookies[SecureCookie], request.Cookies[PlainCookie] }.OfType<string>();

    // Lax, not Strict: a link in chat or in a build's log leads to a delivery, and Strict would show who follows it a sign-in.
    static CookieOptions Attributes(bool secure) => new() { HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = secure, Path = "/", IsEssential = true };

    static string Hash(string value) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(value)));
}
