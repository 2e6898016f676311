using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Slack;

/// <summary>The methods of the Slack Web API that a bridge needs.</summary>
sealed class SlackApi(SlackSimulatorOptions options, SlackWorkspace workspace, Func<Uri> url)
{
    // Slack truncates a longer post and warns; a simulator does better to refuse what would be lost.
    const int LongestPost = 40_000;
    const int LongestEdit = 4_000;

    public async Task Handle(HttpContext context)
    {
        var method = (context.Request.Path.Value ?? "")["/api/".Length..];
        JsonObject answer;
        try
        {
            // These take a form or a query alone and do not see a JSON body.
            var arguments = await SlackArguments.Read(context, takesJson: method is not ("users.lookupByEmail" or "users.conversations"));
            var bot = Bot(context, arguments);
            RequestLog.Note(context, "bot", bot.Name);
            answer = method switch
            {
                "auth.test" => AuthTest(bot),
                "chat.postMessage" => PostMessage(context, bot, arguments),
                "chat.update" => Update(context, bot, arguments),
                "conversations.history" => History(arguments),
                "conversations.replies" => Replies(arguments),
                "users.conversations" => Conversations(arguments),
                "users.lookupByEmail" => LookupByEmail(arguments),
                _ => throw new SlackError("unknown_method"),
            };
            answer.Insert(0, "ok", true);
        }
        catch (SlackError error)
        {
            answer = new JsonObject { ["ok"] = false, ["error"] = error.Error };
            RequestLog.Note(context, "error", error.Error);
            if (error.Explanation is { } explanation)
            {
                answer["response_metadata"] = new JsonObject { ["messages"] = new JsonArray(explanation) };
            }

            if (error.Error == "ratelimited")
            {
                context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
                context.Response.Headers.RetryAfter = "1";
            }
        }

        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
    }

    SlackBot Bot(HttpContext context, SlackArguments arguments)
    {
        var header = context.Request.Headers.Authorization.ToString();
        var token = header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? header["Bearer ".Length..].Trim()
            : arguments.Text("token");
        return string.IsNullOrEmpty(token)
            ? throw new SlackError("not_authed")
            : options.Bots.FirstOrDefault(bot => bot.Token == token) ?? throw new SlackError("invalid_auth");
    }

    JsonObject AuthTest(SlackBot bot) => new()
    {
        ["url"] = url().ToString(),
        ["team"] = "Slack simulator",
        ["user"] = bot.Name,
        ["team_id"] = SlackId.Of('T', "Slack simulator"),
        ["user_id"] = bot.UserId,
        ["bot_id"] = bot.BotId,
        ["is_enterprise_install"] = false,
    };

    JsonObject PostMessage(HttpContext context, SlackBot bot, SlackArguments arguments)
    {
        var channel = arguments.Text("channel") is { Length: > 0 } given ? given : throw new SlackError("channel_not_found");
        var text = arguments.Text("text") ?? "";
        var blocks = SlackBlocks.Checked(arguments.Structure("blocks", "invalid_blocks_format"));
        if (text.Length == 0 && blocks is null or "[]")
        {
            throw new SlackError("no_text");
        }

        if (text.Length > LongestPost)
        {
            throw new SlackError("msg_too_long");
        }

        var metadata = SlackBlocks.Metadata(arguments.Structure("metadata", "invalid_metadata_format"));
        var message = workspace.Post(
            bot, channel, text, blocks == "[]" ? null : blocks, metadata == "{}" ? null : metadata,
            arguments.Text("thread_ts") is { Length: > 0 } thread ? thread : null);
        RequestLog.Note(context, "channel", message.Channel);
        RequestLog.Note(context, "ts", message.Ts);
        return new JsonObject
        {
            ["channel"] = message.Channel,
            ["ts"] = message.Ts,
            ["message"] = SlackJson.Of(message, withMetadata: true),
        };
    }

    JsonObject Update(HttpContext context, SlackBot bot, SlackArguments arguments)
    {
        var text = arguments.Text("text");
        var blocks = SlackBlocks.Checked(arguments.Structure("blocks", "invalid_blocks_format"));
        var metadata = SlackBlocks.Metadata(arguments.Structure("metadata", "invalid_metadata_format"));
        if (string.IsNullOrEmpty(text) && blocks is null or "[]")
        {
            throw new SlackError("no_text");
        }

        if (text?.Length > LongestEdit)
        {
            throw new SlackError("msg_too_long");
        }

        // chat.update: without blocks the old ones go when there is a text; without metadata the old stays, {} removes it.
        var message = workspace.Edit(bot, arguments.Required("channel"), arguments.Required("ts"), old => old with
        {
            Text = text ?? old.Text,
            Blocks = blocks is null or "[]" ? null : blocks,
            Metadata = metadata switch { null => old.Metadata, "{}" => null, _ => metadata },
        });
        RequestLog.Note(context, "channel", message.Channel);
        RequestLog.Note(context, "ts", message.Ts);
        return new JsonObject
        {
            ["channel"] = message.Channel,
            ["ts"] = message.Ts,
            ["text"] = message.Text,
            ["message"] = SlackJson.Of(message, withMetadata: true),
        };
    }

