namespace PipelineBridge.Simulators;

/// <summary>A failure that a simulator shows on purpose to the next requests that match.</summary>
/// <remarks>
/// A delay comes first; then the first of <see cref="DropConnection"/>, <see cref="Hang"/> and <see cref="Status"/> that is
/// given takes the place of the real answer. <see cref="LoseAnswer"/> and <see cref="TruncateAfterBytes"/> let the request
/// take its effect and spoil the answer.
/// </remarks>
public sealed record Fault
{
    /// <summary>Requests match whose path begins with this; "/" matches all.</summary>
    public required string PathPrefix { get; init; }

    /// <summary>Requests match that have this HTTP method; null matches all.</summary>
    public string? Method { get; init; }

    /// <summary>How many requests meet the fault, at least 1.</summary>
    public int Times { get; init; } = 1;

    /// <summary>The HTTP status of the scripted answer.</summary>
    public int? Status { get; init; }

    /// <summary>The body of the scripted answer; its content type is JSON unless the headers say otherwise.</summary>
    public string? Body { get; init; }

    /// <summary>The headers of the scripted answer.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>How long the request is held before anything else, in milliseconds.</summary>
    public int? DelayMilliseconds { get; init; }

    /// <summary>Never answers; ends when the client gives up or the simulator stops.</summary>
    public bool Hang { get; init; }

    /// <summary>Closes the connection before the request is handled.</summary>
    public bool DropConnection { get; init; }

    /// <summary>Handles the request, then closes the connection without an answer.</summary>
    public bool LoseAnswer { get; init; }

    /// <summary>Closes the connection after this many bytes of the answer's body.</summary>
    public long? TruncateAfterBytes { get; init; }

    /// <summary>What is wrong with this fault, one sentence for each mistake; empty when nothing is.</summary>
    public IReadOnlyList<string> Mistakes()
    {
        var mistakes = new List<string>();
        if (!PathPrefix.StartsWith('/'))
        {
            mistakes.Add($"pathPrefix is \"{PathPrefix}\"; it begins with \"/\".");
        }

        if (Times < 1)
        {
            mistakes.Add($"times is {Times}; it is at least 1.");
        }

        if (Status is < 200 or > 599)
        {
            mistakes.Add($"status is {Status}; it is between 200 and 599.");
        }

        if (Status is null && (Body is not null || Headers is not null))
        {
            mistakes.Add("body and headers need a status.");
        }

        if (DelayMilliseconds < 0)
        {
            mistakes.Add($"delayMilliseconds is {DelayMilliseconds}; it is at least 0.");
        }

        if (TruncateAfterBytes < 0)
        {
            mistakes.Add($"truncateAfterBytes is {TruncateAfterBytes}; it is at least 0.");
        }

        if (Status is null && DelayMilliseconds is null && TruncateAfterBytes is null && !Hang && !DropConnection && !LoseAnswer)
        {
            mistakes.Add("nothing is scripted; give one of status, delayMilliseconds, hang, dropConnection, loseAnswer, truncateAfterBytes.");
        }

        return mistakes;
    }
}
