using System.Globalization;
using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Slack;

/// <summary>A message in the form in which Slack answers it.</summary>
static class SlackJson
{
    public static JsonObject Of(SlackMessage message, bool withMetadata)
    {
        var found = new JsonObject
        {
            ["type"] = "message",
            ["user"] = message.By.UserId,
            ["bot_id"] = message.By.BotId,
            ["ts"] = message.Ts,
            ["text"] = message.Text,
        };
        if (message.Blocks is { } blocks)
        {
            found["blocks"] = JsonNode.Parse(blocks);
        }

        if (withMetadata && message.Metadata is { } metadata)
        {
            found["metadata"] = JsonNode.Parse(metadata);
        }

        // An edit that gives blocks leaves no mark that a reader could see.
        if (message.Edits.Count > 0 && message.Blocks is null)
        {
            found["edited"] = new JsonObject
            {
                ["user"] = message.By.UserId,
                ["ts"] = message.Edits[^1].Time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) + ".000000",
            };
        }

        if (message.ThreadTs is { } thread)
        {
            found["thread_ts"] = thread;
        }

        if (message.Replies.Count > 0)
        {
            found["thread_ts"] = message.Ts;
            found["reply_count"] = message.Replies.Count;
            found["latest_reply"] = message.Replies[^1].Ts;
        }

        return found;
    }
}