    JsonObject History(SlackArguments arguments) => Page(
        arguments, workspace.History(arguments.Required("channel")).Reverse(),
        (message, cursor) => string.CompareOrdinal(message.Ts, cursor) < 0);

    JsonObject Replies(SlackArguments arguments)
    {
        var ts = arguments.Required("ts");
        var parent = workspace.History(arguments.Required("channel"))
            .FirstOrDefault(message => message.Ts == ts || message.Replies.Exists(reply => reply.Ts == ts))
            ?? throw new SlackError("thread_not_found");
        return Page(
            arguments, parent.Replies.Prepend(parent),
            (message, cursor) => string.CompareOrdinal(message.Ts, cursor) > 0);
    }

    // The channels that the bot is a member of, in pages; the cursor is the ID of the last one shown.
    JsonObject Conversations(SlackArguments arguments)
    {
        var limit = Limit(arguments, 1_000);
        var cursor = arguments.Text("cursor") is { Length: > 0 } given ? given : null;
        var found = workspace.Joined
            .OrderBy(channel => channel.Id, StringComparer.Ordinal)
            .Where(channel => cursor is null || string.CompareOrdinal(channel.Id, cursor) > 0)
            .ToList();
        return new JsonObject
        {
            ["channels"] = new JsonArray([.. found.Take(limit).Select(channel => (JsonNode)new JsonObject
            {
                ["id"] = channel.Id,
                ["name"] = channel.Name,
                ["is_channel"] = true,
                ["is_archived"] = false,
            })]),
            ["response_metadata"] = new JsonObject { ["next_cursor"] = found.Count > limit ? found[limit - 1].Id : "" },
        };
    }

    JsonObject LookupByEmail(SlackArguments arguments)
    {
        var email = arguments.Required("email");
        var person = options.People.FirstOrDefault(one => string.Equals(one.Email, email, StringComparison.OrdinalIgnoreCase))
            ?? throw new SlackError("users_not_found");
        return new JsonObject
        {
            ["user"] = new JsonObject
            {
                ["id"] = person.UserId,
                ["name"] = person.Name,
                ["real_name"] = person.Name,
                ["deleted"] = false,
                ["is_bot"] = false,
                ["profile"] = new JsonObject { ["email"] = person.Email, ["display_name"] = person.Name, ["real_name"] = person.Name },
            },
        };
    }

    static JsonObject Page(
        SlackArguments arguments, IEnumerable<SlackMessage> messages, Func<SlackMessage, string, bool> isBehind)
    {
        var limit = Limit(arguments, 999);

        // All timestamps have the same number of digits, so that they compare as text.
        var inclusive = arguments.Flag("inclusive");
        var cursor = arguments.Text("cursor") is { Length: > 0 } given ? given : null;
        var found = messages.Where(message =>
            Within(arguments.Text("oldest"), bound => string.CompareOrdinal(message.Ts, bound), inclusive)
            && Within(arguments.Text("latest"), bound => string.CompareOrdinal(bound, message.Ts), inclusive)
            && (cursor is null || isBehind(message, cursor))).ToList();
        var page = found.Take(limit).ToList();
        var answer = new JsonObject
        {
            ["messages"] = new JsonArray([.. page.Select(message =>
                (JsonNode)SlackJson.Of(message, arguments.Flag("include_all_metadata")))]),
            ["has_more"] = page.Count < found.Count,
        };
        if (page.Count < found.Count)
        {
            answer["response_metadata"] = new JsonObject { ["next_cursor"] = page[^1].Ts };
        }

        return answer;
    }

    static int Limit(SlackArguments arguments, int most) =>
        int.TryParse(arguments.Text("limit") ?? "100", NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
        && limit >= 1 && limit <= most
            ? limit
            : throw new SlackError("invalid_limit");

    static bool Within(string? bound, Func<string, int> compare, bool inclusive) =>
        string.IsNullOrEmpty(bound) || bound == "0" || compare(bound) is var order && (order > 0 || (inclusive && order == 0));
}
