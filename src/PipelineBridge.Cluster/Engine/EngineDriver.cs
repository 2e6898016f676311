using PipelineBridge.Cluster.Specification;
using PipelineBridge.Events;

namespace PipelineBridge.Cluster.Engine;

/// <summary>
/// Brings apps about on Docker engines: new containers beside the old ones, which go only when they are retired. The
/// containers' names are made of the deployment's sequence, so that the engine itself refuses to make one twice.
/// </summary>
public sealed class EngineDriver(EngineClusterOptions options, IReadOnlyList<EngineHost> hosts, EngineProbe probe, TimeProvider clock) : IClusterDriver
{
    const int TriesForAPort = 10;

    readonly EngineImages images = new(options, clock);

    /// <inheritdoc/>
    public string Cluster => options.Name;

    /// <inheritdoc/>
    public async Task<AppSnapshot?> Look(AppKey app, CancellationToken cancellation) => (await Seen(app, cancellation)).Snapshot();

    /// <inheritdoc/>
    public bool IsAlready(RolloutPlan plan, AppSnapshot now) => now.IsSettled && now.Image == plan.Mark.Image
        && now.Mark?.Specification == plan.Mark.Specification && now.Wanted == Replicas(plan, ServiceReader.Read(plan.Specification), now);

    /// <inheritdoc/>
    public async Task Prepare(RolloutPlan plan, Func<string, Task> waitsFor, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(waitsFor);
        var specification = ServiceReader.Read(plan.Specification);
        if (specification.HasFixedPorts && Replicas(plan, specification, await Look(plan.App, cancellation)) is var replicas && replicas > hosts.Count)
        {
            throw new ClusterRefusedException(FailureCategory.Configuration,
                $"Port {specification.Ports.First(p => p.Host is not null).Host} of a host can be had by one task only, and {replicas} tasks were asked for on {(hosts.Count == 1 ? "1 host" : $"{hosts.Count} hosts")}. "
                + $"Give replicas: {hosts.Count}, or leave host out of the port, so that a free one is found.");
        }
        foreach (var host in hosts)
        {
            if (await host.MissingNetworks(specification.Networks, cancellation) is [var missing, ..])
            {
                throw new ClusterRefusedException(FailureCategory.Configuration,
                    $"The engine {host.Options.Name} has no network of the name {missing}. Make it there: docker network create {missing}.");
            }
        }
        if (LocalImages.OnEngine(plan.Mark.Image) == plan.Mark.Image)
        {
            await waitsFor(hosts is [var only] ? $"{only.Options.Name} to pull the image" : $"the {hosts.Count} engines to pull the image");
        }
        await Task.WhenAll(hosts.Select(h => images.Bring(h, plan.Mark.Image, cancellation)));
        if (specification.BeforeDeploy is not null && !plan.IsRollback)
        {
            await waitsFor("the task before the deployment");
            await new BeforeDeploy(options.Name, plan, specification, clock).Run(hosts, hosts[First(plan.App)], cancellation);
        }
    }

    /// <inheritdoc/>
    public async Task GiveUp(RolloutPlan plan, CancellationToken cancellation)
    {
        await Remove([.. (await Seen(plan.App, cancellation)).Containers.Where(c => c.Number is null && c.Mark?.Request == plan.Mark.Request)], cancellation);
    }

    /// <inheritdoc/>
    public async Task<string?> Write(RolloutPlan plan, AppSnapshot? now, CancellationToken cancellation)
    {
        var specification = ServiceReader.Read(plan.Specification);
        // It is written all the same: going on with it asks to start them again, and tells why not.
        await Bring(plan.App, plan.Mark, specification, Replicas(plan, specification, now), cancellation);
        return null;
    }

