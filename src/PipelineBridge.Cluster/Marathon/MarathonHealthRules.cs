using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>What a file must say so that new tasks can be told healthy and old ones go without loss.</summary>
static class MarathonHealthRules
{
    // How long a front end may take to drain a task; no front end says it yet.
    const int DrainSeconds = 10;

    // Mesos' own, where the file says nothing.
    const int DefaultKillGraceSeconds = 3;

    /// <summary>All of them.</summary>
    public static IEnumerable<SpecificationFinding> Findings(JsonObject app, SpecificationToCheck specification)
    {
        var checks = app["healthChecks"].Objects().ToList();
        if (checks.Count == 0)
        {
            yield return specification.Hostnames.Count > 0
                ? MarathonSpecificationCheck.Mistake("spec.healthChecks", null, "there is none, and the app has host names: a task is routed only when it passed a health check.")
                : MarathonSpecificationCheck.Warning("spec.healthChecks", null, "there is none: the deployment ends when the tasks run, and nothing can be told healthy.");
        }
        for (var i = 0; i < checks.Count; i++)
        {
            foreach (var finding in OfCheck(checks[i], $"spec.healthChecks[{i}]", specification.HealthTimeoutSeconds))
            {
                yield return finding;
            }
        }
        if (specification.Hostnames.Count > 0 && (app["taskKillGracePeriodSeconds"].Number() ?? DefaultKillGraceSeconds) is var grace and < DrainSeconds)
        {
            yield return MarathonSpecificationCheck.Warning("spec.taskKillGracePeriodSeconds", Text(grace),
                $"an old task is killed {Text(grace)} s after it was told to stop; requests on their way need {DrainSeconds} s.");
        }
        var instances = specification.Replicas ?? app["instances"].Number() ?? 1;
        if (app["upgradeStrategy"].At("minimumHealthCapacity").Number() is { } capacity)
        {
            if (capacity is < 0 or > 1)
            {
                yield return MarathonSpecificationCheck.Mistake("spec.upgradeStrategy.minimumHealthCapacity", Text(capacity), "it must be between 0 and 1.");
            }
            // Marathon keeps ceil(instances x capacity) tasks while it replaces them.
            else if (instances > 0 && Math.Ceiling(instances * capacity) == 0)
            {
                yield return MarathonSpecificationCheck.Warning("spec.upgradeStrategy.minimumHealthCapacity", Text(capacity),
                    "all old tasks are stopped before the new ones are healthy; 1 keeps them until then.");
            }
        }
        if (app["upgradeStrategy"].At("maximumOverCapacity").Number() is { } over and (< 0 or > 1))
        {
            yield return MarathonSpecificationCheck.Mistake("spec.upgradeStrategy.maximumOverCapacity", Text(over), "it must be between 0 and 1.");
        }
    }

    static IEnumerable<SpecificationFinding> OfCheck(JsonObject check, string field, int? deadline)
    {
        // Marathon's defaults.
        var grace = check["gracePeriodSeconds"].Number() ?? 300;
        var interval = check["intervalSeconds"].Number() ?? 60;
        var timeout = check["timeoutSeconds"].Number() ?? 20;
        var failures = check["maxConsecutiveFailures"].Number() ?? 3;
        if (interval < 1)
        {
            yield return MarathonSpecificationCheck.Mistake($"{field}.intervalSeconds", Text(interval), "it must be 1 or more.");
        }
        if (grace < 0)
        {
            yield return MarathonSpecificationCheck.Mistake($"{field}.gracePeriodSeconds", Text(grace), "it must be 0 or more.");
        }
        if (timeout > interval)
        {
            yield return MarathonSpecificationCheck.Warning($"{field}.timeoutSeconds", Text(timeout), $"a check may take longer than the {Text(interval)} s until the next one.");
        }
        if (deadline is { } most && interval >= most)
        {
            yield return MarathonSpecificationCheck.Warning($"{field}.intervalSeconds", Text(interval),
                $"the checks come so seldom that a new task can hardly pass one within the {most} s that it has to become healthy.");
        }
        if (deadline is { } bound && failures > 0 && grace + (interval * (failures + 1)) > bound && check["gracePeriodSeconds"] is not null)
        {
            yield return MarathonSpecificationCheck.Warning($"{field}.gracePeriodSeconds", Text(grace),
                $"a task that fails its checks is restarted after {Text(grace + (interval * (failures + 1)))} s at the earliest, and the deployment is given up after {bound} s: it gets one try.");
        }
        if (failures == 0)
        {
            yield return MarathonSpecificationCheck.Warning($"{field}.maxConsecutiveFailures", "0", "a task that fails its checks is never restarted.");
        }
        if (check["command"] is null && check["protocol"].Text() is "COMMAND")
        {
            yield return MarathonSpecificationCheck.Mistake($"{field}.command", null, "a check by command needs one: {\"value\": …}.");
        }
    }

    static string Text(double number) => number.ToString("0.###", CultureInfo.InvariantCulture);
}
