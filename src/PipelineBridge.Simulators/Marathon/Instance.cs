namespace PipelineBridge.Simulators.Marathon;

/// <summary>How far an instance's task is.</summary>
enum Condition
{
    /// <summary>No task yet, or not any more: it waits in the launch queue.</summary>
    Scheduled,

    /// <summary>The image is pulled.</summary>
    Staging,

    /// <summary>The container is made.</summary>
    Starting,

    /// <summary>The task runs.</summary>
    Running,

    /// <summary>The task was told to end.</summary>
    Killing,
}

/// <summary>A place for one task of one version of an app: it is filled again when its task ends, until it is given up.</summary>
sealed class Instance(string id, AppDefinition app, DateTimeOffset since)
{
    public string Id { get; } = id;

    public AppDefinition App { get; } = app;

    /// <summary>The position of the start among all starts, for killing the youngest first.</summary>
    public long Number { get; init; }

    public int Incarnation { get; set; }

    public string TaskId => $"{Id}._app.{Incarnation}";

    public Condition Condition { get; set; } = Condition.Scheduled;

    /// <summary>Since when the condition holds.</summary>
    public DateTimeOffset Since { get; set; } = since;

    /// <summary>Whether the instance ends with its task instead of getting a new one.</summary>
    public bool GivenUp { get; set; }

    public string Host { get; set; } = "";

    public int Agent { get; set; }

    public IReadOnlyList<int> Ports { get; set; } = [];

    public DateTimeOffset? StagedAt { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public TaskBehavior Behavior { get; set; } = new();

    /// <summary>The state of each health check, in their order; empty before the first probe.</summary>
    public TaskHealth? Health { get; set; }

    /// <summary>What is to happen to the task; cancelled when it ends.</summary>
    public List<Appointment> Appointments { get; } = [];

    public bool HasTask => Condition != Condition.Scheduled;

    /// <summary>Marathon's "considered healthy": alive, or without a check.</summary>
    public bool IsHealthy => !App.HasHealthChecks || Health is { Alive: true };

    /// <summary>Whether a rollout counts the instance: it runs, and passed its check if there is one.</summary>
    public bool IsReady => Condition == Condition.Running && IsHealthy;

    public string MesosState => Condition switch
    {
        Condition.Staging => "TASK_STAGING",
        Condition.Starting => "TASK_STARTING",
        Condition.Running => "TASK_RUNNING",
        Condition.Killing => "TASK_KILLING",
        _ => "TASK_STAGING",
    };
}

/// <summary>What the probes of a task said.</summary>
sealed class TaskHealth
{
    public DateTimeOffset? FirstSuccess { get; set; }

    public DateTimeOffset? LastSuccess { get; set; }

    public DateTimeOffset? LastFailure { get; set; }

    public string? LastFailureCause { get; set; }

    public int ConsecutiveFailures { get; set; }

    /// <summary>Whether the last probe that counted passed.</summary>
    public bool Alive => LastSuccess is { } success && (LastFailure is not { } failure || success > failure);
}

/// <summary>The last failure of an app's tasks; it stays when newer tasks do well.</summary>
sealed record TaskFailure(string AppId, string TaskId, string State, string Message, string Host, string Agent, string Version, DateTimeOffset Time);
