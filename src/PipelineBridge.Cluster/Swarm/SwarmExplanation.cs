using System.Globalization;
using System.Text.RegularExpressions;
using Docker.DotNet.Models;
using PipelineBridge.Events;

namespace PipelineBridge.Cluster.Swarm;

/// <summary>Says why new tasks do not come up, from what the Swarm says of each and from their log.</summary>
sealed partial class SwarmExplanation(SwarmManagers managers, RolloutPlan plan, AppSnapshot now)
{
    const int LinesOfLog = 20;
    const string Killed = "137";
    const long MiB = 1024 * 1024;

    readonly SwarmApp app = (SwarmApp)now.Source;
    readonly List<(string, string)> evidence = [];

    /// <summary>The first cause that is shown, in the order in which a task meets them.</summary>
    public async Task<FailureExplanation> Of(CancellationToken cancellation)
    {
        var within = $"in {plan.HealthTimeout.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s";
        // After the Swarm went back by itself, what failed is no longer the service's own.
        var news = app.Tasks.Where(t => app.IsRolledBack ? !app.IsCurrent(t) : app.IsCurrent(t) && t.CreatedAt >= app.Written.UtcDateTime.AddSeconds(-1)).ToList();
        var waiting = news.FindLast(t => t.Status?.State is TaskState.Pending or TaskState.New or TaskState.Allocated && !string.IsNullOrEmpty(t.Status.Err));
        var over = news.FindLast(t => t.Status?.State is TaskState.Failed or TaskState.Rejected && !string.IsNullOrEmpty(t.Status.Err));
        if (app.Service.UpdateStatus?.Message is { Length: > 0 } message && app.UpdateState is "paused" or "rollback_paused" or "rollback_started" or "rollback_completed")
        {
            evidence.Add(("update", $"{app.UpdateState}: {app.Service.UpdateStatus!.Message}"));
        }
        foreach (var task in new[] { waiting, over }.OfType<TaskResponse>())
        {
            evidence.Add(("last task", $"{app.NameOf(task)} on {app.Host(task) ?? "no node"}: {task.Status!.State}: {task.Status.Err}"));
        }
        var byItself = app.IsRolledBack ? "; the Swarm went back by itself" : "";
        if (over?.Status?.Err is { } error)
        {
            await Log(cancellation);
            return Ended(error, news.Count(t => t.Status?.State is TaskState.Failed or TaskState.Rejected), within, byItself);
        }
        if (waiting?.Status?.Err is { } why)
        {
            return Waiting(why, within);
        }
        await Log(cancellation);
        return now.NewTasks.Any(t => t.State == AppTaskState.Starting) || now.HasHealthCheck
            ? new(FailureCategory.Health, $"{now.Good} of {now.Wanted} new tasks passed their health check {within}{byItself}.", evidence)
            : new(FailureCategory.Cluster, $"{now.Good} of {now.Wanted} new tasks run {within}{byItself}.", evidence);
    }

    FailureExplanation Waiting(string error, string within) => error switch
    {
        _ when Has(error, "host-mode port already in use") => new(FailureCategory.Resources, $"No node has the port free that a new task needs; {now.Good} of {now.Wanted} came up {within}.", evidence),
        _ when Has(error, "insufficient resources") => new(FailureCategory.Resources, $"No node has room for a new task; {now.Good} of {now.Wanted} came up {within}.", evidence),
        _ when Has(error, "no suitable node") => new(FailureCategory.Resources, $"No node is suitable for a new task; {now.Good} of {now.Wanted} came up {within}.", evidence),
        _ => new(FailureCategory.Cluster, $"New tasks wait for the Swarm; {now.Good} of {now.Wanted} came up {within}.", evidence),
    };

    FailureExplanation Ended(string error, int times, string within, string byItself)
    {
        var again = times > 1 ? "New tasks end again and again" : "A new task ended";
        var end = $"; {now.Good} of {now.Wanted} came up {within}{byItself}.";
        return error switch
        {
            _ when Has(error, "unhealthy container") => new(FailureCategory.Health, $"{now.Good} of {now.Wanted} new tasks passed their health check {within}{byItself}.", evidence),
            // The Swarm says the same words of both.
            _ when Has(error, "No such image") || Has(error, "pull access denied") || Has(error, "manifest") => new(FailureCategory.Image, $"A node could not pull the image: its registry does not have it, or does not let the node in{end}", evidence),
            _ when Has(error, "port is already allocated") || Has(error, "address already in use") => new(FailureCategory.Resources, $"A port that a new task needs is taken on its node by something else{end}", evidence),
            _ when Has(error, "no space left") => new(FailureCategory.Resources, $"The disk of a node is full{end}", evidence),
            _ when Has(error, "invalid mount") || Has(error, "bind source") => new(FailureCategory.Configuration, $"A directory that a new task mounts is not on its node{end}", evidence),
            _ when Has(error, "executable file not found") || Has(error, "no such file or directory") || Has(error, "permission denied") =>
                new(FailureCategory.Configuration, $"What the image or the specification says is to be run cannot be run{end}", evidence),
            _ when IsPerhapsMemory(error, app.Spec.TaskTemplate) => new(FailureCategory.Resources,
                $"{again} with exit code {Killed}, probably for using more memory than it may ({app.Spec.TaskTemplate!.Resources!.Limits!.MemoryBytes / MiB} MiB){end}", evidence),
            _ when ExitCode(error) is { } code => new(FailureCategory.Health, $"{again} with exit code {code}{end}", evidence),
            _ when Has(error, "task: ") => new(FailureCategory.Health, $"{again}{end}", evidence),
            _ => new(FailureCategory.Cluster, $"{again}, and its node says why{end}", evidence),
        };
    }

    async Task Log(CancellationToken cancellation)
    {
        try
        {
            var since = app.Written.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            var (output, errors) = await managers.Ask(async (c, t) =>
            {
                using var stream = await c.Swarm.GetServiceLogsAsync(app.Service.ID!, false, new ServiceLogsParameters { ShowStdout = true, ShowStderr = true, Timestamps = true, Since = since, Tail = LinesOfLog.ToString(CultureInfo.InvariantCulture) }, t);
                return await stream.ReadOutputToEndAsync(t);
            }, cancellation);
            var lines = $"{output}\n{errors}".Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Order(StringComparer.Ordinal).TakeLast(LinesOfLog).ToList();
            if (lines.Count > 0)
            {
                evidence.Add(("last log", string.Join('\n', lines)));
            }
        }
        catch (Exception e) when (e is ClusterUnreachableException or ClusterRefusedException)
        {
            // The cause is told without it, and the way back does not wait for it.
        }
    }

    static bool Has(string error, string words) => error.Contains(words, StringComparison.OrdinalIgnoreCase);

    /// <summary>The exit code that a task's error names.</summary>
    public static string? ExitCode(string error) => ExitPattern().Match(error) is { Success: true } exit ? exit.Groups[1].Value : null;

    /// <summary>Whether a task was probably ended for its memory: the Swarm's API says of that only that it was killed.</summary>
    public static bool IsPerhapsMemory(string error, TaskSpec? task) => ExitCode(error) == Killed && task?.Resources?.Limits?.MemoryBytes > 0;

    [GeneratedRegex(@"non-zero exit \((\d+)\)")]
    private static partial Regex ExitPattern();
}
