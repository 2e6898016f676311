using System.Net;

namespace PipelineBridge.Simulators.Slack;

/// <summary>How a Slack simulator behaves.</summary>
public sealed record SlackSimulatorOptions
{
    /// <summary>The TCP port; 0 lets the system choose a free one.</summary>
    public int Port { get; init; }

    /// <summary>The address to listen on; another one than loopback lets anybody in who reaches it.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The clock behind timestamps and the rate limit.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Receives the one line that is told at start; standard error when not given.</summary>
    public Action<string>? Announce { get; init; }

    /// <summary>The applications that may call, each by its bot token.</summary>
    public IReadOnlyList<SlackBot> Bots { get; init; } = [new("xoxb-simulator", "pipelinebridge")];

    /// <summary>Names of channels that every bot is a member of.</summary>
    public IReadOnlyList<string> Channels { get; init; } = ["deploys"];

    /// <summary>Names of channels that exist, but no bot is a member of: posting there is <c>not_in_channel</c>.</summary>
    public IReadOnlyList<string> ForeignChannels { get; init; } = [];

    /// <summary>The people that can be found by their address and mentioned.</summary>
    public IReadOnlyList<SlackPerson> People { get; init; } = [];

    /// <summary>Whether a channel takes one post a second and answers 429 to more.</summary>
    public bool LimitsRate { get; init; } = true;

    /// <summary>How long a message can be edited, in seconds; null is without end.</summary>
    public int? EditWindowSeconds { get; init; }
}

/// <summary>An application with a bot token.</summary>
/// <param name="Token">The bot token.</param>
/// <param name="Name">The name its messages are shown under.</param>
public sealed record SlackBot(string Token, string Name)
{
    /// <summary>The ID of the bot's user, derived from the name.</summary>
    public string UserId { get; } = SlackId.Of('U', Name);

    /// <summary>The ID of the bot, derived from the name.</summary>
    public string BotId { get; } = SlackId.Of('B', Name);

    /// <summary>The name alone, so that no token reaches a log.</summary>
    public override string ToString() => Name;
}

/// <summary>A member of the workspace.</summary>
/// <param name="Name">The display name.</param>
/// <param name="Email">The address that finds the person.</param>
public sealed record SlackPerson(string Name, string Email)
{
    /// <summary>The ID of the user, derived from the address.</summary>
    public string UserId { get; } = SlackId.Of('U', Email);
}
