using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PipelineBridge.Events;

namespace PipelineBridge.Notifications.Chat;

/// <summary>
/// How a word looks in Slack, and the mark by which it is found again. Lengths stay within Slack's: 3,000 characters a
/// section, 4,000 the text of an edit.
/// </summary>
static class SlackMessage
{
    const string EventType = "pipelinebridge_delivery";
    const int LongestTitle = 300;
    const int LongestSection = 2_900;
    const int LongestQuote = 1_500;
    const int LongestNotice = 1_000;
    const int LongestThread = 200;

    /// <summary>The message, as <c>chat.postMessage</c> and <c>chat.update</c> take it.</summary>
    public static JsonObject Of(NotificationRequested word)
    {
        var sign = word.Mood switch
        {
            NotificationMood.Good => "✓",
            NotificationMood.Bad => "✗",
            NotificationMood.Quiet => "○",
            _ => "◐",
        };
        var head = $"*{SlackText.Escaped(word.Title, LongestTitle)}*  {sign} ";
        var blocks = new JsonArray(Block("section", head + SlackText.Escaped(word.Text, LongestSection - head.Length, lines: true)));
        if (Links(word.Links) is { Length: > 0 } links)
        {
            blocks.Add(Block("context", links));
        }
        return Formatted(
            SlackText.Escaped($"{word.Title} {sign} {word.Text}", LongestNotice),
            blocks,
            new JsonObject { ["thread"] = Thread(word), ["revision"] = word.Revision });
    }

    /// <summary>A reply for trouble; <paramref name="mention"/> is markup of ours, or a name that is escaped already.</summary>
    public static JsonObject Reply(NotificationRequested word, NotificationReply reply, string? mention, IReadOnlyList<Quote> quotes)
    {
        var head = mention is null ? "" : $"{mention} ";
        var blocks = new JsonArray(Block("section", head + SlackText.Escaped(reply.Text, LongestSection - head.Length, lines: true)));
        foreach (var quote in quotes)
        {
            var name = SlackText.Escaped(quote.Name, LongestTitle);
            blocks.Add(Block("section", quote.Text is { Length: > 0 } text ? $"{name}\n```{SlackText.Quoted(text, LongestQuote)}```" : $"{name}: its text could not be read"));
        }
        return Formatted(
            head + SlackText.Escaped(reply.Text, LongestNotice),
            blocks,
            new JsonObject { ["thread"] = Thread(word), ["revision"] = word.Revision, ["reply"] = Key(reply) });
    }

    /// <summary>The revision of a message about the same thread, -1 when it says none; null when it is about another, or a reply.</summary>
    public static int? Revision(JsonElement message, NotificationRequested word) => Payload(message) switch
    {
        { } payload when Text(payload, "thread") == Thread(word) && Text(payload, "reply") is null =>
            payload.TryGetProperty("revision", out var revision) && revision.ValueKind == JsonValueKind.Number && revision.TryGetInt32(out var number) ? number : -1,
        _ => null,
    };

    /// <summary>Whether a message carries a mark of ours at all.</summary>
    public static bool IsMarked(JsonElement message) => Payload(message) is not null;

    /// <summary>Whether a message is this reply: the same words in the same thread, whichever revision brought them.</summary>
    public static bool IsReply(JsonElement message, NotificationRequested word, NotificationReply reply) =>
        Payload(message) is { } payload && Text(payload, "thread") == Thread(word) && Text(payload, "reply") == Key(reply);

    static JsonObject Formatted(string text, JsonArray blocks, JsonObject payload) => new()
    {
        ["text"] = text,
        ["blocks"] = blocks,
        ["metadata"] = new JsonObject { ["event_type"] = EventType, ["event_payload"] = payload },
        // chat.update would otherwise look for links and names by itself.
        ["parse"] = "none",
        ["link_names"] = false,
    };

    // verbatim: Slack makes no links and mentions of what merely looks like them.
    static JsonObject Block(string type, string text)
    {
        var content = new JsonObject { ["type"] = "mrkdwn", ["text"] = text, ["verbatim"] = true };
        return type == "context"
            ? new JsonObject { ["type"] = type, ["elements"] = new JsonArray(content) }
            : new JsonObject { ["type"] = type, ["text"] = content };
    }

    static string Links(IReadOnlyList<NotificationLink>? links)
    {
        var line = new StringBuilder();
        foreach (var link in links ?? [])
        {
            var shown = SlackText.Link(link.Text, link.Url);
            if (shown.Length > 0 && line.Length + shown.Length + 3 <= LongestSection)
            {
                line.Append(line.Length == 0 ? "" : " · ").Append(shown);
            }
        }
        return line.ToString();
    }

    static JsonElement? Payload(JsonElement message) =>
        message.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
        && Text(metadata, "event_type") == EventType
        && metadata.TryGetProperty("event_payload", out var payload) && payload.ValueKind == JsonValueKind.Object
            ? payload
            : null;

    static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // A thread may be named by somebody outside, as long as they like; metadata has a limit of its own.
    static string Thread(NotificationRequested word) => word.Thread.Length <= LongestThread ? word.Thread : Hash(word.Thread);

    static string Key(NotificationReply reply) => Hash(reply.Text)[..16];

    static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
