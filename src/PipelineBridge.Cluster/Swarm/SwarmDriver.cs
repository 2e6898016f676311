using Docker.DotNet;
using Docker.DotNet.Models;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Cluster.Specification;
using PipelineBridge.Events;

namespace PipelineBridge.Cluster.Swarm;

/// <summary>
/// Brings apps about on a Swarm, each as a service. Every write names the version of the service that was looked at:
/// the Swarm itself refuses one that came too late, so that an older deployment never slips past a newer one.
/// </summary>
public sealed class SwarmDriver(SwarmClusterOptions options, SwarmManagers managers, TimeProvider clock) : IClusterDriver
{
    const int Tries = 5;

    /// <inheritdoc/>
    public string Cluster => options.Name;

    /// <inheritdoc/>
    public async Task<AppSnapshot?> Look(AppKey app, CancellationToken cancellation) => (await Seen(app, cancellation))?.Snapshot();

    /// <inheritdoc/>
    public bool IsAlready(RolloutPlan plan, AppSnapshot now) => now.IsSettled && !now.IsHopeless && now.Image == plan.Mark.Image
        && now.Mark?.Specification == plan.Mark.Specification && now.Wanted == Replicas(plan, ServiceReader.Read(plan.Specification), now);

    /// <inheritdoc/>
    public async Task Prepare(RolloutPlan plan, Func<string, Task> waitsFor, CancellationToken cancellation)
    {
        var specification = ServiceReader.Read(plan.Specification);
        await Names(specification, cancellation);
        if (specification.Networks.Count > 0)
        {
            var there = await managers.Ask((c, t) => c.Networks.ListNetworksAsync(new NetworksListParameters(), t), cancellation);
            foreach (var missing in specification.Networks.Where(n => !there.Any(t => t.Name == n && t.Scope == "swarm")))
            {
                throw new ClusterRefusedException(FailureCategory.Configuration,
                    $"The Swarm {Cluster} has no network of the name {missing}. Make it there: docker network create --driver overlay --attachable {missing}.");
            }
        }
    }

    /// <inheritdoc/>
    public async Task<string?> Write(RolloutPlan plan, AppSnapshot? now, CancellationToken cancellation)
    {
        var specification = ServiceReader.Read(plan.Specification);
        await Put(plan.App, specification, plan.Mark, Replicas(plan, specification, now), now?.Source as SwarmApp, cancellation);
        return null;
    }

    /// <inheritdoc/>
    public async Task TakeBack(RolloutPlan plan, AppSnapshot now, CancellationToken cancellation)
    {
        if (plan.Previous is not { } previous)
        {
            await Remove(plan.App, cancellation);
            return;
        }
        if (previous.Content is not { } content)
        {
            throw new ClusterRefusedException(FailureCategory.Internal, "The specification of what served before is not kept.");
        }
        // By the stored digest, never by the Swarm's "previous": that is what the last write replaced, which may be the same or nothing.
        var mark = plan.Mark with { Image = previous.Image, Specification = previous.Specification ?? "", TakesBack = true };
        var seen = (SwarmApp)now.Source;
        var before = SwarmApp.MarkOf(seen.Service.PreviousSpec) is not null ? (int?)seen.Service.PreviousSpec?.Mode?.Replicated?.Replicas : null;
        var specification = ServiceReader.Read(content);
        await Put(plan.App, specification, mark, before ?? specification.Replicas ?? now.Wanted, seen, cancellation);
    }

