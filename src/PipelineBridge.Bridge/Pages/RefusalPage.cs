using Microsoft.AspNetCore.Http;
using PipelineBridge.Bridge.Http;

namespace PipelineBridge.Bridge.Pages;

/// <summary>A refusal as a small page, for a browser on the way to a page.</summary>
static class RefusalPage
{
    static readonly string[] Machines = ["/v1", "/health", "/metrics", "/openapi", "/webhooks"];

    /// <summary>Whether a page is wanted: a browser asks (it accepts text/html by name), and not for a call of the contract, whose refusals are problems.</summary>
    public static bool Wanted(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
        && !Machines.Any(m => request.Path.StartsWithSegments(m, StringComparison.Ordinal));

    /// <summary>The page.</summary>
    public static Html Render(RefusedException e) => PageShell.Page(e.Title, Html.Of($"""
        <h1>{e.Title} <span class="soft">{e.Status}</span></h1>
        <p>{e.Message}</p>
        {Html.If(e.Status == StatusCodes.Status401Unauthorized, () => Html.Of($"<p>A browser asks for a name and a password: give any name, and the key as the password.</p>"))}
        <p><a href="/">What runs where</a></p>
        """));
}
