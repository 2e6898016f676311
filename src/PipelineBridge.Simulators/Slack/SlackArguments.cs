using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Slack;

/// <summary>The arguments of one call, from a JSON or a form body, or from the query of a GET.</summary>
sealed class SlackArguments(JsonObject values)
{
    /// <summary>Reads the arguments; JSON is taken only where the method takes it.</summary>
    public static async Task<SlackArguments> Read(HttpContext context, bool takesJson)
    {
        var request = context.Request;
        var values = new JsonObject();
        foreach (var (name, value) in request.Query)
        {
            values[name] = value.ToString();
        }

        if (request.HasFormContentType)
        {
            foreach (var (name, value) in await request.ReadFormAsync(context.RequestAborted))
            {
                values[name] = value.ToString();
            }
        }
        else if (request.HasJsonContentType() && takesJson)
        {
            try
            {
                var body = await JsonNode.ParseAsync(request.Body, cancellationToken: context.RequestAborted);
                values = body as JsonObject ?? throw new SlackError("json_not_object");
            }
            catch (JsonException)
            {
                throw new SlackError("invalid_json");
            }
        }

        return new SlackArguments(values);
    }

    public string Required(string name) => Text(name) is { Length: > 0 } value
        ? value
        : throw new SlackError("invalid_arguments", $"[ERROR] missing required field: {name}");

    /// <summary>A text, number or truth value as text; null when it is not there.</summary>
    public string? Text(string name) => values[name] switch
    {
        null => null,
        JsonValue value => value.ToString(),
        _ => throw new SlackError("invalid_arguments", $"[ERROR] must be a string [json-pointer:/{name}]"),
    };

    public bool Flag(string name) => Text(name) is { } text
        && (text == "1" || string.Equals(text, "true", StringComparison.OrdinalIgnoreCase));

    /// <summary>An object or array, which a form carries as text; null when it is not there.</summary>
    public JsonNode? Structure(string name, string error)
    {
        try
        {
            return values[name] is JsonValue value && value.TryGetValue(out string? text)
                ? text.Length == 0 ? null : JsonNode.Parse(text)
                : values[name];
        }
        catch (JsonException)
        {
            throw new SlackError(error);
        }
    }
}
