using PipelineBridge.Events;

namespace PipelineBridge.Notifications;

/// <summary>One word for a target while it is being told.</summary>
/// <param name="word">What is to stand there.</param>
/// <param name="born">When its request was born: no message about it is older.</param>
sealed class Telling(NotificationRequested word, DateTimeOffset born)
{
    public NotificationRequested Word => word;

    public DateTimeOffset Born => born;

    /// <summary>What was changed so far, one of <see cref="WorkEffect"/>.</summary>
    public string Effect { get; set; } = WorkEffect.None;
}
