using Microsoft.Extensions.Logging;
using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Cluster.Marathon;
using PipelineBridge.Cluster.Specification;
using PipelineBridge.Cluster.Swarm;
using PipelineBridge.Cluster.Watching;
using PipelineBridge.Configuration;
using PipelineBridge.Messaging;
using PipelineBridge.Notifications;
using PipelineBridge.Notifications.Chat;
using PipelineBridge.Registry;

namespace PipelineBridge.Composition;

/// <summary>The stages of a process, made from the configuration: listed by hand, each handler with its queue.</summary>
sealed class Stages : IDisposable
{
    /// <summary>How long one call to a chat may take.</summary>
    static readonly TimeSpan ChatCall = TimeSpan.FromSeconds(20);

    readonly List<IDisposable> owned = [];

    Stages(IReadOnlyList<StageQueue> queues, IReadOnlyList<IWatcher> watchers) => (Queues, Watchers) = (queues, watchers);

    /// <summary>Each queue with its handler.</summary>
    public IReadOnlyList<StageQueue> Queues { get; }

    /// <summary>The standing watchers.</summary>
    public IReadOnlyList<IWatcher> Watchers { get; }

    /// <summary>The names of the stages.</summary>
    public static IReadOnlyList<string> Names { get; } = ["registry", "cluster", "notifications"];

    /// <summary>The parts of the configuration whose secrets and directories a stage uses.</summary>
    public static IEnumerable<string> PartsOf(string stage) => stage switch
    {
        "registry" => ["registries", "engines", "layouts"],
        "cluster" => ["clusters", "registries"],
        _ => ["targets"],
    };

    /// <summary>The same of a process where bridge and stages have one each: <c>bridge</c>, or a stage's name.</summary>
    public static IReadOnlyCollection<string> PartsOfProcess(string process) => process == "bridge" ? ["journal", "broker"] : ["broker", "worker", .. PartsOf(process)];

    /// <summary>The same of the one process that is all of them.</summary>
    public static IReadOnlyCollection<string> PartsOfAll { get; } = ["journal", .. Names.SelectMany(PartsOf)];

    /// <summary>The stages that a configuration needs.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="level">The least level that is logged.</param>
    /// <param name="only">The stages that run in this process; null: all.</param>
    public static Stages Of(BridgeConfiguration configuration, TimeProvider clock, LogLevel level, IReadOnlyCollection<string>? only = null)
    {
        var queues = new List<StageQueue>();
        var watchers = new List<IWatcher>();
        // Watchers are there before the host that gives others their log.
        var logs = LoggerFactory.Create(l => Logs.Configure(l, level));
        var owned = new List<IDisposable> { logs };
        if (Runs("registry"))
        {
            var registry = configuration.ForRegistry();
            var connections = new RegistryConnections(registry.Registries, clock);
            owned.Add(connections);
            queues.Add(new StageQueue(Messaging.Queues.RegistryPush, "registry", new PushHandler(connections, registry, clock)));
            queues.Add(new StageQueue(Messaging.Queues.RegistryTag, "registry", new TagHandler(connections, clock)));
            queues.Add(new StageQueue(Messaging.Queues.RegistryResolve, "registry", Resolving(configuration, new ResolveHandler(connections, clock), owned)));
        }
        foreach (var cluster in Runs("cluster") ? configuration.Clusters.Values : [])
        {
            var (driver, watcher) = Cluster(configuration, cluster, owned, clock, logs.CreateLogger<ClusterWatcher>());
            queues.Add(new StageQueue(Messaging.Queues.ClusterDeploy(cluster.Name), "cluster", new ClusterHandler(driver, clock)));
            watchers.Add(watcher);
        }
        foreach (var target in Runs("notifications") ? configuration.Targets : [])
        {
            var http = new HttpClient { Timeout = ChatCall };
            owned.Add(http);
            queues.Add(new StageQueue(Messaging.Queues.Notify(target.Name), "notifications", new NotificationHandler(new SlackChat(target, http), clock)));
        }
        var stages = new Stages(queues, watchers);
        stages.owned.AddRange(owned);
        return stages;

        bool Runs(string stage) => only is null || only.Contains(stage);
    }

    /// <summary>The checks of specifications that a configuration needs.</summary>
    public static IReadOnlyList<ISpecificationCheck> Checks(BridgeConfiguration configuration) =>
    [
        new MarathonSpecificationCheck([.. configuration.Clusters.Values.Where(c => c.Marathon is not null).Select(c => MarathonOptions(configuration, c))]),
        new ServiceSpecificationCheck(name => configuration.Environments.TryGetValue(name, out var environment) && environment.Cluster is { } cluster ? configuration.Clusters[cluster].Kind : null),
    ];

    /// <inheritdoc/>
    public void Dispose() => owned.ForEach(o => o.Dispose());

    static (IClusterDriver Driver, IWatcher Watcher) Cluster(BridgeConfiguration configuration, ClusterConfiguration cluster, List<IDisposable> owned, TimeProvider clock, ILogger log)
    {
        var environments = configuration.Environments.Values.Where(e => e.Cluster == cluster.Name).Select(e => e.Name).ToList();
        var logins = configuration.Registries.Where(r => r.Username is not null && r.Password is not null).ToDictionary(r => r.Name, r => new RegistryLogin(r.Username!, r.Password!));
        if (cluster.Engine is { } engine)
        {
            var hosts = engine.Hosts.Select(h => new EngineHost(h)).ToList();
            owned.AddRange(hosts);
            var probe = new EngineProbe();
            owned.Add(probe);
            var options = new EngineClusterOptions(cluster.Name, engine.Hosts, environments) { Logins = logins };
            return (new EngineDriver(options, hosts, probe, clock), new ClusterWatcher(new WatchedEngines(options, hosts, probe, clock), clock, log));
        }
        if (cluster.Swarm is { } swarm)
        {
            var managers = new SwarmManagers([.. swarm.Managers.Select(m => new EngineHost(m))]);
            owned.Add(managers);
            var options = new SwarmClusterOptions(cluster.Name, swarm.Managers, environments) { Logins = logins };
            return (new SwarmDriver(options, managers, clock), new ClusterWatcher(new WatchedSwarm(options, managers, clock), clock, log));
        }
        var client = new MarathonClient(MarathonOptions(configuration, cluster));
        owned.Add(client);
        return (new MarathonDriver(client, clock), new MarathonWatcher(client, clock, log));
    }

    /// <summary>Without a file, images that were built on this machine's engine need not be pushed.</summary>
    static IWorkHandler Resolving(BridgeConfiguration configuration, IWorkHandler registries, List<IDisposable> owned)
    {
        if (configuration.LocalEngine is not { } host)
        {
            return registries;
        }
        var engine = new EngineHost(host);
        owned.Add(engine);
        return new LocalImages(engine, registries);
    }

    static MarathonClusterOptions MarathonOptions(BridgeConfiguration configuration, ClusterConfiguration cluster) => new(
        cluster.Name, cluster.Marathon!.Url,
        configuration.Environments.Values.Where(e => e.Cluster == cluster.Name).ToDictionary(e => e.Name, e => e.Group))
    {
        Username = cluster.Marathon.Username,
        Password = cluster.Marathon.Password,
        Token = cluster.Marathon.Token,
    };
}
