namespace PipelineBridge.Notifications.Chat;

/// <summary>A channel of Slack that can be told things.</summary>
/// <param name="Name">The target's name in the configuration.</param>
/// <param name="ApiUrl">The root of the Web API's methods, <c>https://slack.com/api</c> for Slack itself.</param>
/// <param name="Channel">The channel: its name, with or without <c>#</c>, or its ID.</param>
/// <param name="Token">Reads the bot token anew for every call, so that a renewed one is taken; null when there is none.</param>
public sealed record SlackTargetOptions(string Name, Uri ApiUrl, string Channel, Func<string?> Token);
