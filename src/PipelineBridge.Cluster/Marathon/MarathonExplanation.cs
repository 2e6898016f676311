using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PipelineBridge.Events;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>Says why new tasks do not become healthy, from what Marathon shows: offers, the last failure, the health checks.</summary>
static partial class MarathonExplanation
{
    /// <summary>The first cause that is shown, in the order in which a task meets them.</summary>
    /// <param name="waiting">The app's entry of <c>GET /v2/queue</c>, when it waits there.</param>
    /// <param name="timeout">How long it was waited for.</param>
    public static FailureExplanation Of(AppSnapshot now, JsonObject? waiting, TimeSpan timeout)
    {
        var app = (JsonObject)now.Source;
        var evidence = new List<(string, string)>();
        var failure = Failure(app, now.WrittenAt);
        var answer = LastAnswer(app, now);
        if (answer is not null)
        {
            evidence.Add(("last answer", answer));
        }
        if (failure is not null)
        {
            evidence.Add(("last failure", $"{failure["timestamp"].Text()} {failure["host"].Text()} {failure["state"].Text()}: {failure["message"].Text()}"));
        }
        var rejected = Rejections(waiting);
        if (rejected.Count > 0)
        {
            evidence.Add(("offers", string.Join('\n', rejected.Select(r => $"{r.Reason}: {r.Declined} of {r.Processed} offers declined"))));
        }
        var missing = now.Wanted - now.NewTasks.Count(t => t.State is not (AppTaskState.Failed or AppTaskState.Staging));
        var within = $"in {timeout.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s";
        var message = failure?["message"].Text() ?? "";
        if (rejected.Count > 0 && missing > 0 && waiting?["delay"].At("overdue").Flag() != false)
        {
            return new(FailureCategory.Resources, $"{missing} of {now.Wanted} tasks found no host {within}: {Reason(rejected[0].Reason, app)}.", evidence);
        }
        if (PullPattern().IsMatch(message))
        {
            return new(FailureCategory.Image, $"The image could not be pulled on the host of a new task; {now.Good} of {now.Wanted} came up {within}.", evidence);
        }
        if (failure is not null && !HealthKillPattern().IsMatch(message))
        {
            var exit = ExitPattern().Match(message) is { Success: true } match ? $" with exit code {match.Groups[1].Value}" : "";
            var what = message.Contains("memory", StringComparison.OrdinalIgnoreCase) ? " because they used more memory than they may" : exit;
            return new(FailureCategory.Health, $"New tasks end again and again{what}; {now.Good} of {now.Wanted} came up {within}.", evidence);
        }
        if (failure is not null || now.NewTasks.Any(t => t.State is AppTaskState.Unhealthy or AppTaskState.Running))
        {
            return now.HasHealthCheck
                ? new(FailureCategory.Health, $"{now.Good} of {now.Wanted} new tasks passed {Check(app)} {within}.", evidence)
                : new(FailureCategory.Cluster, $"{now.Good} of {now.Wanted} new tasks run, but the cluster did not end the old ones {within}.", evidence);
        }
        return now.NewTasks.Any(t => t.State is AppTaskState.Staging or AppTaskState.Starting)
            ? new(FailureCategory.Image, $"New tasks did not come to run {within}: their hosts still fetch the image, or start it.", evidence)
            : now.Good == now.Wanted && now.Wanted > 0
                ? new(FailureCategory.Cluster, $"All {now.Wanted} new tasks are healthy, but the cluster did not come to an end with the old ones {within}.", evidence)
                : new(FailureCategory.Cluster, $"The cluster started {now.NewTasks.Count()} of {now.Wanted} new tasks {within}.", evidence);
    }

    /// <summary>The last failure, when it is of this definition: an older one says nothing of it.</summary>
    static JsonObject? Failure(JsonObject app, DateTimeOffset written) =>
        app["lastTaskFailure"] is JsonObject failure && failure["version"].Time() is { } version && version >= written ? failure : null;

    static string? LastAnswer(JsonObject app, AppSnapshot now)
    {
        var current = now.NewTasks.Select(t => t.Id).ToHashSet();
        return app["tasks"].Objects().Where(t => current.Contains(t["id"].Text() ?? ""))
            .SelectMany(t => t["healthCheckResults"].Objects())
            .Where(r => r["lastFailureCause"].Text() is { Length: > 0 })
            .OrderByDescending(r => r["lastFailure"].Text(), StringComparer.Ordinal)
            .Select(r => r["lastFailureCause"].Text())
            .FirstOrDefault();
    }

    static List<(string Reason, int Declined, int Processed)> Rejections(JsonObject? waiting)
    {
        var summary = waiting?["processedOffersSummary"];
        var last = summary.At("rejectSummaryLastOffers").Objects();
        return [.. (last.Any() ? last : summary.At("rejectSummaryLaunchAttempt").Objects())
            .Select(r => (r["reason"].Text() ?? "", (int)(r["declined"].Number() ?? 0), (int)(r["processed"].Number() ?? 0)))
            .Where(r => r.Item2 > 0)
            .OrderByDescending(r => r.Item2)];
    }

    static string Reason(string reason, JsonObject app) => reason switch
    {
        "InsufficientCpus" => $"none has {Amount(app, "cpus")} CPUs free",
        "InsufficientMemory" => $"none has {Amount(app, "mem")} MiB of memory free",
        "InsufficientDisk" => $"none has {Amount(app, "disk")} MiB of disk free",
        "InsufficientGpus" => $"none has {Amount(app, "gpus")} GPUs free",
        "InsufficientPorts" => "none has the ports free that it asks for",
        "UnfulfilledConstraint" => "none keeps its constraints",
        "UnfulfilledRole" => "none offers its role",
        "NoCorrespondingReservationFound" => "none has the reservation that it needs",
        "AgentMaintenance" => "they are in maintenance",
        "DeclinedScarceResources" => "those left are kept for apps that need GPUs",
        _ => "every offer was declined",
    };

    static string Amount(JsonObject app, string name) => app[name].Number()?.ToString("0.###", CultureInfo.InvariantCulture) ?? "the";

    static string Check(JsonObject app)
    {
        var check = app["healthChecks"].Objects().FirstOrDefault();
        return check?["protocol"].Text() switch
        {
            "HTTP" or "MESOS_HTTP" or "HTTPS" or "MESOS_HTTPS" => $"GET {(check["path"].Text() ?? "/").Split('?')[0]}",
            "TCP" or "MESOS_TCP" => "the TCP check",
            _ => "the health check",
        };
    }

    [GeneratedRegex("pull|manifest unknown|manifest for .* not found|no such image|image .* not found|unauthorized|repository does not exist", RegexOptions.IgnoreCase)]
    private static partial Regex PullPattern();

    [GeneratedRegex("health check|unhealthy|killed by marathon|not healthy", RegexOptions.IgnoreCase)]
    private static partial Regex HealthKillPattern();

    [GeneratedRegex("(?:exited with status|exit(?:ed)?(?: with)?(?: code| status)?:?) (\\d{1,3})", RegexOptions.IgnoreCase)]
    private static partial Regex ExitPattern();
}
