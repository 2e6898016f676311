namespace PipelineBridge.Events;

/// <summary>A target is to be told something; it carries the handle of the message it edits, when there is one.</summary>
public sealed record NotificationRequested : IEventContent
{
    /// <summary>The target's name in the configuration.</summary>
    public required string Target { get; init; }

    /// <summary>What the message is about; a target has one message a thread, edited in place: the request's name for a delivery.</summary>
    public required string Thread { get; init; }

    /// <summary>How it looks to a person at a glance: one of <see cref="NotificationMood"/>.</summary>
    public required string Mood { get; init; }

    /// <summary>The first line: what and where.</summary>
    public required string Title { get; init; }

    /// <summary>The second line: how it stands.</summary>
    public string? Text { get; init; }

    /// <summary>Where to read more.</summary>
    public IReadOnlyList<NotificationLink>? Links { get; init; }

    /// <summary>A reply below the message, for trouble.</summary>
    public NotificationReply? Reply { get; init; }

    /// <summary>The handle of the message to edit, as the target gave it.</summary>
    public string? Handle { get; init; }

    /// <summary>Counts the states of a thread: a later one replaces an earlier one.</summary>
    public int Revision { get; init; }
}

/// <summary>A link in a message.</summary>
public sealed record NotificationLink(string Text, string Url);

/// <summary>A reply for trouble.</summary>
/// <param name="Text">What it says.</param>
/// <param name="Mention">Whom it concerns, by e-mail address or name.</param>
/// <param name="Evidence">What it may quote: named here, read where it is told.</param>
public sealed record NotificationReply(string Text, string? Mention = null, IReadOnlyList<Evidence>? Evidence = null);

/// <summary>The words for how a message looks.</summary>
public static class NotificationMood
{
    /// <summary>Something moves or waits.</summary>
    public const string Moving = "moving";

    /// <summary>It came to its good end.</summary>
    public const string Good = "good";

    /// <summary>It did not.</summary>
    public const string Bad = "bad";

    /// <summary>It ended and nobody need do anything.</summary>
    public const string Quiet = "quiet";
}

/// <summary>A target was told; the good end of a notification.</summary>
/// <param name="Target">The target's name in the configuration.</param>
/// <param name="Handle">What finds the message again, in the target's own words.</param>
public sealed record NotificationDelivered(string Target, string? Handle = null) : IEventContent;
