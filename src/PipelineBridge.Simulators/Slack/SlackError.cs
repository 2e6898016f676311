namespace PipelineBridge.Simulators.Slack;

/// <summary>A refusal, which Slack answers with status 200 and <c>ok: false</c>.</summary>
sealed class SlackError(string error, string? explanation = null) : Exception(explanation ?? error)
{
    public string Error => error;

    /// <summary>What Slack puts into <c>response_metadata.messages</c>; null when it gives none.</summary>
    public string? Explanation => explanation;
}
