using System.Globalization;
using Docker.DotNet.Models;

namespace PipelineBridge.Cluster.Engine;

/// <summary>A container of ours as its engine showed it.</summary>
sealed class EngineContainer(EngineHost host, ContainerInspectResponse seen)
{
    public EngineHost Host => host;

    public ContainerInspectResponse Seen => seen;

    public State State { get; } = seen.State!;

    public ContainerConfig Config { get; } = seen.Config!;

    public string Id => seen.ID;

    public string Name => seen.Name.TrimStart('/');

    /// <summary>Its image, pinned; what an engine has by its id alone is named as it was asked for.</summary>
    public string? Image => Label(EngineLabels.Image) is { } written && LocalImages.OnEngine(written) == Config.Image ? written : Config.Image;

    public AppKey App => new(Label(EngineLabels.App) ?? "-", Label(EngineLabels.Environment) ?? "-");

    public DateTimeOffset CreatedAt => new(DateTime.SpecifyKind(seen.Created, DateTimeKind.Utc));

    /// <summary>Which of the tasks of its deployment; null: the one that ran before.</summary>
    public int? Number => Int(EngineLabels.Number);

    public int Replicas => Int(EngineLabels.Replicas) ?? 1;

    public int StopSeconds => (int)(Config.StopTimeout ?? TimeSpan.FromSeconds(10)).TotalSeconds;

    /// <summary>Who made it; null when its labels are not whole.</summary>
    public DeploymentMark? Mark => Label(EngineLabels.Request) is { } request && long.TryParse(Label(EngineLabels.Sequence), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
        ? new DeploymentMark(request, sequence, Label(EngineLabels.Specification) ?? "", Label(EngineLabels.Image) ?? "", Label(EngineLabels.TakesBack) is not null)
        : null;

    /// <summary>Whether the engine gave up starting it, or it ended and is not started again.</summary>
    public bool IsHopeless => (State.Status == "created" && !string.IsNullOrEmpty(State.Error))
        || (State.Status is "exited" or "dead" && (seen.HostConfig?.RestartPolicy?.Name is null or RestartPolicyKind.Undefined or RestartPolicyKind.No || !string.IsNullOrEmpty(State.Error)
            || (seen.HostConfig!.RestartPolicy!.Name == RestartPolicyKind.OnFailure && State.ExitCode == 0)));

    public bool IsRunning => State.Running && !State.Restarting && !State.Paused;

    /// <summary>Whether it was made and never started.</summary>
    public bool IsToBeStarted => State.Status == "created" && string.IsNullOrEmpty(State.Error);

    /// <summary>Whether it stands still though it is to be started again whenever it ends: so an engine that was killed may leave it, or somebody who stopped it.</summary>
    public bool IsLeftStopped => State.Status == "exited" && string.IsNullOrEmpty(State.Error) && seen.HostConfig?.RestartPolicy?.Name is RestartPolicyKind.UnlessStopped or RestartPolicyKind.Always;

    /// <summary>Since when it has been running, by its engine's clock.</summary>
    public DateTimeOffset? StartedAt => IsRunning ? At(State.StartedAt) : null;

    /// <summary>How long it ran, when it is over.</summary>
    public TimeSpan? RanFor => !State.Running && At(State.StartedAt) is { } began && At(State.FinishedAt) is { } ended ? ended - began : null;

    public string? HealthPath => Label(EngineLabels.HealthPath);

    public int HealthTimeoutSeconds => Int(EngineLabels.HealthTimeoutSeconds) ?? 3;

    public int HealthGraceSeconds => Int(EngineLabels.HealthGraceSeconds) ?? 0;

    public int HealthIntervalSeconds => Int(EngineLabels.HealthIntervalSeconds) ?? 5;

    public int HealthFailures => Int(EngineLabels.HealthFailures) ?? 3;

    /// <summary>Whether it can be told healthy: by HTTP, or by the engine.</summary>
    public bool HasHealthCheck => HealthPath is not null || State.Health is { Status: not (null or "" or "none") };

    /// <summary>Where a port of it is reached; without a number the first.</summary>
    public int? Port(string? number = null)
    {
        // The port changes when the container is started again: it is read each time.
        var ports = seen.NetworkSettings?.Ports ?? new Dictionary<string, IList<PortBinding>>();
        var wanted = ports.Where(p => p.Value is { Count: > 0 } && (number is null ? p.Key.EndsWith("/tcp", StringComparison.Ordinal) : p.Key == $"{number}/tcp"))
            .OrderBy(p => int.TryParse(p.Key.Split('/')[0], out var n) ? n : 0).Select(p => p.Value[0].HostPort).FirstOrDefault();
        return int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : null;
    }

    public string? Label(string name) => Config.Labels?.TryGetValue(name, out var value) == true ? value : null;

    /// <summary>Where its health check is asked; null while it has no port.</summary>
    public Uri? HealthUrl => HealthPath is { } path && Port(Label(EngineLabels.HealthPort)) is { } port ? new Uri($"http://{Host.Options.Address}:{port}{path}") : null;

    static DateTimeOffset? At(string? time) => DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;

    int? Int(string label) => int.TryParse(Label(label), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
