using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace PipelineBridge.Registry.Oci;

/// <summary>An answer with its body read, within the bound.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Headers">The headers.</param>
/// <param name="ContentType">The media type of the body, without parameters.</param>
/// <param name="Body">The body, or its beginning.</param>
/// <param name="IsCut">Whether the body was longer than the bound.</param>
sealed record RegistryAnswer(HttpStatusCode Status, HttpResponseHeaders Headers, string? ContentType, byte[] Body, bool IsCut)
{
    public bool IsGood => (int)Status is >= 200 and < 300;

    public bool IsRedirect => (int)Status is >= 300 and < 400;

    public string? Header(string name) => Headers.TryGetValues(name, out var values) ? values.First() : null;

    /// <summary>Whether the error body has a code (distribution-spec, "Error Codes").</summary>
    public bool HasCode(string code) => Errors().Any(e => e.Code == code);

    /// <summary>Status, codes and messages, one a line, for the evidence.</summary>
    public string Describe(RegistryRequest request)
    {
        // The query of an upload's URL may carry a signature, so it is left out.
        var text = new StringBuilder($"{request.Method} {request.Url.GetLeftPart(UriPartial.Path)}\nanswered {(int)Status} {Status}\n");
        var errors = Errors();
        foreach (var (code, message) in errors)
        {
            text.Append($"{code}: {message}\n");
        }
        if (errors.Count == 0 && Body.Length > 0 && !IsGood)
        {
            text.Append(Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, 2048)))).Append('\n');
        }
        return text.ToString();
    }

    List<(string Code, string Message)> Errors()
    {
        if (Body.Length == 0)
        {
            return [];
        }
        try
        {
            using var document = JsonDocument.Parse(Body);
            return [.. document.RootElement.GetProperty("errors").EnumerateArray().Take(20)
                .Select(e => (Text(e, "code"), Text(e, "message")))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return [];
        }
    }

    static string Text(JsonElement error, string name) =>
        error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
