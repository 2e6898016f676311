using System.Globalization;
using Docker.DotNet.Models;
using PipelineBridge.Cluster.Engine;

namespace PipelineBridge.Cluster.Swarm;

/// <summary>A service with its tasks and the nodes that they are on, as the Swarm showed them.</summary>
sealed class SwarmApp(SwarmService service, IReadOnlyList<TaskResponse> tasks, IReadOnlyDictionary<string, string> nodes, DateTimeOffset now)
{
    // A task without a check is good once it ran as long as this: one that cannot run is over sooner. An update is watched by the Swarm itself.
    static readonly TimeSpan ShortestRun = TimeSpan.FromSeconds(2);

    /// <summary>The label with the time when we wrote it: the Swarm's own time moves with the update too.</summary>
    public const string WrittenAt = "pipelinebridge.writtenat";

    public SwarmService Service => service;

    /// <summary>All of its tasks, those that are over too, oldest first.</summary>
    public IReadOnlyList<TaskResponse> Tasks { get; } = [.. tasks.OrderBy(t => t.CreatedAt)];

    public ServiceSpec Spec => service.Spec!;

    public string Image => Pinned(Spec.TaskTemplate!.ContainerSpec!.Image!);

    public DeploymentMark? Mark { get; } = MarkOf(service.Spec);

    public string? UpdateState => service.UpdateStatus?.State is { Length: > 0 } state ? state : null;

    /// <summary>Whether the Swarm itself went back, or does.</summary>
    public bool IsRolledBack => UpdateState?.StartsWith("rollback", StringComparison.Ordinal) == true;

    public AppKey App => new(Label(Spec, EngineLabels.App) ?? "-", Label(Spec, EngineLabels.Environment) ?? "-");

    public int Wanted => (int)(Spec.Mode?.Replicated?.Replicas ?? 1);

    public DateTimeOffset Written => DateTimeOffset.TryParse(Label(Spec, WrittenAt), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var at) ? at
        : new DateTimeOffset(DateTime.SpecifyKind(service.UpdatedAt ?? DateTime.UnixEpoch, DateTimeKind.Utc));

    public bool HasHealthCheck => Spec.TaskTemplate?.ContainerSpec?.Healthcheck?.Test is { Count: > 0 } test && test[0] != "NONE";

    /// <summary>The tasks that are to run.</summary>
    public IEnumerable<TaskResponse> Wished => Tasks.Where(t => t.DesiredState is TaskState.Running or TaskState.Ready);

    /// <summary>Whether a task is of the service as it is now.</summary>
    public bool IsCurrent(TaskResponse task) => task.Spec?.ContainerSpec is { } container && Pinned(container.Image ?? "") == Image
        && Specification(container) == Specification(Spec.TaskTemplate!.ContainerSpec!);

    public AppSnapshot Snapshot() => new()
    {
        Definition = $"{Mark?.Sequence}{(Mark?.TakesBack == true ? " taken back" : "")} {Image} {Wanted}",
        WrittenAt = Written,
        Mark = Mark,
        Image = Image,
        Wanted = Wanted,
        HasHealthCheck = HasHealthCheck,
        IsMoving = UpdateState is "updating" or "rollback_started",
        IsHopeless = UpdateState is "paused" or "rollback_paused",
        IsRolledBackByItself = IsRolledBack,
        Tasks = [.. Wished.Select(t => new AppTask(NameOf(t), Host(t), Port(t), StateOf(t), IsCurrent(t)))],
        Source = this,
    };

    public string NameOf(TaskResponse task) => $"{Spec.Name}.{task.Slot}.{task.ID?[..Math.Min(8, task.ID.Length)]}";

    public string? Host(TaskResponse task) => task.NodeID is { Length: > 0 } node && nodes.TryGetValue(node, out var address) ? address : null;

    /// <summary>The first port of its node; a task that ends has none.</summary>
    public static int? Port(TaskResponse task) => (int?)task.Status?.PortStatus?.Ports?.Where(p => p.Protocol is null or "tcp").Select(p => p.PublishedPort).FirstOrDefault(p => p > 0);

    /// <summary>One of <see cref="AppTaskState"/>; with a check a task runs only once it passed it.</summary>
    public string StateOf(TaskResponse task) => task.Status?.State switch
    {
        TaskState.Running when HasHealthCheck => AppTaskState.Healthy,
        TaskState.Running => RunsFor(task) is { } time && time >= TimeSpan.Zero && time < ShortestRun ? AppTaskState.Starting : AppTaskState.Running,
        TaskState.Ready or TaskState.Starting => AppTaskState.Starting,
        TaskState.Failed or TaskState.Rejected or TaskState.Shutdown or TaskState.Complete or TaskState.Orphaned or TaskState.Remove => AppTaskState.Failed,
        _ => AppTaskState.Staging,
    };

    TimeSpan? RunsFor(TaskResponse task) => task.Status?.Timestamp is { } since ? now - new DateTimeOffset(DateTime.SpecifyKind(since, DateTimeKind.Utc)) : null;

    public static DeploymentMark? MarkOf(ServiceSpec? spec) => Label(spec, EngineLabels.Request) is { } request
        && long.TryParse(Label(spec, EngineLabels.Sequence), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
        ? new DeploymentMark(request, sequence, Label(spec, EngineLabels.Specification) ?? "", Label(spec, EngineLabels.Image) ?? "", Label(spec, EngineLabels.TakesBack) is not null)
        : null;

    public static string? Label(ServiceSpec? spec, string name) => spec?.Labels?.TryGetValue(name, out var value) == true ? value : null;

    static string Specification(ContainerSpec container) => container.Labels?.TryGetValue(EngineLabels.Specification, out var value) == true ? value : "";

    /// <summary>Without the tag that a client may have put before the digest.</summary>
    static string Pinned(string image) => Events.ImageReference.TryParse(image, out var reference, out _) && reference is { Digest: not null } ? reference.Pinned : image;
}
