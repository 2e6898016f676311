using System.Globalization;
using Docker.DotNet.Models;
using PipelineBridge.Cluster.Specification;

namespace PipelineBridge.Cluster.Engine;

/// <summary>What containers become of a specification.</summary>
static class ContainerPlan
{
    const long MiB = 1024 * 1024;

    /// <summary>A task of a deployment.</summary>
    public static CreateContainerParameters Task(ServiceSpecification specification, string cluster, AppKey app, DeploymentMark mark, int number, int replicas, string address)
    {
        var container = Base(specification, cluster, app, mark, Name(app, mark, number.ToString(CultureInfo.InvariantCulture)));
        container.Cmd = Arguments(specification.Command)!;
        container.ExposedPorts = specification.Ports.ToDictionary(p => p.Name, _ => default(EmptyStruct));
        container.HostConfig!.PortBindings = specification.Ports.ToDictionary(p => p.Name, p => (IList<PortBinding>)
        [
            new PortBinding { HostIP = System.Net.IPAddress.TryParse(address, out _) ? address : "", HostPort = p.Host?.ToString(CultureInfo.InvariantCulture) ?? "" },
        ]);
        container.HostConfig.RestartPolicy = specification.Restart switch
        {
            RestartWhen.Never => new() { Name = RestartPolicyKind.No },
            RestartWhen.OnFailure => new() { Name = RestartPolicyKind.OnFailure },
            // Not "always": one that we stopped stays stopped when the engine starts again.
            _ => new() { Name = RestartPolicyKind.UnlessStopped },
        };
        container.Labels![EngineLabels.Number] = number.ToString(CultureInfo.InvariantCulture);
        container.Labels[EngineLabels.Replicas] = replicas.ToString(CultureInfo.InvariantCulture);
        if (specification.Health is { } health)
        {
            Check(container, health);
        }
        return container;
    }

    /// <summary>The task that runs before.</summary>
    public static CreateContainerParameters Before(ServiceSpecification specification, string cluster, AppKey app, DeploymentMark mark)
    {
        var container = Base(specification, cluster, app, mark, Name(app, mark, "before"));
        container.Cmd = Arguments(specification.BeforeDeploy!.Command)!;
        container.HostConfig!.RestartPolicy = new() { Name = RestartPolicyKind.No };
        container.Healthcheck = new HealthcheckConfig { Test = ["NONE"] };
        return container;
    }

    /// <summary>The name is the app's, its environment's and its deployment's, so that the engine itself refuses a second one. A replay has the sequence of another request.</summary>
    public static string Name(AppKey app, DeploymentMark mark, string last) =>
        string.Create(CultureInfo.InvariantCulture, $"{app.Environment}-{app.App}-{mark.Sequence}-{mark.Request[2..8]}{(mark.TakesBack ? "-back" : "")}-{last}");

    static CreateContainerParameters Base(ServiceSpecification specification, string cluster, AppKey app, DeploymentMark mark, string name) => new()
    {
        Name = name,
        Image = LocalImages.OnEngine(mark.Image),
        Env = [.. specification.Env.Select(e => $"{e.Key}={e.Value}")],
        Labels = EngineLabels.Marked(cluster, app, mark),
        StopTimeout = TimeSpan.FromSeconds(specification.StopSeconds),
        HostConfig = new HostConfig
        {
            NanoCPUs = (long)((specification.Cpus ?? 0) * 1_000_000_000),
            Memory = (specification.MemoryMiB ?? 0) * MiB,
            // The same bound: without it a task may take as much again of swap.
            MemorySwap = (specification.MemoryMiB ?? 0) * MiB,
            Mounts = [.. specification.Volumes.Select(v => new Mount { Type = v.Name is null ? "bind" : "volume", Source = v.Name ?? v.Host, Target = v.Path, ReadOnly = v.ReadOnly })],
            NetworkMode = specification.Networks is [var first, ..] ? first : "bridge",
        },
        NetworkingConfig = specification.Networks is [var network, ..]
            ? new NetworkingConfig { EndpointsConfig = new Dictionary<string, EndpointSettings> { [network] = new() { Aliases = [app.App] } } }
            : new NetworkingConfig(),
    };

    static void Check(CreateContainerParameters container, ServiceHealth health)
    {
        if (health.Path is not null)
        {
            // It is asked from outside: an image need not have a program for that, and one that has its own check has two otherwise.
            container.Healthcheck = new HealthcheckConfig { Test = ["NONE"] };
            container.Labels![EngineLabels.HealthPath] = health.Path;
            container.Labels[EngineLabels.HealthTimeoutSeconds] = health.TimeoutSeconds.ToString(CultureInfo.InvariantCulture);
            container.Labels[EngineLabels.HealthGraceSeconds] = health.GraceSeconds.ToString(CultureInfo.InvariantCulture);
            container.Labels[EngineLabels.HealthIntervalSeconds] = health.IntervalSeconds.ToString(CultureInfo.InvariantCulture);
            container.Labels[EngineLabels.HealthFailures] = health.Failures.ToString(CultureInfo.InvariantCulture);
            if (health.Port is { } port)
            {
                container.Labels[EngineLabels.HealthPort] = port.ToString(CultureInfo.InvariantCulture);
            }
            return;
        }
        container.Healthcheck = new HealthcheckConfig
        {
            Test = ["CMD", .. health.Command],
            Interval = TimeSpan.FromSeconds(health.IntervalSeconds),
            Timeout = TimeSpan.FromSeconds(health.TimeoutSeconds),
            Retries = health.Failures,
            StartPeriod = TimeSpan.FromSeconds(health.GraceSeconds),
        };
    }

    static IList<string>? Arguments(IReadOnlyList<string> command) => command.Count == 0 ? null : [.. command];
}
