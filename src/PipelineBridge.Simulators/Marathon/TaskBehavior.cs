namespace PipelineBridge.Simulators.Marathon;

/// <summary>What the tasks of an app, or of an image, do instead of becoming healthy in the usual time.</summary>
public sealed record TaskBehavior
{
    /// <summary>The app's absolute id; null matches every app.</summary>
    public string? App { get; init; }

    /// <summary>Part of the image's name, such as a tag or a digest; null matches every image.</summary>
    public string? Image { get; init; }

    /// <summary>For how many task starts it holds; null holds until it is taken away.</summary>
    public int? Times { get; init; }

    /// <summary>How long the task is staged, in milliseconds.</summary>
    public int? StagingMilliseconds { get; init; }

    /// <summary>How long the task is starting, in milliseconds.</summary>
    public int? StartingMilliseconds { get; init; }

    /// <summary>How long after it runs the task passes its health check, in milliseconds.</summary>
    public int? HealthyAfterMilliseconds { get; init; }

    /// <summary>Whether the task never passes its health check.</summary>
    public bool NeverHealthy { get; init; }

    /// <summary>How long after it runs the task fails its health check from then on, in milliseconds.</summary>
    public int? UnhealthyAfterMilliseconds { get; init; }

    /// <summary>What a failed probe says.</summary>
    public string ProbeAnswer { get; init; } = "503 Service Unavailable";

    /// <summary>How long after it runs the task ends by itself, in milliseconds.</summary>
    public int? CrashAfterMilliseconds { get; init; }

    /// <summary>What the agent says about a task that ended by itself.</summary>
    public string CrashMessage { get; init; } = "Container exited with status 1";

    /// <summary>What the agent says when the image cannot be pulled; the task then fails at the end of staging.</summary>
    public string? PullFailure { get; init; }

    /// <summary>Why no offer suits, such as <c>InsufficientMemory</c>; the tasks then wait in the launch queue.</summary>
    public IReadOnlyList<string>? NoOffers { get; init; }

    internal bool Matches(AppDefinition app) =>
        (App is null || App == app.Id)
        && (Image is null || (app.Image?.Contains(Image, StringComparison.Ordinal) ?? false));

    /// <summary>What is wrong with this behaviour, one sentence for each mistake; empty when nothing is.</summary>
    public IReadOnlyList<string> Mistakes()
    {
        var mistakes = new List<string>();
        if (App is not null && !App.StartsWith('/'))
        {
            mistakes.Add($"app is \"{App}\"; it is absolute, such as \"/{App}\".");
        }

        if (Times < 1)
        {
            mistakes.Add($"times is {Times}; it is at least 1.");
        }

        foreach (var (name, value) in new (string, int?)[]
        {
            ("stagingMilliseconds", StagingMilliseconds), ("startingMilliseconds", StartingMilliseconds),
            ("healthyAfterMilliseconds", HealthyAfterMilliseconds), ("unhealthyAfterMilliseconds", UnhealthyAfterMilliseconds),
            ("crashAfterMilliseconds", CrashAfterMilliseconds),
        })
        {
            if (value < 0)
            {
                mistakes.Add($"{name} is {value}; it is at least 0.");
            }
        }

        foreach (var reason in NoOffers ?? [])
        {
            if (!LaunchQueue.Reasons.Contains(reason))
            {
                mistakes.Add($"noOffers has \"{reason}\"; it is one of {string.Join(", ", LaunchQueue.Reasons)}.");
            }
        }

        return mistakes;
    }
}
