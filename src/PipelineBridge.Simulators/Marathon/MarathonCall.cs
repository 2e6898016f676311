using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>One request to the API, read whole, so that it is answered in one go under the lock.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The decoded path without a slash at its end.</param>
/// <param name="Query">The query.</param>
/// <param name="Body">The body; empty without.</param>
/// <param name="Address">The caller's address.</param>
sealed record MarathonCall(string Method, string Path, IQueryCollection Query, string Body, string Address)
{
    public static async Task<MarathonCall> Read(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        return new MarathonCall(
            context.Request.Method, (context.Request.Path.Value ?? "").TrimEnd('/'), context.Request.Query, body,
            context.Connection.RemoteIpAddress?.ToString() ?? "");
    }

    public bool Flag(string name, bool otherwise = false) =>
        Query[name].FirstOrDefault() is { } value ? string.Equals(value, "true", StringComparison.OrdinalIgnoreCase) : otherwise;

    public JsonObject Object() => Parse() as JsonObject
        ?? throw MarathonError.WrongType("", "error.expected.jsobject");

    public IReadOnlyList<JsonObject> Objects()
    {
        if (Parse() is not JsonArray items)
        {
            throw MarathonError.WrongType("", "error.expected.jsarray");
        }

        return [.. items.Select((item, index) =>
            item as JsonObject ?? throw MarathonError.WrongType($"({index})", "error.expected.jsobject"))];
    }

    JsonNode? Parse()
    {
        try
        {
            var node = JsonNode.Parse(Body);
            // A name that comes twice fails only when an object is first looked into.
            _ = node is JsonObject json ? json.Count : 0;
            return node;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw MarathonError.Unparsable(exception.Message);
        }
    }
}
