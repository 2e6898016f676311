using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;

namespace PipelineBridge.Bridge.Pages;

/// <summary>Reads what a form of a page sent, and refuses one that another site's page sent (docs/decisions/0012).</summary>
static class PageForm
{
    const int LongestBytes = 16 * 1024;

    /// <summary>The fields of a form of somebody who is signed in.</summary>
    /// <exception cref="RefusedException">It came from elsewhere, nobody is signed in, or its token is another's.</exception>
    public static async Task<(Viewer Viewer, IReadOnlyDictionary<string, StringValues> Fields)> Signed(HttpContext http)
    {
        var fields = await Read(http);
        if (http.RequestServices.GetRequiredService<Sessions>().Find(http.Request) is not { } session)
        {
            throw new RefusedException(StatusCodes.Status401Unauthorized, "Sign in", "Nothing was done: you are not signed in any more. Sign in and try again.");
        }
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(fields.GetValueOrDefault("token").ToString()), Encoding.UTF8.GetBytes(session.FormToken)))
        {
            throw new RefusedException(StatusCodes.Status403Forbidden, "An old form", "Nothing was done: this form is of another sign-in. Load its page again.");
        }
        return (new Viewer(session.Caller, session), fields);
    }

    /// <summary>The fields of a form of this site.</summary>
    /// <exception cref="RefusedException">It came from elsewhere, or is no form.</exception>
    public static async Task<IReadOnlyDictionary<string, StringValues>> Read(HttpContext http)
    {
        if (!IsOurs(http))
        {
            throw new RefusedException(StatusCodes.Status403Forbidden, "From elsewhere",
                $"Nothing was done: the form did not come from a page of this bridge, but from \"{Shown(http.Request.Headers.Origin.ToString())}\". Behind a proxy the header Host must be passed on, or \"url\" in bridge.yaml be what the browser has.");
        }
        if (http.Request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) != true)
        {
            throw new RefusedException(StatusCodes.Status415UnsupportedMediaType, "No form", "Nothing was done: a form of a page is application/x-www-form-urlencoded.");
        }
        var body = await Bodies.Read(http, LongestBytes);
        try
        {
            using var reader = new FormReader(Encoding.UTF8.GetString(body.Span));
            return reader.ReadForm();
        }
        catch (InvalidDataException)
        {
            throw new RefusedException(StatusCodes.Status400BadRequest, "No form", "Nothing was done: the form has too many or too long fields.");
        }
    }

    /// <summary>Whether the browser that sent a form has TLS, which a proxy may end before us: its own word, which <see cref="Read"/> has checked.</summary>
    public static bool IsSecure(HttpContext http) => http.Request.Headers.Origin.ToString().StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    // Each browser names the origin of a page that sends a form (Fetch, "append a request Origin header"), and no page can change it.
    static bool IsOurs(HttpContext http)
    {
        if (!Uri.TryCreate(http.Request.Headers.Origin.ToString(), UriKind.Absolute, out var origin) || origin.Scheme is not ("http" or "https"))
        {
            return false;
        }
        var site = http.Request.Headers["Sec-Fetch-Site"].ToString();
        if (site is not ("" or "same-origin"))
        {
            return false;
        }
        var host = http.Request.Host.Value ?? "";
        return string.Equals(origin.Authority, host, StringComparison.OrdinalIgnoreCase) || string.Equals($"{origin.Host}:{origin.Port}", host, StringComparison.OrdinalIgnoreCase)
            || (Uri.TryCreate(http.RequestServices.GetRequiredService<BridgeOptions>().Url, UriKind.Absolute, out var url)
                && origin.GetLeftPart(UriPartial.Authority) == url.GetLeftPart(UriPartial.Authority));
    }

    static string Shown(string value) => value.Length == 0 ? "nowhere" : value.Length <= 200 ? value : value[..200] + "…";
}