    /// <inheritdoc/>
    public async Task<bool> Remove(AppKey app, CancellationToken cancellation)
    {
        if (await Service(app, cancellation) is not { } service)
        {
            return false;
        }
        try
        {
            await managers.Write(async (c, t) =>
            {
                await c.Swarm.RemoveServiceAsync(service.ID!, t);
                return true;
            }, cancellation);
            return true;
        }
        catch (ClusterRefusedException e) when (e.InnerException is DockerApiException { StatusCode: System.Net.HttpStatusCode.NotFound })
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public Task<FailureExplanation> Explain(RolloutPlan plan, AppSnapshot now, CancellationToken cancellation) =>
        new SwarmExplanation(managers, plan, now).Of(cancellation);

    /// <inheritdoc/>
    public IClusterChanges Listen(AppKey app) => new SwarmChanges(clock);

    async Task<SwarmApp?> Seen(AppKey app, CancellationToken cancellation)
    {
        if (await Service(app, cancellation) is not { } service)
        {
            return null;
        }
        var tasks = await managers.Ask((c, t) => c.Tasks.ListAsync(new TasksListParameters { Filters = Filter("service", service.ID!) }, t), cancellation);
        return new SwarmApp(service, [.. tasks], await Nodes(managers, cancellation), clock.GetUtcNow());
    }

    internal static async Task<IReadOnlyDictionary<string, string>> Nodes(SwarmManagers managers, CancellationToken cancellation)
    {
        var nodes = await managers.Ask((c, t) => c.Swarm.ListNodesAsync(t), cancellation);
        return nodes.Where(n => n.ID is not null && n.Status?.Addr is not null).ToDictionary(n => n.ID!, n => n.Status!.Addr!);
    }

    internal static Dictionary<string, IDictionary<string, bool>> Filter(string name, params IReadOnlyList<string> values) =>
        new() { [name] = values.ToDictionary(v => v, _ => true) };

    /// <summary>The app's service, by its labels: one of its name without them is somebody else's.</summary>
    async Task<SwarmService?> Service(AppKey app, CancellationToken cancellation)
    {
        var found = await managers.Ask((c, t) => c.Swarm.ListServicesAsync(new ServiceListParameters { Filters = Filter("label", [.. EngineLabels.Of(Cluster, app)]) }, t), cancellation);
        return found.FirstOrDefault();
    }

    async Task Put(AppKey app, ServiceSpecification specification, DeploymentMark mark, int replicas, SwarmApp? now, CancellationToken cancellation)
    {
        var names = await Names(specification, cancellation);
        for (var n = 1; ; n++)
        {
            var spec = ServicePlan.Of(specification, Cluster, app, mark, replicas, names, now?.Spec.TaskTemplate?.ForceUpdate ?? 0, clock.GetUtcNow());
            try
            {
                await Put(spec, mark, now, cancellation);
                return;
            }
            catch (ClusterRefusedException e) when (IsTooLate(e))
            {
                if (now is null && await IsForeign(spec.Name!, app, cancellation))
                {
                    throw new ClusterRefusedException(FailureCategory.Cluster, $"The Swarm {Cluster} has a service of the name {spec.Name} already, which is not this bridge's.", e.Answer);
                }
                // Somebody wrote at the same moment, the Swarm's own update too: it is looked at again before it is written over.
                now = await Seen(app, cancellation);
                if (n == Tries || now?.Mark?.Sequence > mark.Sequence)
                {
                    throw new ClusterLockedException("The service was changed by somebody else at the same moment.");
                }
            }
        }
    }

    /// <summary>Whether a service has an app's name without its labels.</summary>
    async Task<bool> IsForeign(string name, AppKey app, CancellationToken cancellation)
    {
        var named = await managers.Ask((c, t) => c.Swarm.ListServicesAsync(new ServiceListParameters { Filters = Filter("name", name) }, t), cancellation);
        return named.Any(s => s.Spec?.Name == name) && await Service(app, cancellation) is null;
    }

    async Task Put(ServiceSpec spec, DeploymentMark mark, SwarmApp? now, CancellationToken cancellation)
    {
        var login = Login(mark.Image);
        try
        {
            await managers.Write<bool>(async (c, t) =>
            {
                if (now is null)
                {
                    await c.Swarm.CreateServiceAsync(new ServiceCreateParameters { Service = spec, RegistryAuth = login! }, t);
                }
                else
                {
                    await c.Swarm.UpdateServiceAsync(now.Service.ID!, new ServiceUpdateParameters { Version = (long)(now.Service.Version?.Index ?? 0), Service = spec, RegistryAuth = login! }, t);
                }
                return true;
            }, cancellation);
        }
        catch (ClusterRefusedException e) when (!IsTooLate(e))
        {
            throw new ClusterRefusedException(
                e.InnerException is DockerApiException { StatusCode: System.Net.HttpStatusCode.BadRequest or System.Net.HttpStatusCode.NotFound } ? FailureCategory.Configuration : FailureCategory.Cluster,
                $"The Swarm {Cluster} did not accept the service.", e.Answer, e);
        }
    }

    /// <summary>The identities of its secrets and configs; one that is not there is told before anything changes.</summary>
    async Task<SwarmNames> Names(ServiceSpecification specification, CancellationToken cancellation)
    {
        var secrets = specification.Secrets.Count == 0 ? [] : await managers.Ask((c, t) => c.Secrets.ListAsync(t), cancellation);
        var configs = specification.Configs.Count == 0 ? [] : await managers.Ask((c, t) => c.Configs.ListConfigsAsync(t), cancellation);
        return new SwarmNames(
            Named(specification.Secrets, secrets.ToDictionary(s => s.Spec!.Name!, s => s.ID!), "secret"),
            Named(specification.Configs, configs.ToDictionary(s => s.Spec!.Name!, s => s.ID!), "config"));
    }

    Dictionary<string, string> Named(IReadOnlyList<ServiceFile> wanted, Dictionary<string, string> there, string kind) => wanted.Select(w => w.Name).Distinct()
        .ToDictionary(name => name, name => there.TryGetValue(name, out var id) ? id
            : throw new ClusterRefusedException(FailureCategory.Configuration, $"The Swarm {Cluster} has no {kind} of the name {name}. Make it there: docker {kind} create {name} FILE."));

    AuthConfig? Login(string image)
    {
        var registry = ImageReference.Parse(image).Registry;
        return options.Logins.TryGetValue(registry, out var login)
            ? new AuthConfig { Username = login.Username, Password = login.Password() ?? "", ServerAddress = registry }
            : null;
    }

    // swarmkit's words for a version that is not the newest; and a name that was given meanwhile.
    static bool IsTooLate(ClusterRefusedException e) => e.Answer?.Contains("update out of sequence", StringComparison.Ordinal) == true
        || e.InnerException is DockerApiException { StatusCode: System.Net.HttpStatusCode.Conflict };

    static int Replicas(RolloutPlan plan, ServiceSpecification specification, AppSnapshot? now) => plan.Replicas ?? specification.Replicas ?? now?.Wanted ?? 1;
}

/// <summary>A Swarm tells no changes of tasks: it is asked each second.</summary>
sealed class SwarmChanges(TimeProvider clock) : IClusterChanges
{
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    public Task Wait(TimeSpan atMost, CancellationToken cancellation) => Task.Delay(atMost < Longest ? atMost : Longest, clock, cancellation);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
