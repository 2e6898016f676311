using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace PipelineBridge.Events;

/// <summary>Reads structured CloudEvents JSON whose data is a CDEvents event. Unknown fields are left alone: newer versions may add some.</summary>
public static partial class CdEventReader
{
    /// <summary>The event of a structured CloudEvents document.</summary>
    /// <exception cref="EventFormatException">It is no such document.</exception>
    public static CdEvent Read(ReadOnlyMemory<byte> utf8)
    {
        using var document = Parse(utf8);
        return Read(document.RootElement);
    }

    /// <summary>What a message repeats of an event: the id and the trace, read from its envelope without the rest.</summary>
    public static (string? Id, string? TraceParent) ReadEnvelope(ReadOnlySpan<byte> utf8)
    {
        string? id = null, trace = null;
        var reader = new Utf8JsonReader(utf8);
        while (reader.Read())
        {
            if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isId = reader.ValueTextEquals("id"u8);
                var isTrace = reader.ValueTextEquals("traceparent"u8);
                reader.Read();
                if (reader.TokenType == JsonTokenType.String && (isId || isTrace))
                {
                    (id, trace) = isId ? (reader.GetString(), trace) : (id, reader.GetString());
                }
                reader.Skip();
            }
        }
        return (id, trace is not null && IsTraceParent(trace) ? trace : null);
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
        Object(root, EventFormatException.Body);
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
        if (Optional(root, "subject", "subject") is { } subject)
        {
            Same("subject", subject, e.SubjectId);
        }
        return TraceParent(root) is { } traceParent ? e with { TraceParent = traceParent } : e;
    }

    /// <summary>The trace that an event belongs to. One that is none is left alone: a trace is a convenience, never a reason to refuse.</summary>
    static string? TraceParent(JsonElement root) =>
        root.TryGetProperty("traceparent", out var json) && json.ValueKind == JsonValueKind.String && json.GetString() is { } text && IsTraceParent(text) ? text : null;

    /// <summary>Whether a text is a traceparent of version 00 (W3C Trace Context, 3.2.2).</summary>
    public static bool IsTraceParent(string text) => TraceParentPattern().IsMatch(text);

    static CdEvent ReadData(JsonElement data, string at)
    {
        Object(data, at.Length == 0 ? EventFormatException.Body : at.TrimEnd('.'));
        var context = Object(Member(data, "context", at + "context"), at + "context");
        var subject = Object(Member(data, "subject", at + "subject"), at + "subject");
        var content = Object(Member(subject, "content", at + "subject.content"), at + "subject.content");
        var type = Text(context, "type", at + "context.type");
        if (!TypePattern().IsMatch(type))
        {
            throw new EventFormatException(at + "context.type",
                $"\"{type}\" is no CDEvents type; it must be dev.cdevents. or dev.cdeventsx., subject, predicate and version, e.g. dev.cdevents.service.deployed.0.3.0.");
        }
        var time = Text(context, "timestamp", at + "context.timestamp");
        if (!Rfc3339.TryParse(time, out var timestamp))
        {
            throw new EventFormatException(at + "context.timestamp", $"\"{time}\" is no RFC 3339 time, e.g. 2026-11-24T13:02:11Z.");
        }
        var source = Text(context, "source", at + "context.source");
        var ours = source.StartsWith(CdEvent.OurSource, StringComparison.Ordinal);
        var custom = data.TryGetProperty("customData", out var c) ? c : default(JsonElement?);
        return new CdEvent
        {
            Id = Text(context, "id", at + "context.id"),
            Source = source,
            Type = type,
            Time = timestamp,
            SpecVersion = Text(context, "specversion", at + "context.specversion"),
            ChainId = Optional(context, "chainId", at + "context.chainId"),
            SchemaUri = Optional(context, "schemaUri", at + "context.schemaUri"),
            Links = Links(context, at + "context.links"),
            SubjectId = Text(subject, "id", at + "subject.id"),
            SubjectSource = Optional(subject, "source", at + "subject.source"),
            Content = EventTypes.Find(type) is { } known ? (IEventContent)Fit(content, known.Content, at + "subject.content") : new ForeignContent(content.Clone()),
            Custom = ours && custom is { } mine ? (CustomData)Fit(mine, EventJson.Default.CustomData, at + "customData") : null,
            ForeignCustom = ours ? null : custom?.Clone(),
            CustomDataContentType = Optional(data, "customDataContentType", at + "customDataContentType"),
        };
    }

    static IReadOnlyList<EventLink>? Links(JsonElement context, string at)
    {
        if (!context.TryGetProperty("links", out var json) || json.ValueKind == JsonValueKind.Null)
        {
            return null;
        }
        var links = (IReadOnlyList<EventLink>)Fit(json, EventJson.Default.IReadOnlyListEventLink, at);
        for (var i = 0; i < links.Count; i++)
        {
            // CDEvents 0.5.1, the schemas of embedded links: which type has which ends.
            var missing = links[i] switch
            {
                { LinkType: "RELATION", LinkKind: null } => "linkKind",
                { LinkType: "RELATION", Target: null } => "target",
                { LinkType: "PATH" or "END", From: null } => "from",
                { LinkType: "RELATION" or "PATH" or "END" } => null,
                _ => throw new EventFormatException($"{at}[{i}].linkType", $"\"{links[i].LinkType}\" is no type of link; it must be RELATION, PATH or END."),
            };
            if (missing is not null)
            {
                throw new EventFormatException($"{at}[{i}].{missing}", $"it is missing; a link of type {links[i].LinkType} has it.");
            }
        }
        return links;
    }

    static object Fit(JsonElement json, JsonTypeInfo shape, string at)
    {
        try
        {
            return json.Deserialize(shape) ?? throw new EventFormatException(at, "it is null; it must be an object.");
        }
        catch (JsonException e)
        {
            throw WrongField.Find(json, shape, at) ?? new EventFormatException(at, $"{e.Path ?? "its shape"} is wrong.");
        }
    }

    static JsonDocument Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            var document = JsonDocument.Parse(utf8);
            if (HasNoText(utf8))
            {
                document.Dispose();
                throw new EventFormatException(EventFormatException.Body, "it has a text that is no Unicode: bytes that are not UTF-8, or one half of a surrogate pair.");
            }
            return document;
        }
        catch (JsonException e)
        {
            throw new EventFormatException(EventFormatException.Body, $"it is no JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
        }
    }

    // The parser leaves texts as they are, and reading one that is none fails wherever that happens, also long after it was journaled.
    static bool HasNoText(ReadOnlyMemory<byte> utf8)
    {
        if (!System.Text.Unicode.Utf8.IsValid(utf8.Span))
        {
            return true;
        }
        if (utf8.Span.IndexOf("\\ud"u8) < 0 && utf8.Span.IndexOf("\\uD"u8) < 0)
        {
            return false;
        }
        var reader = new Utf8JsonReader(utf8.Span);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                {
                    reader.GetString();
                }
            }
            return false;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }

    static JsonElement Object(JsonElement element, string at) => element.ValueKind == JsonValueKind.Object ? element
        : throw new EventFormatException(at, $"it is {WrongField.Describe(element)}; it must be an object.");

    static JsonElement Member(JsonElement element, string name, string at) => element.TryGetProperty(name, out var value) ? value
        : throw new EventFormatException(at, "it is missing.");

    static string Text(JsonElement element, string name, string at)
    {
        var value = Member(element, name, at);
        return value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text
            : throw new EventFormatException(at, $"it is {WrongField.Describe(value)}; it must be a text that is not empty.");
    }

    static string? Optional(JsonElement element, string name, string at) =>
        !element.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null : Text(element, name, at);

    static void Same(string field, string outer, string inner)
    {
        if (outer != inner)
        {
            throw new EventFormatException(field, $"\"{outer}\" is not the CDEvents event's own, \"{inner}\"; the CloudEvents binding wants them to be the same.");
        }
    }

    [GeneratedRegex(@"^dev\.cdeventsx?\.[A-Za-z0-9-]{1,100}\.[A-Za-z0-9-]{1,100}\.[0-9A-Za-z.+-]{1,50}\z")]
    private static partial Regex TypePattern();

    [GeneratedRegex(@"^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\z")]
    private static partial Regex TraceParentPattern();
}
