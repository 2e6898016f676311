using System.Globalization;

namespace PipelineBridge.Simulators.Slack;

/// <summary>The channels and their messages.</summary>
sealed class SlackWorkspace(SlackSimulatorOptions options)
{
    readonly Lock gate = new();
    readonly List<Channel> channels =
    [
        .. options.Channels.Select(name => new Channel(name, SlackId.Of('C', name), Joined: true)),
        .. options.ForeignChannels.Select(name => new Channel(name, SlackId.Of('C', name), Joined: false)),
    ];

    long lastMicroseconds;
    volatile bool limitsRate = options.LimitsRate;

    public bool LimitsRate
    {
        get => limitsRate;
        set => limitsRate = value;
    }

    public IReadOnlyList<(string Name, string Id)> Channels => [.. channels.Select(channel => (channel.Name, channel.Id))];

    /// <summary>The channels that the bots are members of.</summary>
    public IReadOnlyList<(string Name, string Id)> Joined =>
        [.. channels.Where(channel => channel.Joined).Select(channel => (channel.Name, channel.Id))];

    /// <summary>Messages that are no replies, oldest first, with their replies in them.</summary>
    public IReadOnlyList<SlackMessage> Messages(string nameOrId)
    {
        lock (gate)
        {
            return [.. Found(nameOrId, byName: true).Messages];
        }
    }

    public SlackMessage Post(
        SlackBot bot, string channel, string text, string? blocks, string? metadata, string? threadTs)
    {
        lock (gate)
        {
            var found = Member(channel, byName: true);
            var now = options.Time.GetUtcNow();
            if (LimitsRate && found.LastPost is { } last && now - last < TimeSpan.FromSeconds(1))
            {
                throw new SlackError("ratelimited");
            }

            var parent = threadTs is null ? -1 : found.Messages.FindIndex(message => message.Ts == threadTs);
            if (threadTs is not null && parent < 0)
            {
                throw new SlackError("thread_not_found");
            }

            var microseconds = (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
            lastMicroseconds = Math.Max(lastMicroseconds + 1, microseconds);
            var message = new SlackMessage
            {
                Channel = found.Id,
                Ts = string.Create(CultureInfo.InvariantCulture, $"{lastMicroseconds / 1_000_000}.{lastMicroseconds % 1_000_000:000000}"),
                Posted = now,
                By = bot,
                Text = text,
                Blocks = blocks,
                Metadata = metadata,
                ThreadTs = threadTs,
            };
            if (parent < 0)
            {
                found.Messages.Add(message);
            }
            else
            {
                found.Messages[parent] = found.Messages[parent] with { Replies = found.Messages[parent].Replies.Add(message) };
            }

            found.LastPost = now;
            return message;
        }
    }

    public SlackMessage Edit(SlackBot bot, string channel, string ts, Func<SlackMessage, SlackMessage> change)
    {
        lock (gate)
        {
            var found = Member(channel, byName: false);
            for (var index = 0; index < found.Messages.Count; index++)
            {
                var top = found.Messages[index];
                if (top.Ts == ts)
                {
                    return found.Messages[index] = Edited(bot, top, change);
                }

                if (top.Replies.FindIndex(reply => reply.Ts == ts) is >= 0 and var at)
                {
                    var edited = Edited(bot, top.Replies[at], change);
                    found.Messages[index] = top with { Replies = top.Replies.SetItem(at, edited) };
                    return edited;
                }
            }

            throw new SlackError("message_not_found");
        }
    }

    /// <summary>The channel's messages for a reader, who has to name it by its ID.</summary>
    public IReadOnlyList<SlackMessage> History(string channel)
    {
        lock (gate)
        {
            return [.. Member(channel, byName: false).Messages];
        }
    }

    public void Remove(string nameOrId, string ts)
    {
        lock (gate)
        {
            var found = Found(nameOrId, byName: true);
            found.Messages.RemoveAll(message => message.Ts == ts);
            for (var index = 0; index < found.Messages.Count; index++)
            {
                found.Messages[index] = found.Messages[index] with
                {
                    Replies = found.Messages[index].Replies.RemoveAll(reply => reply.Ts == ts),
                };
            }
        }
    }

    SlackMessage Edited(SlackBot bot, SlackMessage message, Func<SlackMessage, SlackMessage> change)
    {
        if (message.By.UserId != bot.UserId)
        {
            throw new SlackError("cant_update_message");
        }

        var now = options.Time.GetUtcNow();
        if (options.EditWindowSeconds is { } seconds && now - message.Posted > TimeSpan.FromSeconds(seconds))
        {
            throw new SlackError("edit_window_closed");
        }

        return change(message) with { Edits = message.Edits.Add(new SlackEdit(now, message.Text, message.Blocks)) };
    }

    Channel Member(string channel, bool byName) => Found(channel, byName) is { Joined: true } found
        ? found
        : throw new SlackError("not_in_channel");

    Channel Found(string channel, bool byName) =>
        channels.Find(one => one.Id == channel || (byName && (one.Name == channel || "#" + one.Name == channel)))
        ?? throw new SlackError("channel_not_found");

    sealed record Channel(string Name, string Id, bool Joined)
    {
        public List<SlackMessage> Messages { get; } = [];

        public DateTimeOffset? LastPost { get; set; }
    }
}
