using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;

namespace PipelineBridge.Bridge.Pages;

/// <summary><c>/signin</c> and <c>/signout</c>: how a browser gets and gives back its session.</summary>
static class SignInEndpoints
{
    /// <summary>Where a key is given.</summary>
    public const string InPath = "/signin";

    /// <summary>Where a session is ended.</summary>
    public const string OutPath = "/signout";

    const int LongestKey = 1024;
    const int LongestPerson = 256;

    public static void MapSignIn(this IEndpointRouteBuilder app)
    {
        app.MapMethods(InPath, [HttpMethods.Get, HttpMethods.Head], (RequestDelegate)(http =>
            PageShell.Write(http, StatusCodes.Status200OK, SignInPage.Render(Local(http.Request.Query["to"]), null)))).ExcludeFromDescription();
        app.MapMethods(InPath, [HttpMethods.Post], (RequestDelegate)In).ExcludeFromDescription();
        app.MapMethods(OutPath, [HttpMethods.Post], (RequestDelegate)Out).ExcludeFromDescription();
    }

    static async Task In(HttpContext http)
    {
        var fields = await PageForm.Read(http);
        var to = Local(fields.GetValueOrDefault("to"));
        var person = fields.GetValueOrDefault("person").ToString().Trim();
        try
        {
            var key = fields.GetValueOrDefault("key").ToString().Trim();
            if (key.Length is 0 or > LongestKey || person.Length > LongestPerson)
            {
                throw new RefusedException(StatusCodes.Status422UnprocessableEntity, "Not what it must be",
                    key.Length == 0 ? "Give a key." : $"A key has at most {LongestKey} characters, a name {LongestPerson}.");
            }
            var caller = http.RequestServices.GetRequiredService<ApiKeys>().OfKey(key).Demand(Verb.Read);
            http.RequestServices.GetRequiredService<Sessions>().Open(http, caller, person.Length == 0 ? null : person, PageForm.IsSecure(http));
        }
        catch (RefusedException e)
        {
            Problems.Challenge(http, e.Status);
            await PageShell.Write(http, e.Status, SignInPage.Render(to, e.Message, person));
            return;
        }
        SeeOther(http, to);
    }

    static async Task Out(HttpContext http)
    {
        await PageForm.Signed(http);
        http.RequestServices.GetRequiredService<Sessions>().Close(http);
        SeeOther(http, "/");
    }

    /// <summary>303: the browser gets the page there, and a reload of it sends no form again.</summary>
    public static void SeeOther(HttpContext http, string path)
    {
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = path;
        http.Response.Headers.CacheControl = "no-store";
    }

    /// <summary>A path of this site, else the first page: nobody is led elsewhere by a link that begins here.</summary>
    public static string Local(string? path) =>
        path is ['/', ..] && !path.StartsWith("//", StringComparison.Ordinal) && !path.Contains('\\', StringComparison.Ordinal) && !path.Any(char.IsControl) ? path : "/";
}
