using Microsoft.AspNetCore.Http;
using PipelineBridge.Bridge.Http;

namespace PipelineBridge.Bridge.Pages;

/// <summary>A refusal as a small page, for a browser on the way to a page.</summary>
static class RefusalPage
{
    static readonly string[] Machines = ["/v1", "/health", "/metrics", "/openapi", "/webhooks", "/changes"];

    /// <summary>Whether a page is wanted: a browser asks (it accepts text/html by name), and not for a call of the contract, whose refusals are problems.</summary>
    public static bool Wanted(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
        && !Machines.Any(m => request.Path.StartsWithSegments(m, StringComparison.Ordinal));

    /// <summary>The page.</summary>
    /// <param name="e">The refusal.</param>
    /// <param name="to">Where to go on once signed in.</param>
    public static Html Render(RefusedException e, string to = "/") => PageShell.Page(e.Title, Html.Of($"""
        <h1>{e.Title} <span class="soft">{e.Status}</span></h1>
        <p>{e.Message}</p>
        {(e.Status == StatusCodes.Status401Unauthorized ? SignInPage.Form(to) : Html.Of($"<p><a href=\"/\">What runs where</a></p>"))}
        """));

    /// <summary>Where a browser was going that is asked to sign in first; a form is not sent again by itself.</summary>
    public static string Target(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? SignInEndpoints.Local(request.Path + request.QueryString.ToUriComponent()) : "/";
}
