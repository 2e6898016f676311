using Microsoft.AspNetCore.Http;
using PipelineBridge.Bridge.Security;

namespace PipelineBridge.Bridge.Pages;

/// <summary>A visit to a page: whether a browser without script fetches it again, and the addresses that turn that on and off.</summary>
sealed record Visit(bool Stopped, string Moving, string Still)
{
    /// <summary>Who looks; null: somebody of whom nothing is known yet.</summary>
    public Viewer? Viewer { get; init; }

    /// <summary>The last event of the journal that the page shows: the stream of changes begins after it. Null: the page does not change.</summary>
    public long? Head { get; init; }

    /// <summary>What somebody asked for on this page, and what came of it.</summary>
    public Html Message { get; init; } = Html.Empty;

    /// <summary>By the query's <c>still</c>; the rest of the query stays.</summary>
    public static Visit Of(HttpRequest request)
    {
        var others = request.Query.Where(q => q.Key != "still").SelectMany(q => q.Value.Select(v => KeyValuePair.Create(q.Key, v)));
        var moving = request.Path + QueryString.Create(others).ToUriComponent();
        return new Visit(request.Query.ContainsKey("still"), moving, request.Path + QueryString.Create(others.Append(KeyValuePair.Create("still", (string?)"1"))).ToUriComponent());
    }

    /// <summary>Whether a button is for who looks.</summary>
    public bool May(string verb, string app) => Viewer?.May(verb, app) == true;
}
