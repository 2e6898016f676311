using PipelineBridge.Bridge;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Cluster.Specification;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using PipelineBridge.Notifications.Chat;
using PipelineBridge.Registry;
using PipelineBridge.Registry.Engine;

namespace PipelineBridge.Configuration;

/// <summary>What <c>bridge.yaml</c> and the environment say, checked; everything else is composed from it.</summary>
public sealed record BridgeConfiguration
{
    /// <summary>The file that was read; null without one.</summary>
    public string? File { get; init; }

    /// <summary>The addresses to listen on, such as <c>http://127.0.0.1:8080</c>.</summary>
    public required IReadOnlyList<string> Listen { get; init; }

    /// <summary>How people reach the page; links begin with it. No slash at the end.</summary>
    public required string Url { get; init; }

    /// <summary>The journal's file, as a whole path.</summary>
    public required string Journal { get; init; }

    /// <summary>The keys that callers show.</summary>
    public required IReadOnlyList<KeyOptions> Keys { get; init; }

    /// <summary>The key that was made because there is no file; it is printed once and stands nowhere.</summary>
    public GeneratedKey? GeneratedKey { get; init; }

    /// <summary>The registries that are known.</summary>
    public IReadOnlyList<RegistryOptions> Registries { get; init; } = [];

    /// <summary>The roots below which pushes of OCI layouts lie, as whole paths by name.</summary>
    public IReadOnlyDictionary<string, string> Layouts { get; init; } = new Dictionary<string, string>();

    /// <summary>The engines that images are pushed from.</summary>
    public IReadOnlyList<EngineOptions> Engines { get; init; } = [];

    /// <summary>The clusters by name.</summary>
    public IReadOnlyDictionary<string, ClusterConfiguration> Clusters { get; init; } = new Dictionary<string, ClusterConfiguration>();

    /// <summary>The environments by name.</summary>
    public required IReadOnlyDictionary<string, EnvironmentConfiguration> Environments { get; init; }

    /// <summary>The apps by name; null: any app is taken.</summary>
    public IReadOnlyDictionary<string, AppConfiguration>? Apps { get; init; }

    /// <summary>Who can be told things.</summary>
    public IReadOnlyList<SlackTargetOptions> Targets { get; init; } = [];

    /// <summary>How the broker is reached; null without one.</summary>
    public BrokerOptions? Broker { get; init; }

    /// <summary>How a worker reaches the bridge; null without one.</summary>
    public HttpBridgeOptions? Worker { get; init; }

    /// <summary>The bounds of waiting and trying.</summary>
    public LimitsConfiguration Limits { get; init; } = new();

    /// <summary>Whether the page may be read from this machine without a key: so without a file alone.</summary>
    public bool PageIsOpenOnLoopback => File is null;

    /// <summary>The engine whose images need no push: that of the environment <c>local</c>, and so without a file alone.</summary>
    public EngineHostOptions? LocalEngine => File is null && Clusters.TryGetValue("local", out var local) && local.Engine is { Hosts: [var host, ..] } ? host : null;

    /// <summary>The part of it that the bridge itself must know.</summary>
    public BridgeOptions ForBridge() => new()
    {
        Url = Url,
        Keys = Keys,
        Targets = [.. Targets.Select(target => target.Name)],
        Layouts = [.. Layouts.Keys],
        Engines = [.. Engines.Select(engine => engine.Name)],
        EngineRegistry = LocalEngine is null ? null : LocalImages.Registry,
        AfterSeconds = Limits.AfterSeconds,
        WorkSeconds = Limits.WorkSeconds,
        Attempts = Limits.Attempts,
        LongestHealthTimeoutSeconds = (Broker ?? new BrokerOptions(new Uri("amqp://localhost"))).LongestDeadlineSeconds,
        Environments = Environments.ToDictionary(pair => pair.Key, pair => new EnvironmentOptions
        {
            Zone = pair.Value.Zone,
            Cluster = pair.Value.Cluster,
            ClusterKind = pair.Value.Cluster is { } cluster ? Clusters[cluster].Kind : null,
            SpecificationFormat = pair.Value.Cluster is { } of ? Clusters[of].Marathon is null ? ServiceReader.Kind : Clusters[of].Kind : null,
            KeepsOldTasks = pair.Value.Cluster is { } on && Clusters[on].Engine is not null,
            HealthTimeoutSeconds = pair.Value.HealthTimeoutSeconds,
            OnFailure = pair.Value.OnFailure,
            EvidenceInChat = pair.Value.EvidenceInChat,
            Notify = pair.Value.Notify,
        }),
        Apps = Apps?.ToDictionary(pair => pair.Key, pair => new AppOptions
        {
            Specification = pair.Value.Specification,
            Environments = pair.Value.Environments,
            Repository = pair.Value.Repository,
            Engine = pair.Value.Engine,
            Notify = pair.Value.Notify,
        }),
    };

    /// <summary>What stands on the broker.</summary>
    public Topology Topology => new(Clusters.Keys, Targets.Select(target => target.Name));

    /// <summary>The part of it that the registry stage must know.</summary>
    public RegistryStageOptions ForRegistry() => new() { Registries = Registries, Roots = Layouts, Engines = Engines };

