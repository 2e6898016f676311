using System.Text.RegularExpressions;

namespace PipelineBridge.Notifications.Chat;

/// <summary>What finds a message of Slack again: the channel's ID and the message's timestamp, written <c>C0123ABCD/1795521600.000000</c>.</summary>
readonly partial record struct SlackHandle(string Channel, string Ts)
{
    /// <summary>Reads a handle; null for anything else.</summary>
    public static SlackHandle? Read(string? text) =>
        text is not null && Form().Match(text) is { Success: true } match
            ? new SlackHandle(match.Groups[1].Value, match.Groups[2].Value)
            : null;

    public override string ToString() => $"{Channel}/{Ts}";

    [GeneratedRegex("^([A-Z0-9]{1,32})/([0-9]{1,20}\\.[0-9]{1,10})$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
