using System.Text.Json.Nodes;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>Reads an app as <c>GET /v2/apps/ID</c> answers it, under <c>app</c>, with its tasks.</summary>
static class MarathonApp
{
    /// <summary>The app as the policy sees it.</summary>
    public static AppSnapshot Read(JsonObject app)
    {
        var definition = Definition(app);
        var written = DateTimeOffset.TryParse(definition, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var time) ? time : default;
        var checks = app["healthChecks"].Objects().Count();
        return new AppSnapshot
        {
            Definition = definition,
            WrittenAt = written,
            Mark = MarathonLabels.Mark(app),
            Image = app["container"].At("docker").At("image").Text(),
            Wanted = (int)(app["instances"].Number() ?? 0),
            HasHealthCheck = checks > 0,
            IsMoving = app["deployments"].Objects().Any(),
            Tasks = [.. app["tasks"].Objects().Select(t => Task(t, checks, definition, written))],
            Source = app,
        };
    }

    /// <summary>The version of the configuration: scaling gives an app a new version, and leaves its tasks what they are.</summary>
    public static string Definition(JsonObject app) => app["versionInfo"].At("lastConfigChangeAt").Text() ?? app["version"].Text() ?? "";

    /// <summary>An app that is gone while the cluster still stops its tasks.</summary>
    public static AppSnapshot Going() => new()
    {
        Definition = "",
        WrittenAt = default,
        Wanted = 0,
        HasHealthCheck = false,
        IsMoving = true,
        IsGoing = true,
        Tasks = [],
        Source = new JsonObject(),
    };

    static AppTask Task(JsonObject task, int checks, string definition, DateTimeOffset written)
    {
        var version = task["version"].Text();
        return new AppTask(task["id"].Text() ?? "", task["host"].Text(), (int?)(task["ports"] as JsonArray)?.FirstOrDefault().Number(), State(task, checks),
            version == definition || (task["version"].Time() is { } at && at >= written));
    }

    static string State(JsonObject task, int checks)
    {
        var results = task["healthCheckResults"].Objects().ToList();
        return task["state"].Text() switch
        {
            "TASK_STAGING" or "TASK_CREATED" or null => AppTaskState.Staging,
            "TASK_STARTING" => AppTaskState.Starting,
            "TASK_RUNNING" when checks == 0 => AppTaskState.Running,
            "TASK_RUNNING" when results.Any(r => r["alive"].Flag() == false && (r["lastFailure"].Text() is not null || r["consecutiveFailures"].Number() > 0)) => AppTaskState.Unhealthy,
            // A check without a result has not been made yet.
            "TASK_RUNNING" when results.Count >= checks && results.All(r => r["alive"].Flag() == true) => AppTaskState.Healthy,
            "TASK_RUNNING" => AppTaskState.Running,
            _ => AppTaskState.Failed,
        };
    }
}
