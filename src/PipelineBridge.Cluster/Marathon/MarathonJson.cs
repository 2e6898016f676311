using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>Reads fields of Marathon's JSON that may be absent, null or of another kind.</summary>
static class MarathonJson
{
    /// <summary>The text of a string; null for anything else.</summary>
    public static string? Text(this JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    /// <summary>The number; null for anything else.</summary>
    public static double? Number(this JsonNode? node) => node is not JsonValue value || value.GetValueKind() != JsonValueKind.Number ? null
        // A number that was read converts to any kind, one that was written here only to its own.
        : value.TryGetValue<double>(out var number) ? number
        : value.TryGetValue<int>(out var whole) ? whole
        : null;

    /// <summary>The boolean; null for anything else.</summary>
    public static bool? Flag(this JsonNode? node) => node?.GetValueKind() switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null };

    /// <summary>The objects of a list; none when there is no list.</summary>
    public static IEnumerable<JsonObject> Objects(this JsonNode? node) => (node as JsonArray)?.OfType<JsonObject>() ?? [];

    /// <summary>The field of an object; null when it is none or has none.</summary>
    public static JsonNode? At(this JsonNode? node, string name) => node is JsonObject o ? o[name] : null;

    /// <summary>A time as Marathon writes it, ISO 8601; null for anything else.</summary>
    public static DateTimeOffset? Time(this JsonNode? node) =>
        DateTimeOffset.TryParse(node.Text(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
