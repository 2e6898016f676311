using System.Text.Json;

namespace PipelineBridge.Events;

/// <summary>
/// One event: a CDEvents 0.5.1 event, written as the data of a structured CloudEvents 1.0 JSON document
/// (<c>application/cloudevents+json</c>). The same bytes stand on the bus, in the journal, on HTTP and in webhooks.
/// </summary>
public sealed record CdEvent
{
    /// <summary>The version of the CDEvents specification that we write.</summary>
    public const string CdEventsVersion = "0.5.1";

    /// <summary>The media type of a structured event.</summary>
    public const string MediaType = "application/cloudevents+json";

    /// <summary>The media type of a structured event, with its charset.</summary>
    public const string ContentTypeHeader = MediaType + "; charset=utf-8";

    /// <summary>The beginning of every source of ours.</summary>
    public const string OurSource = "/pipelinebridge/";

    /// <summary>The id; ours are the text of an <see cref="EventId"/>.</summary>
    public required string Id { get; init; }

    /// <summary>Who says it, a URI reference; with the id it makes the event unique.</summary>
    public required string Source { get; init; }

    /// <summary>The full name of the type.</summary>
    public required string Type { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Joins everything from the commit to the chat.</summary>
    public string? ChainId { get; init; }

    /// <summary>What led to it.</summary>
    public IReadOnlyList<EventLink>? Links { get; init; }

    /// <summary>A schema that the content keeps besides CDEvents' own.</summary>
    public string? SchemaUri { get; init; }

    /// <summary>The version of CDEvents that a foreign event says it keeps.</summary>
    public string SpecVersion { get; init; } = CdEventsVersion;

    /// <summary>
    /// The place in a trace of the call that led to it, as the W3C Trace Context writes it; in CloudEvents the attribute
    /// <c>traceparent</c> (extension "Distributed Tracing").
    /// </summary>
    public string? TraceParent { get; init; }

    /// <summary>What it is about.</summary>
    public required string SubjectId { get; init; }

    /// <summary>Who gave the subject its id.</summary>
    public string? SubjectSource { get; init; }

    /// <summary>The record of its type, or <see cref="ForeignContent"/>.</summary>
    public required IEventContent Content { get; init; }

    /// <summary>Our own additions; null on a foreign event.</summary>
    public CustomData? Custom { get; init; }

    /// <summary>The additions of a foreign event, as they came.</summary>
    public JsonElement? ForeignCustom { get; init; }

    /// <summary>The media type of a foreign event's additions.</summary>
    public string? CustomDataContentType { get; init; }

    /// <summary>The type's entry in the vocabulary; null when it is not of it.</summary>
    public EventType? EventType => EventTypes.Find(Type);

    /// <summary>The routing key <c>subject.predicate.app.environment</c>, with a dash where there is none.</summary>
    public string RoutingKey => RoutingKeyOf(Type, Custom?.App ?? "-", Custom?.Environment ?? "-");

    /// <summary>The routing key of an event of a type, for an app and an environment.</summary>
    public static string RoutingKeyOf(string type, string app, string environment)
    {
        var parts = type.Split('.');
        return EventTypes.Find(type) is { } known ? $"{known.Subject}.{known.Predicate}.{app}.{environment}"
            : parts.Length > 3 ? $"{parts[2]}.{parts[3]}.{app}.{environment}"
            : $"-.-.{app}.{environment}";
    }

    /// <summary>The id as we derive it; for a foreign event derived from its time, source and id, which a repetition keeps.</summary>
    public EventId Key() => Source.StartsWith(OurSource, StringComparison.Ordinal) && EventId.TryParse(Id, out var id)
        ? id
        : EventId.Derive(Math.Clamp(Time.ToUnixTimeMilliseconds(), 0, (1L << 48) - 1), "foreign", Source, Id);

    /// <summary>The content as the record that its type has.</summary>
    /// <exception cref="InvalidOperationException">The event is of another type.</exception>
    public T Read<T>() where T : IEventContent => Content is T content ? content
        : throw new InvalidOperationException($"The event {Id} is a {Type}, not a {EventTypes.Of<T>().Name}.");
}
