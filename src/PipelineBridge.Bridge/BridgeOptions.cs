namespace PipelineBridge.Bridge;

/// <summary>What the bridge itself must know of the configuration.</summary>
public sealed record BridgeOptions
{
    /// <summary>How people reach the page; links begin with it. No slash at the end.</summary>
    public required string Url { get; init; }

    /// <summary>The environments by name.</summary>
    public required IReadOnlyDictionary<string, EnvironmentOptions> Environments { get; init; }

    /// <summary>The apps by name; null: any app is taken.</summary>
    public IReadOnlyDictionary<string, AppOptions>? Apps { get; init; }

    /// <summary>The keys that callers show.</summary>
    public required IReadOnlyList<KeyOptions> Keys { get; init; }

    /// <summary>The names of the targets that can be told.</summary>
    public IReadOnlyCollection<string> Targets { get; init; } = [];

    /// <summary>The roots below which pushes of OCI layouts and archives may lie, by name.</summary>
    public IReadOnlyCollection<string> Layouts { get; init; } = [];

    /// <summary>The names of the engines that images can be pushed from.</summary>
    public IReadOnlyCollection<string> Engines { get; init; } = [];

    /// <summary>The registry in the names of images that this machine's engine has and no registry; null: there are no such images.</summary>
    public string? EngineRegistry { get; init; }

    /// <summary>How long a deployment waits for a push that is not known yet, in seconds.</summary>
    public int AfterSeconds { get; init; } = 3600;

    /// <summary>How long a work may be deferred in all, in seconds.</summary>
    public int WorkSeconds { get; init; } = 3600;

    /// <summary>The longest that an ask may give new tasks to become healthy, in seconds: what a broker leaves a message with its consumer must hold it twice.</summary>
    public int LongestHealthTimeoutSeconds { get; init; } = 840;

    /// <summary>How often a work is given whose handler throws.</summary>
    public int Attempts { get; init; } = 5;
}

/// <summary>An environment: where its apps run and who is told.</summary>
public sealed record EnvironmentOptions
{
    /// <summary><c>public</c> or <c>internal</c>.</summary>
    public required string Zone { get; init; }

    /// <summary>The name of its cluster; null: nothing can be deployed to it.</summary>
    public string? Cluster { get; init; }

    /// <summary>What its cluster is, for people: <c>marathon</c>, <c>engine</c>, <c>swarm</c>.</summary>
    public string? ClusterKind { get; init; }

    /// <summary>What a specification is written in that does not say so itself.</summary>
    public string? SpecificationFormat { get; init; }

    /// <summary>Whether its cluster keeps the tasks that a deployment replaced until they are retired.</summary>
    public bool KeepsOldTasks { get; init; }

    /// <summary>How long new tasks may take to become healthy, in seconds, where the ask does not say.</summary>
    public int HealthTimeoutSeconds { get; init; } = 300;

    /// <summary><c>rollback</c> or <c>keep</c>, where the ask does not say.</summary>
    public string OnFailure { get; init; } = Events.OnFailure.Rollback;

    /// <summary>Whether chat may quote evidence.</summary>
    public bool EvidenceInChat { get; init; }

    /// <summary>The targets that are told of its deliveries.</summary>
    public IReadOnlyList<string> Notify { get; init; } = [];
}

/// <summary>What is said of an app; all of it may be absent.</summary>
public sealed record AppOptions
{
    /// <summary>The specification that is taken when a deployment brings none and there was none before.</summary>
    public ReadOnlyMemory<byte>? Specification { get; init; }

    /// <summary>The environments that it may be deployed to; null: all.</summary>
    public IReadOnlyList<string>? Environments { get; init; }

    /// <summary>The repository of its images, <c>registry/repository</c>; null: any.</summary>
    public string? Repository { get; init; }

    /// <summary>The engine that its images are built on, from which a push takes them that names no source; null: they are in the registry already.</summary>
    public string? Engine { get; init; }

    /// <summary>The targets that are told of it, besides its environments' own.</summary>
    public IReadOnlyList<string> Notify { get; init; } = [];
}

/// <summary>A caller's key: a name, the SHA-256 hashes of its one or two valid values, and what it may do.</summary>
/// <param name="Name">The name that stands in the journal.</param>
/// <param name="Sha256">The hashes, lower-case hexadecimal.</param>
/// <param name="Verbs">What it may do; <c>*</c>: everything but a stage's calls.</param>
/// <param name="Apps">The apps that it may touch and read, as patterns with <c>*</c> at the end.</param>
public sealed record KeyOptions(string Name, IReadOnlyList<string> Sha256, IReadOnlyList<string> Verbs, IReadOnlyList<string> Apps);
