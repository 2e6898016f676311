using Microsoft.AspNetCore.Http;
using PipelineBridge.Bridge.Pages;

namespace PipelineBridge.Bridge.Http;

/// <summary>A refusal: which field, what it is, and what would be right.</summary>
public sealed record FieldMistake(string Field, string? Value, string Message, int? Line = null, int? Column = null);

/// <summary>An answer of kind <c>application/problem+json</c> (RFC 9457).</summary>
public sealed record ProblemDocument(string Type, string Title, int Status, string Detail)
{
    /// <summary>The fields that are wrong, all at once.</summary>
    public IReadOnlyList<FieldMistake>? Errors { get; init; }
}

/// <summary>A call that is refused; the endpoint's frame turns it into a problem.</summary>
public sealed class RefusedException(int status, string title, string detail, params IReadOnlyList<FieldMistake> errors) : Exception(detail)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>What kind of refusal it is, in a few words.</summary>
    public string Title { get; } = title;

    /// <summary>The fields that are wrong.</summary>
    public IReadOnlyList<FieldMistake> Errors { get; } = errors;

    /// <summary>After how many seconds to try again.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>422: the fields are not what they must be.</summary>
    public static RefusedException Fields(params IReadOnlyList<FieldMistake> errors) =>
        new(StatusCodes.Status422UnprocessableEntity, "Not what it must be", string.Join(" ", errors.Select(e => $"{e.Field}: {e.Message}")), errors);

    /// <summary>404.</summary>
    public static RefusedException NotFound(string detail) => new(StatusCodes.Status404NotFound, "Not found", detail);

    /// <summary>409.</summary>
    public static RefusedException Conflict(string detail) => new(StatusCodes.Status409Conflict, "Not now", detail);
}

/// <summary>Writes problems.</summary>
static class Problems
{
    public static async Task Write(HttpContext http, RefusedException e)
    {
        if (e.RetryAfterSeconds is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        Challenge(http, e.Status);
        if (RefusalPage.Wanted(http.Request))
        {
            await PageShell.Write(http, e.Status, RefusalPage.Render(e, RefusalPage.Target(http.Request)));
            return;
        }
        var problem = new ProblemDocument(Anchor(e.Status), e.Title, e.Status, e.Message) { Errors = e.Errors.Count > 0 ? e.Errors : null };
        await Answers.Write(http, e.Status, problem, HttpJson.Default.ProblemDocument, "application/problem+json; charset=utf-8");
    }

    /// <summary>Says how a key is shown (RFC 9110, 11.6.1). Not Basic, which is taken too: a browser would ask by itself, and hide the page that signs in.</summary>
    public static void Challenge(HttpContext http, int status)
    {
        if (status == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer realm=\"PipelineBridge\"";
        }
    }

    // A name, no address (RFC 9457, 3.1.1): the documentation lies beside the code, not at a host of ours.
    static string Anchor(int status) => $"urn:pipelinebridge:problem:{status}";
}
