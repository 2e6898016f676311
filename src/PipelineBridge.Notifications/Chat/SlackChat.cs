using System.Globalization;
using System.Net.Mail;
using System.Text.Json;
using System.Text.RegularExpressions;
using PipelineBridge.Events;

namespace PipelineBridge.Notifications.Chat;

/// <summary>
/// A channel of Slack: one message a thread, edited in place, and replies below it for trouble. What stands is looked at
/// before anything is written, so that neither a crash nor a lost answer posts a thing twice, and no older word replaces
/// a newer one.
/// </summary>
/// <param name="options">The channel.</param>
/// <param name="http">Makes the calls; its timeout bounds each of them.</param>
public sealed partial class SlackChat(SlackTargetOptions options, HttpClient http)
{
    // Slack recommends no more than 200 a page; what 20 pages do not show was not posted in the life of this request.
    const int PageSize = 200;
    const int MostPages = 20;

    // The clocks of Slack and ours may differ; a message about a request is not older than the request but for this.
    static readonly TimeSpan ClockDifference = TimeSpan.FromMinutes(10);

    readonly SlackApi api = new(options, http);
    volatile string? channelId = ChannelId().IsMatch(options.Channel) ? options.Channel : null;

    /// <summary>The target's name in the configuration.</summary>
    public string Name => options.Name;

    /// <summary>Brings the thread's message to the word, and returns its handle.</summary>
    internal async Task<string> Tell(Telling telling, CancellationToken cancellation)
    {
        try
        {
            return (await BringAbout(telling, cancellation)).ToString();
        }
        catch (SlackErrorException error) when (error.Passing)
        {
            throw new ChatUnavailableException($"Slack cannot serve the target {Name} now.");
        }
        catch (SlackErrorException error)
        {
            if (SlackErrors.MeansNoChannel(error.Error) && !ChannelId().IsMatch(options.Channel))
            {
                channelId = null;
            }
            throw new ChatRefusedException(SlackErrors.Cause(options, error.Error), error.Message);
        }
    }

    async Task<SlackHandle> BringAbout(Telling telling, CancellationToken cancellation)
    {
        var word = telling.Word;
        var standing = SlackHandle.Read(word.Handle) is { } handle ? await At(handle, word, cancellation) : null;
        if (standing is null || !await Edit(standing, telling, cancellation))
        {
            var channel = channelId ??= await FindChannel(cancellation);
            standing = await Find(channel, telling, except: standing?.Handle.Ts, cancellation);
            if (standing is null || !await Edit(standing, telling, cancellation))
            {
                standing = await Post(channel, telling, cancellation);
            }
        }
        if (word.Reply is { } reply && standing.Revision <= word.Revision)
        {
            await Reply(standing.Handle, reply, telling, cancellation);
        }
        return standing.Handle;
    }

    /// <summary>The message that a handle names; null when it is gone, or is about something else.</summary>
    async Task<Standing?> At(SlackHandle handle, NotificationRequested word, CancellationToken cancellation)
    {
        try
        {
            await foreach (var message in Messages("conversations.history", new()
            {
                ["channel"] = handle.Channel,
                ["oldest"] = handle.Ts,
                ["latest"] = handle.Ts,
                ["inclusive"] = "true",
            }, cancellation))
            {
                if (Text(message, "ts") == handle.Ts)
                {
                    var revision = SlackMessage.Revision(message, word);
                    return revision is null && SlackMessage.IsMarked(message) ? null : new Standing(handle, revision ?? -1);
                }
            }
        }
        catch (SlackErrorException error) when (SlackErrors.MeansNoChannel(error.Error))
        {
            // The channel of before is closed to us; the one in the configuration is asked next and says what is wrong with it.
        }
        return null;
    }

    /// <summary>The newest message about the thread, by its metadata.</summary>
    async Task<Standing?> Find(string channel, Telling telling, string? except, CancellationToken cancellation)
    {
        var oldest = (telling.Born - ClockDifference).ToUnixTimeSeconds();
        await foreach (var message in Messages("conversations.history", new()
        {
            ["channel"] = channel,
            ["oldest"] = $"{Math.Max(oldest, 0).ToString(CultureInfo.InvariantCulture)}.000000",
        }, cancellation))
        {
            if (SlackMessage.Revision(message, telling.Word) is { } revision && Text(message, "ts") is { } ts && ts != except)
            {
                return new Standing(new SlackHandle(channel, ts), revision);
            }
        }
        return null;
    }

    /// <summary>Edits the message unless it says this or something newer; false when it cannot be edited any more.</summary>
    async Task<bool> Edit(Standing standing, Telling telling, CancellationToken cancellation)
    {
        if (standing.Revision >= telling.Word.Revision)
        {
            return true;
        }
        var body = SlackMessage.Of(telling.Word);
        body["channel"] = standing.Handle.Channel;
        body["ts"] = standing.Handle.Ts;
        try
        {
            await Write("chat.update", body, telling, cancellation);
            return true;
        }
        catch (SlackErrorException error) when (SlackErrors.MeansGone(error.Error))
        {
            return false;
        }
    }

