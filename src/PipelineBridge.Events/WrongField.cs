using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PipelineBridge.Events;

/// <summary>Finds the field for which JSON does not fit a record, and says what would be right. Asked only once the serializer refused: its own words are about .NET types.</summary>
static class WrongField
{
    /// <summary>The first field that does not fit, with its path; null when all fit.</summary>
    public static EventFormatException? Find(JsonElement json, JsonTypeInfo shape, string at) => shape.Kind switch
    {
        JsonTypeInfoKind.Object => InObject(json, shape, at),
        JsonTypeInfoKind.Enumerable => InList(json, shape, at),
        _ => InValue(json, Nullable.GetUnderlyingType(shape.Type) ?? shape.Type, at),
    };

    /// <summary>What a value is, in a person's words.</summary>
    public static string Describe(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => json.ValueEquals(""u8) ? "an empty text" : "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a truth value",
    };

    static EventFormatException? InObject(JsonElement json, JsonTypeInfo shape, string at)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return Wrong(json, at, "an object");
        }
        foreach (var property in shape.Properties)
        {
            var path = $"{at}.{property.Name}";
            if (!json.TryGetProperty(property.Name, out var value))
            {
                if (property.IsRequired)
                {
                    return new EventFormatException(path, "it is missing.");
                }
            }
            else if (!(value.ValueKind == JsonValueKind.Null && property.IsSetNullable)
                && Find(value, shape.Options.GetTypeInfo(property.PropertyType), path) is { } wrong)
            {
                return wrong;
            }
        }
        return null;
    }

    static EventFormatException? InList(JsonElement json, JsonTypeInfo shape, string at)
    {
        if (json.ValueKind != JsonValueKind.Array)
        {
            return Wrong(json, at, "a list");
        }
        var item = shape.Options.GetTypeInfo(shape.ElementType!);
        return json.EnumerateArray().Select((value, i) => Find(value, item, $"{at}[{i}]")).FirstOrDefault(wrong => wrong is not null);
    }

    static EventFormatException? InValue(JsonElement json, Type type, string at)
    {
        var isNumber = json.ValueKind == JsonValueKind.Number;
        return type switch
        {
            _ when type == typeof(string) => json.ValueKind == JsonValueKind.String ? null : Wrong(json, at, "a text"),
            _ when type == typeof(bool) => json.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : Wrong(json, at, "true or false"),
            _ when type == typeof(int) => isNumber && json.TryGetInt32(out _) ? null : Wrong(json, at, "a whole number of at most 32 bits"),
            _ when type == typeof(long) => isNumber && json.TryGetInt64(out _) ? null : Wrong(json, at, "a whole number of at most 64 bits"),
            _ when type == typeof(double) => isNumber ? null : Wrong(json, at, "a number"),
            _ when type == typeof(DateTimeOffset) => json.ValueKind == JsonValueKind.String && Rfc3339.TryParse(json.GetString()!, out _) ? null : Wrong(json, at, "an RFC 3339 time, e.g. 2026-11-24T13:02:11Z"),
            _ => null,
        };
    }

    static EventFormatException Wrong(JsonElement json, string at, string right) => new(at, $"it is {Describe(json)}; it must be {right}.");
}
