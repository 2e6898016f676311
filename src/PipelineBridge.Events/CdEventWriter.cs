using System.Buffers;
using System.Text.Json;

namespace PipelineBridge.Events;

/// <summary>Writes an event as structured CloudEvents JSON.</summary>
public static class CdEventWriter
{
    // Titles and causes are for people: umlauts stay readable; nothing here is put into HTML as it is.
    static readonly JsonWriterOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The bytes of the event, UTF-8.</summary>
    public static byte[] Write(CdEvent e)
    {
        var buffer = new ArrayBufferWriter<byte>(1536);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            // CloudEvents binding of CDEvents: id, source, type, subject and time repeat the context's.
            writer.WriteString("specversion"u8, "1.0"u8);
            writer.WriteString("id"u8, e.Id);
            writer.WriteString("source"u8, e.Source);
            writer.WriteString("type"u8, e.Type);
            writer.WriteString("subject"u8, e.SubjectId);
            writer.WritePropertyName("time"u8);
            Rfc3339.WriteTo(writer, e.Time);
            writer.WriteString("datacontenttype"u8, "application/json"u8);
            if (e.TraceParent is { } traceParent)
            {
                writer.WriteString("traceparent"u8, traceParent);
            }
            writer.WritePropertyName("data"u8);
            WriteData(writer, e);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The bytes of the CDEvents document alone, without the CloudEvents envelope.</summary>
    public static byte[] WriteDataOnly(CdEvent e)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            WriteData(writer, e);
        }
        return buffer.WrittenSpan.ToArray();
    }

    static void WriteData(Utf8JsonWriter writer, CdEvent e)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("context"u8);
        writer.WriteString("specversion"u8, e.SpecVersion);
        writer.WriteString("id"u8, e.Id);
        writer.WriteString("source"u8, e.Source);
        writer.WriteString("type"u8, e.Type);
        writer.WritePropertyName("timestamp"u8);
        Rfc3339.WriteTo(writer, e.Time);
        if (e.SchemaUri is not null)
        {
            writer.WriteString("schemaUri"u8, e.SchemaUri);
        }
        if (e.ChainId is not null)
        {
            writer.WriteString("chainId"u8, e.ChainId);
        }
        if (e.Links is { Count: > 0 })
        {
            writer.WritePropertyName("links"u8);
            JsonSerializer.Serialize(writer, e.Links, EventJson.Default.IReadOnlyListEventLink);
        }
        writer.WriteEndObject();
        writer.WriteStartObject("subject"u8);
        writer.WriteString("id"u8, e.SubjectId);
        if (e.SubjectSource is not null)
        {
            writer.WriteString("source"u8, e.SubjectSource);
        }
        writer.WritePropertyName("content"u8);
        if (e.Content is ForeignContent foreign)
        {
            foreign.Json.WriteTo(writer);
        }
        else
        {
            JsonSerializer.Serialize(writer, e.Content, EventTypes.Of(e.Content).Content);
        }
        writer.WriteEndObject();
        if (e.Custom is not null)
        {
            writer.WritePropertyName("customData"u8);
            JsonSerializer.Serialize(writer, e.Custom, EventJson.Default.CustomData);
        }
        else if (e.ForeignCustom is { } custom)
        {
            writer.WritePropertyName("customData"u8);
            custom.WriteTo(writer);
        }
        if (e.CustomDataContentType is not null)
        {
            writer.WriteString("customDataContentType"u8, e.CustomDataContentType);
        }
        writer.WriteEndObject();
    }
}
