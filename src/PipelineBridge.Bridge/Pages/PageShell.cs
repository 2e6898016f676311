using System.Buffers;
using Microsoft.AspNetCore.Http;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;

namespace PipelineBridge.Bridge.Pages;

/// <summary>What every page has around its content.</summary>
static class PageShell
{
    const int RefreshSeconds = 5;

    static readonly Html Style = Html.Raw(PageStyle.Css);

    /// <summary>A whole page.</summary>
    /// <param name="title">The title of the window.</param>
    /// <param name="body">The content.</param>
    /// <param name="visit">Who looks and how; null: the page stands still and nobody is known.</param>
    /// <param name="moving">Whether something on it is open, so that a browser without script fetches it again.</param>
    /// <param name="top">What stands beside the name of the product.</param>
    /// <param name="look">The class of the page, for its width and layout.</param>
    /// <param name="topic">The app that the page is about, of which alone it has to hear; none: all.</param>
    public static Html Page(string title, Html body, Visit? visit = null, bool moving = false, Html? top = null, string look = "narrow", string? topic = null) => Html.Of($"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        {(moving && visit is { Stopped: false } ? Html.Of($"<noscript><meta http-equiv=\"refresh\" content=\"{RefreshSeconds}\"></noscript>\n") : Html.Empty)}<title>{title}</title>
        <link rel="icon" href="{PageFiles.IconPath}">
        <style>{Style}</style>
        {Html.If(visit?.Head is not null, () => Html.Of($"<script src=\"{PageFiles.ScriptPath}\" defer></script>\n"))}</head>
        <body class="{look}">
        <a class="skip" href="#content">To the content</a>
        <header><a class="home" href="/">PipelineBridge</a>{top}<div class="about">{(visit?.Head is null ? Html.Empty : Html.Of($"<span id=\"freshness\" role=\"status\"></span>"))}{(moving && visit is not null ? RefreshNote(visit) : Html.Empty)}{(visit?.Viewer is { } viewer ? SignedIn(viewer) : Html.Empty)}</div></header>
        <main id="content" tabindex="-1"{(visit?.Head is { } head ? Html.Of($" data-head=\"{head}\"") : Html.Empty)}{(topic is null ? Html.Empty : Html.Of($" data-topic=\"{topic}\""))}{(moving ? Html.Of($" data-moving") : Html.Empty)}>
        {visit?.Message}{body}
        </main>
        </body>
        </html>

        """);

    /// <summary>Answers with a page. Nothing of it is kept elsewhere: it may be for this reader alone.</summary>
    public static async Task Write(HttpContext http, int status, Html page)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = PageStyle.Policy;
        headers.XContentTypeOptions = "nosniff";
        // Not "no-referrer": with that a browser sends the forms of these pages with the origin "null" (Fetch, "append a request Origin header").
        headers["Referrer-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        headers.Vary = "Accept, Authorization, Cookie";
        var (buffer, length) = page.Rent();
        try
        {
            await Answers.WriteBytes(http, status, buffer.AsMemory(0, length), "text/html; charset=utf-8");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    static Html RefreshNote(Visit visit) => visit.Stopped
        ? Html.Of($"<noscript><small>Not refreshed. <a href=\"{visit.Moving}\">Refresh again</a></small></noscript>")
        : Html.Of($"<noscript><small>Refreshed each {RefreshSeconds} s. <a href=\"{visit.Still}\">Stop</a></small></noscript>");

    static Html SignedIn(Viewer viewer) => viewer.Session is { } session
        ? Html.Of($"""
            <form method="post" action="{SignInEndpoints.OutPath}"><input type="hidden" name="token" value="{session.FormToken}"><small>{(session.Person is null ? Html.Empty : Html.Of($"{session.Person}, "))}key {viewer.Caller.Name}</small> <button>Sign out</button></form>
            """)
        : Html.Of($"<a href=\"{SignInEndpoints.InPath}\">Sign in</a>");
}
