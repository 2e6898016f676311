using System.Globalization;
using Docker.DotNet.Models;
using PipelineBridge.Events;

namespace PipelineBridge.Cluster.Engine;

/// <summary>Says why new containers do not become healthy, from what their engine shows: its error, how they ended, their checks, their log.</summary>
sealed class EngineExplanation(string cluster, RolloutPlan plan, AppSnapshot now)
{
    const int LinesOfLog = 20;

    readonly EngineApp app = (EngineApp)now.Source;
    readonly List<(string, string)> evidence = [];

    /// <summary>The first cause that is shown, in the order in which a container meets them.</summary>
    public async Task<FailureExplanation> Of(CancellationToken cancellation)
    {
        var within = $"in {plan.HealthTimeout.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s";
        var bad = app.Current.Where(c => !now.IsGood(new AppTask(c.Name, null, null, app.StateOf(c), true))).ToList();
        if (bad.Count == 0)
        {
            return new(FailureCategory.Cluster, $"{app.Current.Count} of {now.Wanted} new tasks were made {within}.", evidence);
        }
        if (bad.Find(c => !string.IsNullOrEmpty(c.State.Error)) is { } unstarted)
        {
            evidence.Add(("answer of the engine", $"{unstarted.Name} on {unstarted.Host.Options.Name}: {unstarted.State.Error}"));
            return Unstarted(unstarted, unstarted.State.Error!);
        }
        try
        {
            return await Ended(bad, within, cancellation) ?? await Unhealthy(bad, within, cancellation);
        }
        catch (Exception e) when (e is ClusterUnreachableException or ClusterRefusedException)
        {
            // The cause is told with less, and the way back does not wait for the rest.
            return new(FailureCategory.Health, $"{now.Good} of {now.Wanted} new tasks became healthy {within}.", evidence);
        }
    }

    FailureExplanation Unstarted(EngineContainer container, string error)
    {
        var host = container.Host.Options.Name;
        return error switch
        {
            _ when Has(error, "port is already allocated") || Has(error, "address already in use") =>
                new(FailureCategory.Resources, $"A port that a new task needs is taken on {host} by something else.", evidence),
            _ when Has(error, "no space left") => new(FailureCategory.Resources, $"The disk of {host} is full.", evidence),
            _ when Has(error, "executable file not found") || Has(error, "no such file or directory") || Has(error, "permission denied") || Has(error, "exec format error") =>
                new(FailureCategory.Configuration, "What the image or the specification says is to be run cannot be run.", evidence),
            _ when Has(error, "network") => new(FailureCategory.Cluster, $"A new task could not be connected to its network on {host}.", evidence),
            _ => new(FailureCategory.Cluster, $"The engine {host} could not start a new task.", evidence),
        };
    }

    /// <summary>Those that ended, again and again or once: the engine's events know how, also while they run once more.</summary>
    async Task<FailureExplanation?> Ended(List<EngineContainer> bad, string within, CancellationToken cancellation)
    {
        foreach (var container in bad)
        {
            var events = (await container.Host.Happened(EngineLabels.Of(cluster, plan.App), container.CreatedAt, cancellation)).Where(e => e.Actor?.ID == container.Id).ToList();
            var ends = events.Where(e => e.Action == "die").ToList();
            // An engine remembers some hundred events, of all its containers: the container itself knows how often it was started again.
            var times = Math.Max(ends.Count, (int)container.Seen.RestartCount);
            if (times == 0 && container.State.Status is not ("exited" or "dead" or "restarting"))
            {
                continue;
            }
            var how = ends.Count > 0 ? $" with exit code {Attribute(ends[^1], "exitCode")}"
                : container.State.Status == "running" ? "" : string.Create(CultureInfo.InvariantCulture, $" with exit code {container.State.ExitCode}");
            var memory = container.State.OOMKilled || events.Exists(e => e.Action == "oom");
            evidence.Add(("last exit", $"{container.Name} on {container.Host.Options.Name}: ended {Math.Max(1, times)} times, last{(how.Length > 0 ? how : " nobody remembers how")}{(memory ? ", for the memory it used" : "")}"));
            await Log(container, cancellation);
            if (memory)
            {
                var most = container.Seen.HostConfig?.Memory is > 0 and var bytes ? $" ({bytes / 1024 / 1024} MiB)" : "";
                return new(FailureCategory.Resources, $"New tasks were ended because they used more memory than they may{most}; {now.Good} of {now.Wanted} came up {within}.", evidence);
            }
            return new(FailureCategory.Health, times > 1
                ? $"New tasks end again and again{how}; {now.Good} of {now.Wanted} came up {within}."
                : $"A new task ended{how}; {now.Good} of {now.Wanted} came up.", evidence);
        }
        return null;
    }

    async Task<FailureExplanation> Unhealthy(List<EngineContainer> bad, string within, CancellationToken cancellation)
    {
        var container = bad[0];
        var answer = app.Answers.TryGetValue(container.Id, out var probed) ? probed.Text
            : container.State.Health?.Log is { Count: > 0 } log ? $"exit code {log[^1].ExitCode}: {log[^1].Output?.Trim()}" : null;
        if (answer is not null)
        {
            evidence.Add(("last answer", answer));
        }
        await Log(container, cancellation);
        var check = container.HealthPath is { } path ? $"GET {path}" : "their health check";
        return app.Current.Count < now.Wanted
            ? new(FailureCategory.Cluster, $"{app.Current.Count} of {now.Wanted} new tasks were made {within}.", evidence)
            : new(FailureCategory.Health, $"{now.Good} of {now.Wanted} new tasks passed {check} {within}.", evidence);
    }

    async Task Log(EngineContainer container, CancellationToken cancellation)
    {
        if (await container.Host.LastLog(container.Id, LinesOfLog, cancellation) is { Length: > 0 } log)
        {
            evidence.Add(("last log", log));
        }
    }

    static string Attribute(Message e, string name) => e.Actor?.Attributes?.TryGetValue(name, out var value) == true ? value : "?";

    static bool Has(string error, string words) => error.Contains(words, StringComparison.OrdinalIgnoreCase);
}
