using System.Net;
using System.Text.RegularExpressions;

namespace PipelineBridge.Tests.Bridge.Pages;

/// <summary>A browser without script, as far as forms and cookies go: it sends what the forms of a page have.</summary>
sealed partial class PageVisitor : IDisposable
{
    readonly HttpClientHandler handler = new() { AllowAutoRedirect = false };
    readonly HttpClient http;

    public PageVisitor(RunningBridge bridge)
    {
        http = new HttpClient(handler) { BaseAddress = bridge.Http.BaseAddress };
        http.DefaultRequestHeaders.Accept.ParseAdd("text/html,application/xhtml+xml,*/*;q=0.8");
        Origin = bridge.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);
    }

    /// <summary>The origin of the page whose forms are sent; null: none is told.</summary>
    public string? Origin { get; set; }

    /// <summary>More headers of what is sent.</summary>
    public Dictionary<string, string> Headers { get; } = [];

    public CookieCollection Cookies => handler.CookieContainer.GetCookies(http.BaseAddress!);

    public static async Task<PageVisitor> SignedIn(RunningBridge bridge, string key = RunningBridge.Key, string person = "Grace Hopper")
    {
        var visitor = new PageVisitor(bridge);
        using var answer = await visitor.Post("/signin", ("key", key), ("person", person));
        answer.StatusCode.Should().Be(HttpStatusCode.SeeOther);
        return visitor;
    }

    public async Task<(HttpStatusCode Status, string Html)> Get(string path)
    {
        using var answer = await http.GetAsync(path, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async Task<HttpResponseMessage> Post(string path, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value))) };
        if (Origin is not null)
        {
            request.Headers.Add("Origin", Origin);
        }
        foreach (var (name, value) in Headers)
        {
            request.Headers.Add(name, value);
        }
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>The form that a button's page has, as it would be sent.</summary>
    public async Task<(string Name, string Value)[]> Form(string path)
    {
        var (status, html) = await Get(path);
        status.Should().Be(HttpStatusCode.OK, html);
        var form = html[html.IndexOf("<form class=\"fields\"", StringComparison.Ordinal)..];
        return [.. Input().Matches(form[..form.IndexOf("</form>", StringComparison.Ordinal)]).Select(m => (Attribute(m.Value, "name"), Attribute(m.Value, "value")))];
    }

    /// <summary>Presses a button and confirms; gives the page that it leads to.</summary>
    public async Task<string> Press(string path, params (string Name, string Value)[] filledIn)
    {
        var form = await Form(path);
        using var answer = await Post(path.Split('?')[0], [.. form.Where(f => filledIn.All(i => i.Name != f.Name)), .. filledIn]);
        answer.StatusCode.Should().Be(HttpStatusCode.SeeOther, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return answer.Headers.Location!.OriginalString;
    }

    public void Dispose()
    {
        http.Dispose();
        handler.Dispose();
    }

    static string Attribute(string input, string name) =>
        Regex.Match(input, $" {name}=\"([^\"]*)\"") is { Success: true } m ? WebUtility.HtmlDecode(m.Groups[1].Value) : "";

    [GeneratedRegex("<input [^>]*>")]
    private static partial Regex Input();
}
