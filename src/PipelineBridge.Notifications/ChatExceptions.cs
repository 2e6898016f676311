namespace PipelineBridge.Notifications;

/// <summary>The chat does not take the message, and would not take it later either.</summary>
/// <param name="cause">One sentence of our own that names the target and what would be right.</param>
/// <param name="answer">The method and the code of error that it answered, when it answered.</param>
sealed class ChatRefusedException(string cause, string? answer = null) : Exception(cause)
{
    public string? Answer => answer;
}

/// <summary>The chat does not answer now, or asks for patience.</summary>
/// <param name="cause">One sentence of our own that names the target.</param>
/// <param name="retryAfter">How long it asks to be left alone, when it says so.</param>
sealed class ChatUnavailableException(string cause, TimeSpan? retryAfter = null) : Exception(cause)
{
    public TimeSpan? RetryAfter => retryAfter;
}