    /// <inheritdoc/>
    public async Task Continue(RolloutPlan plan, AppSnapshot now, CancellationToken cancellation)
    {
        var isForward = plan.IsMarkedOn(now);
        if ((now.Tasks.Count < now.Wanted || now.Tasks.Any(t => t.State == AppTaskState.Staging)) && (isForward ? plan.Specification : plan.Previous?.Content) is { } content)
        {
            ThrowIf(await Bring(plan.App, now.Mark!, ServiceReader.Read(content), now.Wanted, cancellation));
        }
        await Task.WhenAll(((EngineApp)now.Source).Current.Where(c => c.IsLeftStopped).Select(c => Run(c, cancellation)));
        if (!isForward)
        {
            await Remove([.. ((EngineApp)now.Source).Tasks.Where(t => IsOf(plan, t))], cancellation);
        }
    }

    /// <inheritdoc/>
    public async Task TakeBack(RolloutPlan plan, AppSnapshot now, CancellationToken cancellation)
    {
        var seen = (EngineApp)now.Source;
        if (plan.Previous is not { } previous)
        {
            await Remove(seen.Containers, cancellation);
            return;
        }
        var served = seen.Tasks.Where(t => !IsOf(plan, t) && t.Image == previous.Image && (previous.Specification is null || t.Mark!.Specification == previous.Specification))
            .GroupBy(t => (t.Mark!.Sequence, t.Mark.TakesBack)).OrderByDescending(g => g.Key).FirstOrDefault()?.ToList() ?? [];
        if (served.Count > 0 && served.Count >= served[0].Replicas)
        {
            // What served still stands. It may have been stopped where a port of the host can be had once only: that is free first.
            var others = seen.Containers.Except(served).ToList();
            await Task.WhenAll(others.Select(c => c.Host.Stop(c, cancellation)));
            await Task.WhenAll(served.Where(c => !c.IsRunning).Select(c => Run(c, cancellation)));
            await Remove(others, cancellation);
            return;
        }
        if (previous.Content is not { } content)
        {
            throw new ClusterRefusedException(FailureCategory.Internal, "The specification of what served before is not kept.");
        }
        var mark = plan.Mark with { Image = previous.Image, Specification = previous.Specification ?? "", TakesBack = true };
        var specification = ServiceReader.Read(content);
        await Task.WhenAll(hosts.Select(h => images.Bring(h, mark.Image, cancellation)));
        ThrowIf(await Bring(plan.App, mark, specification, served.FirstOrDefault()?.Replicas ?? specification.Replicas ?? now.Wanted, cancellation));
        await Remove([.. seen.Tasks.Where(t => IsOf(plan, t))], cancellation);
    }

    /// <inheritdoc/>
    public async Task<int> Retire(AppKey app, DeploymentMark current, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(current);
        var old = (await Seen(app, cancellation)).Containers
            .Where(c => c.Mark is { } mark && (mark.Sequence < current.Sequence || (mark.Sequence == current.Sequence && mark.Request != current.Request))).ToList();
        await Remove(old, cancellation);
        return old.Count(c => c.Number is not null);
    }

    /// <inheritdoc/>
    public async Task<bool> Remove(AppKey app, CancellationToken cancellation)
    {
        var all = (await Seen(app, cancellation)).Containers;
        await Remove(all, cancellation);
        return all.Count > 0;
    }

    /// <inheritdoc/>
    public Task<FailureExplanation> Explain(RolloutPlan plan, AppSnapshot now, CancellationToken cancellation) =>
        new EngineExplanation(Cluster, plan, now).Of(cancellation);

    /// <inheritdoc/>
    public IClusterChanges Listen(AppKey app) => new EngineChanges(hosts, EngineLabels.Of(Cluster, app), clock);

    /// <summary>The app on all hosts; one host that does not answer hides what runs there, so that nothing can be decided.</summary>
    async Task<EngineApp> Seen(AppKey app, CancellationToken cancellation)
    {
        var found = await Task.WhenAll(hosts.Select(h => h.Containers(EngineLabels.Of(Cluster, app), cancellation)));
        return await EngineApp.Of([.. found.SelectMany(f => f)], probe.Ask, clock, cancellation);
    }

