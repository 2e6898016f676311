using System.Text.Json;

namespace PipelineBridge.Events;

/// <summary>An event that cannot be read: the path of the wrong field, what it is, and what would be right.</summary>
public sealed class EventFormatException(string field, string message) : FormatException($"{field}: {message}")
{
    /// <summary>The path of the field, e.g. <c>data.context.timestamp</c>.</summary>
    public string Field { get; } = field;

    /// <summary>What is wrong with it and what would be right.</summary>
    public string Reason { get; } = message;
}

/// <summary>Reads structured CloudEvents JSON whose data is a CDEvents event. Unknown fields are left alone: newer versions may add some.</summary>
public static class CdEventReader
{
    /// <summary>The event of a structured CloudEvents document.</summary>
    /// <exception cref="EventFormatException">It is no such document.</exception>
    public static CdEvent Read(ReadOnlyMemory<byte> utf8)
    {
        using var document = Parse(utf8);
        return Read(document.RootElement);
    }

    /// <summary>The event of a CDEvents document without an envelope.</summary>
    /// <exception cref="EventFormatException">It is no such document.</exception>
    public static CdEvent ReadData(ReadOnlyMemory<byte> utf8)
    {
        using var document = Parse(utf8);
        return ReadData(document.RootElement, "");
    }

    /// <summary>The event of a parsed structured CloudEvents document; it does not keep the document.</summary>
    /// <exception cref="EventFormatException">It is no such document.</exception>
    public static CdEvent Read(JsonElement root)
    {
        Object(root, "(the body)");
        var specVersion = Text(root, "specversion", "specversion");
        if (specVersion != "1.0")
        {
            throw new EventFormatException("specversion", $"\"{specVersion}\" is not a version of CloudEvents known here; it must be \"1.0\".");
        }
        var id = Text(root, "id", "id");
        var source = Text(root, "source", "source");
        var type = Text(root, "type", "type");
        var e = ReadData(Member(root, "data", "data"), "data.");
        // The CloudEvents binding of CDEvents says MUST for each of these.
        Same("id", id, e.Id);
        Same("source", source, e.Source);
        Same("type", type, e.Type);
        if (root.TryGetProperty("subject", out var subject) && subject.ValueKind == JsonValueKind.String)
        {
            Same("subject", subject.GetString()!, e.SubjectId);
        }
        return e;
    }

    static CdEvent ReadData(JsonElement data, string at)
    {
        Object(data, at.TrimEnd('.'));
        var context = Object(Member(data, "context", at + "context"), at + "context");
        var subject = Object(Member(data, "subject", at + "subject"), at + "subject");
        var content = Object(Member(subject, "content", at + "subject.content"), at + "subject.content");
        var type = Text(context, "type", at + "context.type");
        if (!type.StartsWith(EventTypes.StandardPrefix, StringComparison.Ordinal) && !type.StartsWith("dev.cdeventsx.", StringComparison.Ordinal))
        {
            throw new EventFormatException(at + "context.type", $"\"{type}\" is no CDEvents type; it must begin with dev.cdevents. or dev.cdeventsx.");
        }
        var time = Text(context, "timestamp", at + "context.timestamp");
        if (!DateTimeOffset.TryParse(time, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var timestamp))
        {
            throw new EventFormatException(at + "context.timestamp", $"\"{time}\" is no RFC 3339 time, e.g. 2026-11-24T13:02:11Z.");
        }
        var source = Text(context, "source", at + "context.source");
        var ours = source.StartsWith(CdEvent.OurSource, StringComparison.Ordinal);
        var custom = data.TryGetProperty("customData", out var c) ? c : default(JsonElement?);
        try
        {
            return new CdEvent
            {
                Id = Text(context, "id", at + "context.id"),
                Source = source,
                Type = type,
                Time = timestamp,
                SpecVersion = Text(context, "specversion", at + "context.specversion"),
                ChainId = Optional(context, "chainId"),
                SchemaUri = Optional(context, "schemaUri"),
                Links = context.TryGetProperty("links", out var links) ? links.Deserialize(EventJson.Default.IReadOnlyListEventLink) : null,
                SubjectId = Text(subject, "id", at + "subject.id"),
                SubjectSource = Optional(subject, "source"),
                Content = EventTypes.Find(type) is { } known ? (IEventContent)content.Deserialize(known.Content)! : new ForeignContent(content.Clone()),
                Custom = ours ? custom?.Deserialize(EventJson.Default.CustomData) : null,
                ForeignCustom = ours ? null : custom?.Clone(),
                CustomDataContentType = Optional(data, "customDataContentType"),
            };
        }
        catch (JsonException e)
        {
            throw new EventFormatException(at + "subject.content", $"it is not the content of a {type}: {e.Path ?? "its shape"} is wrong.");
        }
    }

    static JsonDocument Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            return JsonDocument.Parse(utf8);
        }
        catch (JsonException e)
        {
            throw new EventFormatException("(the body)", $"it is no JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
        }
    }

    static JsonElement Object(JsonElement element, string at) => element.ValueKind == JsonValueKind.Object ? element
        : throw new EventFormatException(at, $"it is {Kind(element)}; it must be an object.");

    static JsonElement Member(JsonElement element, string name, string at) => element.TryGetProperty(name, out var value) ? value
        : throw new EventFormatException(at, "it is missing.");

    static string Text(JsonElement element, string name, string at)
    {
        var value = Member(element, name, at);
        return value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text
            : throw new EventFormatException(at, $"it is {Kind(value)}; it must be a text that is not empty.");
    }

    static string? Optional(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    static void Same(string field, string outer, string inner)
    {
        if (outer != inner)
        {
            throw new EventFormatException(field, $"\"{outer}\" is not the CDEvents event's own, \"{inner}\"; the CloudEvents binding wants them to be the same.");
        }
    }

    static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "an empty text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a truth value",
    };
}
