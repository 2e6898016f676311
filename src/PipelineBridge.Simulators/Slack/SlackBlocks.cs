using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Slack;

/// <summary>What Slack refuses in text, blocks and metadata.</summary>
static class SlackBlocks
{
    const int MostBlocks = 50;
    const int LongestSection = 3_000;
    const int LongestHeader = 150;
    const int LongestInAll = 13_200;
    const int LongestMetadata = 16_000;

    /// <summary>The blocks as JSON text; null when none were given, "[]" when an empty list was.</summary>
    public static string? Checked(JsonNode? blocks)
    {
        if (blocks is null)
        {
            return null;
        }

        if (blocks is not JsonArray array)
        {
            throw new SlackError("invalid_blocks_format");
        }

        if (array.Count > MostBlocks)
        {
            throw new SlackError("invalid_blocks", $"[ERROR] no more than {MostBlocks} items allowed [json-pointer:/blocks]");
        }

        for (var index = 0; index < array.Count; index++)
        {
            Check(array[index], index);
        }

        if (Length(array) > LongestInAll)
        {
            throw new SlackError("msg_blocks_too_long");
        }

        return array.ToJsonString();
    }

    /// <summary>The metadata as JSON text; null when none was given, "{}" when an empty object was.</summary>
    public static string? Metadata(JsonNode? metadata)
    {
        if (metadata is null)
        {
            return null;
        }

        if (metadata is not JsonObject found)
        {
            throw new SlackError("invalid_metadata_format");
        }

        if (found.Count > 0 && (found["event_type"] is not JsonValue || found["event_payload"] is not JsonObject))
        {
            throw new SlackError("invalid_metadata_schema");
        }

        var text = found.ToJsonString();
        return text.Length > LongestMetadata ? throw new SlackError("metadata_too_large") : text;
    }

    static void Check(JsonNode? block, int index)
    {
        if (block is not JsonObject found || found["type"]?.ToString() is not { Length: > 0 } type)
        {
            throw new SlackError("invalid_blocks", $"[ERROR] missing required field: type [json-pointer:/blocks/{index}]");
        }

        var longest = type == "header" ? LongestHeader : LongestSection;
        if (type is "header" or "section" && found["text"] is JsonObject text && Length(text) is var length)
        {
            if (length > longest)
            {
                throw new SlackError(
                    "invalid_blocks", $"[ERROR] must be less than {longest + 1} characters [json-pointer:/blocks/{index}/text/text]");
            }

            if (length == 0)
            {
                throw new SlackError(
                    "invalid_blocks", $"[ERROR] must be more than 0 characters [json-pointer:/blocks/{index}/text/text]");
            }
        }

        if (type == "section" && found["text"] is null && found["fields"] is null)
        {
            throw new SlackError("invalid_blocks", $"[ERROR] missing required field: text [json-pointer:/blocks/{index}]");
        }
    }

    static int Length(JsonNode? node) => node switch
    {
        JsonObject found => found.Sum(property =>
            property is { Key: "text", Value: JsonValue text } ? text.ToString().Length : Length(property.Value)),
        JsonArray array => array.Sum(Length),
        _ => 0,
    };
}
