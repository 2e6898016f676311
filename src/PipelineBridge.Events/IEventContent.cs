using System.Text.Json;
using System.Text.Json.Serialization;

namespace PipelineBridge.Events;

/// <summary>A record that is the <c>subject.content</c> of one event type.</summary>
public interface IEventContent;

/// <summary>The content of a type that is not of our vocabulary, kept as it came.</summary>
public sealed record ForeignContent(JsonElement Json) : IEventContent;

/// <summary>Something named by id, and by the source that gave the id.</summary>
public sealed record Reference(string Id, string? Source = null);

/// <summary>A software bill of materials.</summary>
public sealed record Sbom(string Uri);

/// <summary>A link of an event to another (CDEvents, links): ours are RELATION links of kind CAUSE.</summary>
public sealed record EventLink(string LinkType, string? LinkKind = null, LinkEnd? Target = null, LinkEnd? From = null, LinkEnd? To = null, JsonElement? Tags = null)
{
    /// <summary>The link that says: that event led to this one.</summary>
    public static EventLink Cause(EventId id) => new("RELATION", "CAUSE", new LinkEnd(id.ToString()));
}

/// <summary>The event at an end of a link.</summary>
public sealed record LinkEnd([property: JsonPropertyName("contextId")] string ContextId);
