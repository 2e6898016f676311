using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;

namespace PipelineBridge.Bridge.Pages.Actions;

/// <summary>
/// <c>/actions/{action}</c>: a button leads to a page that says what will happen, and that page's form does it. So a link
/// changes nothing, no script is needed, and a form that is sent twice is one ask by the key that it carries.
/// </summary>
static class ActionEndpoints
{
    /// <summary>All that there are.</summary>
    public static IReadOnlyList<PageAction> All { get; } =
        [DeploymentActions.Rollback, DeploymentActions.Cancel, DeploymentActions.Hold, DeploymentActions.Lift, DeadLetterActions.Replay, DeadLetterActions.Drop];

    public static void MapActions(this IEndpointRouteBuilder app)
    {
        foreach (var action in All)
        {
            app.MapMethods($"/actions/{action.Name}", [HttpMethods.Get, HttpMethods.Head], (RequestDelegate)(http => Confirm(http, action))).ExcludeFromDescription();
            app.MapMethods($"/actions/{action.Name}", [HttpMethods.Post], (RequestDelegate)(http => Do(http, action))).ExcludeFromDescription();
        }
    }

    /// <summary>A button: a link to the page that asks back.</summary>
    public static Html Button(PageAction action, string word, string about, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var query = new QueryString();
        foreach (var (name, value) in fields)
        {
            query = query.Add(name, value);
        }
        return Html.Of($"<a class=\"button\" href=\"/actions/{action.Name}{query.ToUriComponent()}\">{word}<span class=\"hidden\"> {about}</span></a>");
    }

    static async Task Confirm(HttpContext http, PageAction action)
    {
        var viewer = http.RequestServices.GetRequiredService<ApiKeys>().Viewer(http);
        if (viewer.Session is null)
        {
            throw new RefusedException(StatusCodes.Status401Unauthorized, "Sign in", "To change something, sign in with a key that may.");
        }
        var call = new ActionCall(http, viewer, http.Request.Query);
        await PageShell.Write(http, StatusCodes.Status200OK, Page(call, action.Confirm(call), NewKey(), null));
    }

    static async Task Do(HttpContext http, PageAction action)
    {
        var (viewer, fields) = await PageForm.Signed(http);
        var call = new ActionCall(http, viewer, fields);
        try
        {
            SignInEndpoints.SeeOther(http, await action.Do(call));
        }
        catch (RefusedException e)
        {
            await Refused(call, action, e);
        }
    }

    /// <summary>Says why on the page that asked, with what was filled in; nothing was done, so the form keeps its key.</summary>
    static async Task Refused(ActionCall call, PageAction action, RefusedException refusal)
    {
        Confirmation confirmation;
        try
        {
            confirmation = action.Confirm(call);
        }
        catch (RefusedException)
        {
            // It cannot even be asked any more: the first refusal says why.
            throw refusal;
        }
        await PageShell.Write(call.Http, refusal.Status, Page(call, confirmation, call.Field("key") is { Length: > 0 } key ? key : NewKey(), refusal.Message));
    }

    static Html Page(ActionCall call, Confirmation c, string key, string? refusal) => PageShell.Page(c.Question, Html.Of($"""
        <h1>{c.Question}</h1>
        {(refusal is null ? Html.Empty : Html.Of($"<p class=\"trouble\" role=\"alert\">{refusal}</p>"))}{c.What}
        <form class="fields" method="post">
        <input type="hidden" name="token" value="{call.Viewer.Session!.FormToken}"><input type="hidden" name="key" value="{key}"><input type="hidden" name="back" value="{c.Back}">{c.Carried.Select(f => Html.Of($"<input type=\"hidden\" name=\"{f.Name}\" value=\"{f.Value}\">"))}
        {c.Inputs}<p class="buttons"><button class="main">{c.Button}</button> <a class="button" href="{c.Back}">Do nothing</a></p>
        </form>
        """), new Visit(false, "", "") { Viewer = call.Viewer });

    static string NewKey() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
}