    /// <summary>Makes and starts what is missing of a deployment. All are made, and in their networks, before the first is started: what an engine does not accept has then changed nothing.</summary>
    /// <returns>Why one could not be started that does not show it itself.</returns>
    async Task<ClusterRefusedException?> Bring(AppKey app, DeploymentMark mark, ServiceSpecification specification, int replicas, CancellationToken cancellation)
    {
        var seen = await Seen(app, cancellation);
        try
        {
            foreach (var number in Enumerable.Range(1, replicas).Except(Of(seen, mark).Select(c => c.Number!.Value)))
            {
                var host = hosts[(First(app) + number - 1) % hosts.Count];
                await host.Create(ContainerPlan.Task(specification, Cluster, app, mark, number, replicas, host.Options.Address), cancellation);
            }
            seen = await Seen(app, cancellation);
            foreach (var container in Of(seen, mark).Where(c => c.IsToBeStarted))
            {
                await container.Host.Connect(container, specification.Networks, cancellation);
            }
        }
        catch (ClusterRefusedException)
        {
            var made = Of(await Seen(app, cancellation), mark).ToList();
            if (made.TrueForAll(c => c.IsToBeStarted))
            {
                await Remove(made, cancellation);
            }
            throw;
        }
        ClusterRefusedException? refusal = null;
        foreach (var container in Of(seen, mark).Where(c => c.IsToBeStarted).OrderBy(c => c.Number))
        {
            if (specification.HasFixedPorts)
            {
                await Task.WhenAll(seen.Old.Where(c => c.Host == container.Host && c.State.Running).Select(c => c.Host.Stop(c, cancellation)));
            }
            refusal = await Start(container, cancellation) ?? refusal;
        }
        return refusal;
    }

    static async Task<ClusterRefusedException?> Start(EngineContainer container, CancellationToken cancellation)
    {
        try
        {
            await Run(container, cancellation);
            return null;
        }
        catch (ClusterRefusedException e)
        {
            // An engine keeps with the container why it could not be started: it is read there, also by whoever comes after a crash.
            return await container.Host.Container(container.Id, cancellation) is { IsToBeStarted: true } ? e : null;
        }
    }

    static void ThrowIf(ClusterRefusedException? refusal)
    {
        if (refusal is not null)
        {
            throw refusal;
        }
    }

    /// <summary>Starts a container; where it may have any port of the host, the engine is let try more of them.</summary>
    static async Task Run(EngineContainer container, CancellationToken cancellation)
    {
        for (var n = 1; ; n++)
        {
            try
            {
                await container.Host.Start(container.Id, cancellation);
                return;
            }
            catch (ClusterRefusedException e) when (n < TriesForAPort && e.Answer?.Contains("address already in use", StringComparison.OrdinalIgnoreCase) == true)
            {
                // An engine tries some ports in a row, and others beside it may have all of these; from the next on it goes on.
            }
        }
    }

    static IEnumerable<EngineContainer> Of(EngineApp app, DeploymentMark mark) => app.Tasks.Where(t => t.Mark!.Request == mark.Request && t.Mark.TakesBack == mark.TakesBack);

    static bool IsOf(RolloutPlan plan, EngineContainer container) => container.Mark is { TakesBack: false } mark && mark.Request == plan.Mark.Request;

    static Task Remove(IReadOnlyList<EngineContainer> containers, CancellationToken cancellation) => Task.WhenAll(containers.Select(async c =>
    {
        if (c.State.Running)
        {
            await c.Host.Stop(c, cancellation);
        }
        await c.Host.Remove(c.Id, cancellation);
    }));

    static int Replicas(RolloutPlan plan, ServiceSpecification specification, AppSnapshot? now) => plan.Replicas ?? specification.Replicas ?? now?.Wanted ?? 1;

    /// <summary>Where an app's first task goes: apps of one task each are spread too, and stay where they are.</summary>
    int First(AppKey app)
    {
        var hash = 0u;
        foreach (var c in $"{app}")
        {
            hash = (hash * 31) + c;
        }
        return (int)(hash % (uint)hosts.Count);
    }
}