    async Task<Standing> Post(string channel, Telling telling, CancellationToken cancellation)
    {
        var body = SlackMessage.Of(telling.Word);
        body["channel"] = channel;
        body["unfurl_links"] = false;
        body["unfurl_media"] = false;
        var answer = await Write("chat.postMessage", body, telling, cancellation);
        return Text(answer, "channel") is { } id && Text(answer, "ts") is { } ts
            ? new Standing(new SlackHandle(id, ts), telling.Word.Revision)
            : throw new ChatUnavailableException($"Slack did not tell the target {Name} where its message stands.");
    }

    async Task Reply(SlackHandle parent, NotificationReply reply, Telling telling, CancellationToken cancellation)
    {
        await foreach (var message in Messages("conversations.replies", new() { ["channel"] = parent.Channel, ["ts"] = parent.Ts }, cancellation))
        {
            if (SlackMessage.IsReply(message, telling.Word, reply))
            {
                return;
            }
        }
        var body = SlackMessage.Reply(telling.Word, reply, await Mention(reply.Mention, cancellation), await telling.Quotes(cancellation));
        body["channel"] = parent.Channel;
        body["thread_ts"] = parent.Ts;
        body["unfurl_links"] = false;
        body["unfurl_media"] = false;
        await Write("chat.postMessage", body, telling, cancellation);
    }

    async Task<JsonElement> Write(string method, System.Text.Json.Nodes.JsonObject body, Telling telling, CancellationToken cancellation)
    {
        try
        {
            var answer = await api.Write(method, body, cancellation);
            telling.Effect = WorkEffect.Made;
            return answer;
        }
        catch (ChatUnavailableException unavailable) when (unavailable.RetryAfter is null && telling.Effect == WorkEffect.None)
        {
            telling.Effect = WorkEffect.Unknown;
            throw;
        }
    }

    /// <summary>The author as Slack mentions people; the plain name where Slack knows nobody by the address.</summary>
    async Task<string?> Mention(string? person, CancellationToken cancellation)
    {
        if (string.IsNullOrWhiteSpace(person))
        {
            return null;
        }
        if (!MailAddress.TryCreate(person, out var address))
        {
            return SlackText.Escaped(person, 80);
        }
        var name = SlackText.Escaped(address.DisplayName.Length > 0 ? address.DisplayName : address.User, 80);
        try
        {
            var answer = await api.Read("users.lookupByEmail", [new("email", address.Address)], cancellation);
            return answer.TryGetProperty("user", out var user) && Text(user, "id") is { } id && UserId().IsMatch(id) ? $"<@{id}>" : name;
        }
        catch (SlackErrorException error) when (!error.Passing)
        {
            // users_not_found, or the app may not look people up: the reply matters more than the mention.
            return name;
        }
    }

    /// <summary>The ID of the channel in the configuration: history is read by ID alone.</summary>
    async Task<string> FindChannel(CancellationToken cancellation)
    {
        var name = options.Channel.TrimStart('#');
        try
        {
            return await FindChannel(name, "public_channel,private_channel", cancellation);
        }
        catch (SlackErrorException error) when (error.Error == "missing_scope")
        {
            // An app for public channels alone has no groups:read, and may not even ask.
            return await FindChannel(name, "public_channel", cancellation);
        }
    }

    async Task<string> FindChannel(string name, string types, CancellationToken cancellation)
    {
        await foreach (var channel in Pages("users.conversations", "channels", new() { ["types"] = types, ["exclude_archived"] = "true" }, cancellation))
        {
            if (string.Equals(Text(channel, "name"), name, StringComparison.OrdinalIgnoreCase) && Text(channel, "id") is { } id)
            {
                return id;
            }
        }
        throw new SlackErrorException("users.conversations", "channel_not_found", passing: false);
    }

    IAsyncEnumerable<JsonElement> Messages(string method, Dictionary<string, string> arguments, CancellationToken cancellation)
    {
        arguments["include_all_metadata"] = "true";
        return Pages(method, "messages", arguments, cancellation);
    }

    async IAsyncEnumerable<JsonElement> Pages(
        string method, string list, Dictionary<string, string> arguments, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        arguments["limit"] = PageSize.ToString(CultureInfo.InvariantCulture);
        for (var page = 0; page < MostPages; page++)
        {
            var answer = await api.Read(method, arguments, cancellation);
            if (answer.TryGetProperty(list, out var items) && items.ValueKind == JsonValueKind.Array)
            {
                foreach (var item in items.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object))
                {
                    yield return item;
                }
            }
            if (!answer.TryGetProperty("response_metadata", out var more) || more.ValueKind != JsonValueKind.Object
                || Text(more, "next_cursor") is not { Length: > 0 } cursor)
            {
                yield break;
            }
            arguments["cursor"] = cursor;
        }
    }

    static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    [GeneratedRegex("^[CGD][A-Z0-9]{8,}$", RegexOptions.CultureInvariant)]
    private static partial Regex ChannelId();

    [GeneratedRegex("^[UW][A-Z0-9]{1,30}$", RegexOptions.CultureInvariant)]
    private static partial Regex UserId();

    /// <summary>A message as it stands.</summary>
    sealed record Standing(SlackHandle Handle, int Revision);
}
