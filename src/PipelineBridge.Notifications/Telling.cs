using PipelineBridge.Events;

namespace PipelineBridge.Notifications;

/// <summary>One word for a target while it is being told.</summary>
/// <param name="word">What is to stand there.</param>
/// <param name="born">When its request was born: no message about it is older.</param>
sealed class Telling(NotificationRequested word, DateTimeOffset born)
{
    public NotificationRequested Word => word;

    public DateTimeOffset Born => born;

    /// <summary>Reads what the reply may quote, once it is known that the reply is to be made.</summary>
    public required Func<CancellationToken, Task<IReadOnlyList<Quote>>> Quotes { get; init; }

    /// <summary>What was changed so far, one of <see cref="WorkEffect"/>.</summary>
    public string Effect { get; set; } = WorkEffect.None;
}

/// <summary>A piece of evidence that a reply quotes.</summary>
/// <param name="Name">What it is, e.g. <c>last log</c>.</param>
/// <param name="Text">All of it; null when it cannot be read.</param>
sealed record Quote(string Name, string? Text);
