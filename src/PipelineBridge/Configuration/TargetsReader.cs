using PipelineBridge.Notifications.Chat;

namespace PipelineBridge.Configuration;

/// <summary>Reads <c>targets</c>: who can be told things.</summary>
static class TargetsReader
{
    static readonly Uri SlackItself = new("https://slack.com/api");

    /// <summary>The targets, and the names of all, also of those that have a mistake, so that what names them has none.</summary>
    public static (IReadOnlyList<SlackTargetOptions> Targets, IReadOnlyCollection<string> Names) Read(Reading reading, Section root)
    {
        var targets = new List<SlackTargetOptions>();
        var names = new List<string>();
        foreach (var (name, section) in root.Named("targets"))
        {
            reading.IsName(name, section.Place);
            names.Add(name);
            if (!section.Has("slack"))
            {
                reading.Findings.Mistake(section.Place, "has no slack, the only kind of target that is known. Give: slack: {channel: \"#deploys\", token: {file: /run/secrets/slack}}.");
            }
            else if (Slack(reading, name, section.Below("slack")) is { } slack)
            {
                targets.Add(slack);
            }
            section.Done();
        }
        return (targets, names);
    }

    static SlackTargetOptions? Slack(Reading reading, string name, Section section)
    {
        var channel = section.Text("channel", "Give the channel's name in quotes, such as \"#deploys\", or its ID.");
        if (channel is not null && (channel.Text.Trim('#').Length == 0 || channel.Text.Any(char.IsWhiteSpace)))
        {
            reading.Findings.Mistake(channel.Place, $"{Findings.Shown(channel.Text)} is no channel. Give its name in quotes, such as \"#deploys\", or its ID.");
            channel = null;
        }
        var token = section.Secret("token", "Give where its bot token is: token: {file: /run/secrets/slack} or {environment: NAME}.");
        var url = section.Has("url") ? reading.Url(section.Text("url")) : SlackItself;
        section.Done();
        return channel is null || token is null || url is null ? null : new SlackTargetOptions(name, url, channel.Text, token);
    }
}