    /// <summary>The file that is read when none is named: <c>bridge.yaml</c> in the directory, null when it is not there.</summary>
    public static string? DefaultFile(string directory) =>
        Path.Combine(directory, "bridge.yaml") is var file && System.IO.File.Exists(file) ? file : null;

    /// <summary>Reads and checks the configuration.</summary>
    /// <param name="file">The file; null: without one.</param>
    /// <param name="environment">The environment variables.</param>
    /// <param name="checks">What can check the specifications of apps, given a configuration that has no other mistake; null: that they are JSON is all that is checked.</param>
    /// <param name="needed">The parts whose secrets and directories this process uses, such as <c>registries</c>; null: all.</param>
    /// <param name="localEngine">The Docker engine that runs the environment <c>local</c> when there is no file; null: nothing does.</param>
    public static ConfigurationResult Load(
        string? file, IReadOnlyDictionary<string, string> environment, Func<BridgeConfiguration, IReadOnlyList<ISpecificationCheck>>? checks = null, IReadOnlyCollection<string>? needed = null, EngineHostOptions? localEngine = null) =>
        ConfigurationReader.Read(file, environment, checks, needed, localEngine);
}

/// <summary>A key that was made at the start.</summary>
/// <param name="value">What a caller shows.</param>
public sealed class GeneratedKey(string value)
{
    /// <summary>What a caller shows.</summary>
    public string Value => value;

    /// <summary>Says that it is one, and not which.</summary>
    public override string ToString() => "(a key)";
}

/// <summary>A cluster: what runs apps. It is of one kind.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Marathon">How its Marathon is reached, when it is one.</param>
/// <param name="Engine">Its Docker engines, when it is made of those.</param>
/// <param name="Swarm">How its Swarm is reached, when it is one.</param>
public sealed record ClusterConfiguration(string Name, MarathonConfiguration? Marathon = null, EngineConfiguration? Engine = null, SwarmConfiguration? Swarm = null)
{
    /// <summary>What it is, for people: <c>marathon</c>, <c>engine</c>, <c>swarm</c>.</summary>
    public string Kind => Engine is not null ? "engine" : Swarm is not null ? "swarm" : "marathon";
}

/// <summary>How a Swarm is reached.</summary>
/// <param name="Managers">The engines of its managers.</param>
public sealed record SwarmConfiguration(IReadOnlyList<EngineHostOptions> Managers);

/// <summary>Docker engines that together run apps.</summary>
/// <param name="Hosts">Each engine.</param>
public sealed record EngineConfiguration(IReadOnlyList<EngineHostOptions> Hosts);

/// <summary>How a Marathon is reached.</summary>
/// <param name="Url">The root of its API, without <c>/v2</c>.</param>
/// <param name="Username">Who signs in; null for nobody.</param>
/// <param name="Password">Reads the password.</param>
/// <param name="Token">Reads the token of DC/OS, sent as <c>Authorization: token=…</c>.</param>
public sealed record MarathonConfiguration(Uri Url, string? Username = null, Func<string?>? Password = null, Func<string?>? Token = null);

/// <summary>An environment: where its apps run and who is told.</summary>
public sealed record EnvironmentConfiguration
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary><c>public</c> or <c>internal</c>.</summary>
    public required string Zone { get; init; }

    /// <summary>The name of its cluster; null: nothing can be deployed to it.</summary>
    public string? Cluster { get; init; }

    /// <summary>The group of its apps on Marathon, such as <c>/prod</c>.</summary>
    public required string Group { get; init; }

    /// <summary>How long new tasks may take to become healthy, in seconds.</summary>
    public int HealthTimeoutSeconds { get; init; } = 300;

    /// <summary><c>rollback</c> or <c>keep</c>.</summary>
    public string OnFailure { get; init; } = Events.OnFailure.Rollback;

    /// <summary>Whether chat may quote evidence.</summary>
    public bool EvidenceInChat { get; init; }

    /// <summary>The targets that are told of its deliveries.</summary>
    public IReadOnlyList<string> Notify { get; init; } = [];
}

/// <summary>What is said of an app.</summary>
public sealed record AppConfiguration
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The specification that is taken when a deployment brings none and there was none before.</summary>
    public ReadOnlyMemory<byte>? Specification { get; init; }

    /// <summary>The environments that it may be deployed to; null: all.</summary>
    public IReadOnlyList<string>? Environments { get; init; }

    /// <summary>The repository of its images, such as <c>registry.internal/portal</c>.</summary>
    public string? Repository { get; init; }

    /// <summary>The engine that its images are built on; null: they are in the registry when they are pushed.</summary>
    public string? Engine { get; init; }

    /// <summary>The targets that are told of it, besides its environments' own.</summary>
    public IReadOnlyList<string> Notify { get; init; } = [];
}

/// <summary>The bounds of waiting and trying.</summary>
public sealed record LimitsConfiguration
{
    /// <summary>How long a work may be deferred in all, in seconds.</summary>
    public int WorkSeconds { get; init; } = 3600;

    /// <summary>How long a deployment waits for a push that is not known yet, in seconds.</summary>
    public int AfterSeconds { get; init; } = 3600;

    /// <summary>How often a work is given whose handler throws.</summary>
    public int Attempts { get; init; } = 5;
}
