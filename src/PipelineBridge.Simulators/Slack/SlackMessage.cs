using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Slack;

/// <summary>A message as it stands now.</summary>
public sealed record SlackMessage
{
    /// <summary>The ID of the channel it is in.</summary>
    public required string Channel { get; init; }

    /// <summary>Slack's timestamp, unique in the channel and growing: seconds, a dot, six digits.</summary>
    public required string Ts { get; init; }

    /// <summary>When it was posted.</summary>
    public required DateTimeOffset Posted { get; init; }

    /// <summary>Who posted it.</summary>
    public required SlackBot By { get; init; }

    /// <summary>The text; with blocks it is only what a notification shows.</summary>
    public required string Text { get; init; }

    /// <summary>The blocks as JSON text; null without any.</summary>
    public string? Blocks { get; init; }

    /// <summary>The metadata, <c>{event_type, event_payload}</c>, as JSON text; null without any.</summary>
    public string? Metadata { get; init; }

    /// <summary>The timestamp of the message this one replies to; null for one that is no reply.</summary>
    public string? ThreadTs { get; init; }

    /// <summary>What it was before each edit, oldest first.</summary>
    public ImmutableList<SlackEdit> Edits { get; init; } = [];

    /// <summary>The replies, oldest first.</summary>
    public ImmutableList<SlackMessage> Replies { get; init; } = [];

    /// <summary>The metadata's payload, read anew on each call; null without any.</summary>
    public JsonNode? Payload() => Metadata is null ? null : JsonNode.Parse(Metadata)!["event_payload"];
}

/// <summary>What a message was before an edit.</summary>
/// <param name="Time">When it was edited.</param>
/// <param name="Text">The text before.</param>
/// <param name="Blocks">The blocks before, as JSON text; null without any.</param>
public sealed record SlackEdit(DateTimeOffset Time, string Text, string? Blocks);
