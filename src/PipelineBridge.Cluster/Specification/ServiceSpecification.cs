namespace PipelineBridge.Cluster.Specification;

/// <summary>A portable specification (<c>kind: service</c>): what an app needs, in words that every kind of cluster has.</summary>
public sealed record ServiceSpecification
{
    /// <summary>The repository of its images; what is deployed is always the image of the deployment.</summary>
    public string? Image { get; init; }

    /// <summary>How many tasks; null: what runs, else one.</summary>
    public int? Replicas { get; init; }

    /// <summary>The arguments that the image's entry point gets instead of its own.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>The ports that are reached from outside.</summary>
    public IReadOnlyList<ServicePort> Ports { get; init; } = [];

    /// <summary>How a task is told healthy; null: by the image's own check, where it has one.</summary>
    public ServiceHealth? Health { get; init; }

    /// <summary>How many processors a task may use; null: no bound.</summary>
    public double? Cpus { get; init; }

    /// <summary>How much memory a task may use, in MiB; null: no bound.</summary>
    public int? MemoryMiB { get; init; }

    /// <summary>Its environment variables.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    /// <summary>What is kept beyond a task's life.</summary>
    public IReadOnlyList<ServiceVolume> Volumes { get; init; } = [];

    /// <summary>The names of the networks it is in.</summary>
    public IReadOnlyList<string> Networks { get; init; } = [];

    /// <summary>One of <see cref="RestartWhen"/>.</summary>
    public string Restart { get; init; } = RestartWhen.Always;

    /// <summary>The names of the cluster's secrets that it reads as files.</summary>
    public IReadOnlyList<ServiceFile> Secrets { get; init; } = [];

    /// <summary>The names of the cluster's configs that it reads as files.</summary>
    public IReadOnlyList<ServiceFile> Configs { get; init; } = [];

    /// <summary>The host names under which it is to be served.</summary>
    public IReadOnlyList<string> Hostnames { get; init; } = [];

    /// <summary>What runs once with the new image before anything changes.</summary>
    public ServiceTask? BeforeDeploy { get; init; }

    /// <summary>How long a task may take to end after it was told to, in seconds.</summary>
    public int StopSeconds { get; init; } = 15;

    /// <summary>Whether it asks for a port of its host that no two tasks can have.</summary>
    public bool HasFixedPorts => Ports.Any(p => p.Host is not null);
}

/// <summary>A port of a task.</summary>
/// <param name="Container">The port in the task.</param>
/// <param name="Host">The port on its host; null: a free one.</param>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>.</param>
public sealed record ServicePort(int Container, int? Host, string Protocol)
{
    /// <summary>As engines name it, e.g. <c>8080/tcp</c>.</summary>
    public string Name => $"{Container}/{Protocol}";
}

/// <summary>How a task is told healthy: by an HTTP path or by a command, one of the two.</summary>
public sealed record ServiceHealth
{
    /// <summary>The path that answers 200 to 399 when it is healthy.</summary>
    public string? Path { get; init; }

    /// <summary>The port in the task that is asked; null: the first one.</summary>
    public int? Port { get; init; }

    /// <summary>What is run in the task; 0 means healthy.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>How long between two checks, in seconds.</summary>
    public int IntervalSeconds { get; init; } = 5;

    /// <summary>How long a check may take, in seconds.</summary>
    public int TimeoutSeconds { get; init; } = 3;

    /// <summary>How many checks in a row must fail before it is unhealthy.</summary>
    public int Failures { get; init; } = 3;

    /// <summary>How long after its start failed checks do not count, in seconds.</summary>
    public int GraceSeconds { get; init; }
}

/// <summary>What a task keeps beyond its life, or reads of its host.</summary>
/// <param name="Name">The volume's name; null when it is a directory of the host.</param>
/// <param name="Host">The directory of the host; null when it is a volume.</param>
/// <param name="Path">Where the task sees it.</param>
/// <param name="ReadOnly">Whether it can only read it.</param>
public sealed record ServiceVolume(string? Name, string? Host, string Path, bool ReadOnly);

/// <summary>A secret or config of the cluster, as a file of the task.</summary>
/// <param name="Name">Its name in the cluster.</param>
/// <param name="Path">Where the task reads it; null: where the cluster puts it.</param>
public sealed record ServiceFile(string Name, string? Path);

/// <summary>A task that runs once.</summary>
/// <param name="Command">What it runs: the arguments that the image's entry point gets.</param>
/// <param name="TimeoutSeconds">How long it may take, in seconds.</param>
public sealed record ServiceTask(IReadOnlyList<string> Command, int TimeoutSeconds);

/// <summary>The words for what becomes of a task that ended.</summary>
public static class RestartWhen
{
    /// <summary>It is started again.</summary>
    public const string Always = "always";

    /// <summary>It is started again unless it ended well.</summary>
    public const string OnFailure = "on-failure";

    /// <summary>It stays as it is.</summary>
    public const string Never = "never";
}
