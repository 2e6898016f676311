using System.Text;
using Microsoft.AspNetCore.Http;
using PipelineBridge.Bridge.Http;

namespace PipelineBridge.Bridge.Pages;

/// <summary>What every page has around its content.</summary>
static class PageShell
{
    const int RefreshSeconds = 5;

    static readonly Html Style = Html.Raw(PageStyle.Css);

    /// <summary>A whole page.</summary>
    /// <param name="title">The title of the window.</param>
    /// <param name="body">The content.</param>
    /// <param name="moving">Whether something on it is open, so that it is to be fetched again.</param>
    /// <param name="still">Whether the reader stopped that; the address of this page without and with the stop.</param>
    /// <param name="top">What stands beside the name of the product.</param>
    /// <param name="wide">Whether the content takes the whole width.</param>
    public static Html Page(string title, Html body, bool moving = false, Refresh? still = null, Html? top = null, bool wide = false) => Html.Of($"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        {(moving && still is { Stopped: false } ? Html.Of($"<meta http-equiv=\"refresh\" content=\"{RefreshSeconds}\">\n") : Html.Empty)}<title>{title}</title>
        <style>{Style}</style>
        </head>
        <body class="{(wide ? "wide" : "narrow")}">
        <header><a class="home" href="/">PipelineBridge</a>{top}{(moving && still is not null ? RefreshNote(still) : Html.Empty)}</header>
        <main>
        {body}
        </main>
        </body>
        </html>

        """);

    /// <summary>Answers with a page. Nothing of it is kept elsewhere: it may be for this reader alone.</summary>
    public static Task Write(HttpContext http, int status, Html page)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = PageStyle.Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        headers.Vary = "Accept, Authorization";
        return Answers.WriteBytes(http, status, Encoding.UTF8.GetBytes(page.ToString()), "text/html; charset=utf-8");
    }

    static Html RefreshNote(Refresh refresh) => refresh.Stopped
        ? Html.Of($"<small class=\"refresh\">Not refreshed. <a href=\"{refresh.Moving}\">Refresh again</a></small>")
        : Html.Of($"<small class=\"refresh\">Refreshed each {RefreshSeconds} s. <a href=\"{refresh.Still}\">Stop</a></small>");
}

/// <summary>Whether a page is fetched again by itself, and the addresses that turn it on and off.</summary>
sealed record Refresh(bool Stopped, string Moving, string Still)
{
    /// <summary>By the query's <c>still</c>; the rest of the query stays.</summary>
    public static Refresh Of(HttpRequest request)
    {
        var others = request.Query.Where(q => q.Key != "still").SelectMany(q => q.Value.Select(v => KeyValuePair.Create(q.Key, v)));
        var moving = request.Path + QueryString.Create(others).ToUriComponent();
        return new Refresh(request.Query.ContainsKey("still"), moving, request.Path + QueryString.Create(others.Append(KeyValuePair.Create("still", (string?)"1"))).ToUriComponent());
    }
}
