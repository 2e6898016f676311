using Docker.DotNet.Models;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Cluster.Specification;

namespace PipelineBridge.Cluster.Swarm;

/// <summary>
/// What a service becomes of a specification. The task's part depends on specification and image alone, not on the
/// deployment: then tasks that run already as they should are left alone, also when a deployment is taken back.
/// </summary>
static class ServicePlan
{
    const long MiB = 1024 * 1024;

    // A task that ends so soon after it came up stops the update.
    static readonly TimeSpan Monitored = TimeSpan.FromSeconds(5);
    static readonly TimeSpan BetweenStarts = TimeSpan.FromSeconds(2);

    /// <summary>The name of an app's service.</summary>
    public static string Name(AppKey app) => $"{app.Environment}-{app.App}";

    /// <param name="specification">The specification.</param>
    /// <param name="names">The identities of secrets and configs by name, as the Swarm has them.</param>
    /// <param name="forced">How often somebody forced an update: kept, for another number would replace every task.</param>
    public static ServiceSpec Of(ServiceSpecification specification, string cluster, AppKey app, DeploymentMark mark, int replicas, SwarmNames names, ulong forced, DateTimeOffset now)
    {
        var labels = EngineLabels.Marked(cluster, app, mark);
        labels[SwarmApp.WrittenAt] = now.ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        labels[EngineLabels.Replicas] = replicas.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return new ServiceSpec
        {
            Name = Name(app),
            Labels = labels,
            Mode = new ServiceMode { Replicated = new ReplicatedService { Replicas = (ulong)replicas } },
            TaskTemplate = new TaskSpec
            {
                ContainerSpec = Container(specification, mark, names),
                Resources = new ResourceRequirements { Limits = new SwarmLimit { NanoCPUs = (long)((specification.Cpus ?? 0) * 1_000_000_000), MemoryBytes = (specification.MemoryMiB ?? 0) * MiB } },
                RestartPolicy = new SwarmRestartPolicy
                {
                    Condition = specification.Restart switch { RestartWhen.Never => "none", RestartWhen.OnFailure => "on-failure", _ => "any" },
                    Delay = BetweenStarts,
                },
                Networks = [.. specification.Networks.Select(n => new NetworkAttachmentConfig { Target = n, Aliases = [app.App] })],
                ForceUpdate = forced,
            },
            UpdateConfig = new SwarmUpdateConfig
            {
                Parallelism = 1,
                // Not "rollback": who goes back is the bridge, which has written down before that it does.
                FailureAction = "pause",
                Monitor = Monitored,
                Order = specification.HasFixedPorts ? "stop-first" : "start-first",
            },
            EndpointSpec = new EndpointSpec
            {
                Mode = "vip",
                Ports = [.. specification.Ports.Select(p => new PortConfig { Protocol = p.Protocol, TargetPort = (uint)p.Container, PublishedPort = (uint?)p.Host ?? 0, PublishMode = "host" })],
            },
        };
    }

    static ContainerSpec Container(ServiceSpecification specification, DeploymentMark mark, SwarmNames names) => new()
    {
        Image = mark.Image,
        Labels = new Dictionary<string, string> { [EngineLabels.Specification] = mark.Specification },
        Args = specification.Command.Count == 0 ? null! : [.. specification.Command],
        Env = [.. specification.Env.Select(e => $"{e.Key}={e.Value}")],
        StopGracePeriod = TimeSpan.FromSeconds(specification.StopSeconds),
        Mounts = [.. specification.Volumes.Select(v => new Mount { Type = v.Name is null ? "bind" : "volume", Source = v.Name ?? v.Host, Target = v.Path, ReadOnly = v.ReadOnly })],
        Healthcheck = specification.Health is { } health ? Check(health, specification.Ports) : null!,
        Secrets = [.. specification.Secrets.Select(s => new SecretReference
        {
            SecretID = names.Secrets[s.Name],
            SecretName = s.Name,
            File = new SecretReferenceFileTarget { Name = s.Path ?? s.Name, UID = "0", GID = "0", Mode = Readable },
        })],
        Configs = [.. specification.Configs.Select(c => new SwarmConfigReference
        {
            ConfigID = names.Configs[c.Name],
            ConfigName = c.Name,
            File = new ConfigReferenceFileTarget { Name = c.Path ?? $"/{c.Name}", UID = "0", GID = "0", Mode = Readable },
        })],
    };

    static HealthcheckConfig Check(ServiceHealth health, IReadOnlyList<ServicePort> ports)
    {
        var url = $"http://127.0.0.1:{health.Port ?? ports.First(p => p.Protocol == "tcp").Container}{health.Path}";
        return new HealthcheckConfig
        {
            // Swarm runs it in the task, where either of the two may be.
            Test = health.Path is null ? ["CMD", .. health.Command] : ["CMD-SHELL", $"wget -q -T {health.TimeoutSeconds} -O /dev/null '{url}' || curl -fsS -m {health.TimeoutSeconds} -o /dev/null '{url}'"],
            Interval = TimeSpan.FromSeconds(health.IntervalSeconds),
            Timeout = TimeSpan.FromSeconds(health.TimeoutSeconds + 1),
            Retries = health.Failures,
            StartPeriod = TimeSpan.FromSeconds(health.GraceSeconds),
        };
    }

    // 0444
    const uint Readable = 292;
}

/// <summary>The identities of a Swarm's secrets and configs by their names.</summary>
sealed record SwarmNames(IReadOnlyDictionary<string, string> Secrets, IReadOnlyDictionary<string, string> Configs);
