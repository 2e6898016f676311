using PipelineBridge.Cluster.Specification;
using PipelineBridge.Events;

namespace PipelineBridge.Cluster.Engine;

/// <summary>
/// Runs a deployment's task once, with the new image, before anything changes. Its container stays until the next
/// deployment: by it a restarted process finds that the task ran, and how.
/// </summary>
sealed class BeforeDeploy(string cluster, RolloutPlan plan, ServiceSpecification specification, TimeProvider clock)
{
    const int LinesOfOutput = 200;

    // What engines show of a process that a signal ended (128 and its number), and of one whose end nobody saw.
    const int Killed = 137;
    const int Terminated = 143;
    const int Lost = 255;
    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    readonly ServiceTask task = specification.BeforeDeploy!;

    /// <summary>Runs it, or waits for it where it already runs.</summary>
    /// <param name="hosts">The hosts where it may be already.</param>
    /// <param name="host">The host where it is made.</param>
    public async Task Run(IReadOnlyList<EngineHost> hosts, EngineHost host, CancellationToken cancellation)
    {
        var name = ContainerPlan.Name(plan.App, plan.Mark, "before");
        EngineContainer? container = null;
        foreach (var one in hosts)
        {
            container ??= await one.Container(name, cancellation);
        }
        if (container is null)
        {
            await host.Create(ContainerPlan.Before(specification, cluster, plan.App, plan.Mark), cancellation);
            container = await host.Container(name, cancellation);
        }
        if (container is { IsToBeStarted: true })
        {
            await container.Host.Connect(container, specification.Networks, cancellation);
            try
            {
                await container.Host.Start(container.Id, cancellation);
            }
            catch (ClusterRefusedException e)
            {
                throw new ClusterRefusedException(FailureCategory.Configuration, "The task before the deployment could not be started.", e.Answer, evidence: "answer of the engine");
            }
        }
        // One that somebody paused runs too, as long as it has time.
        while (container is { State.Running: true } or { IsToBeStarted: true })
        {
            if (await container.Host.Now(cancellation) - (container.StartedAt ?? container.CreatedAt) > TimeSpan.FromSeconds(task.TimeoutSeconds))
            {
                // Its output is read before it goes; a stopped one stays, and says to whoever comes next that it failed.
                await container.Host.Stop(container, cancellation);
                throw await Failed(container, TookTooLong, FailureCategory.Configuration, cancellation);
            }
            await Task.Delay(Poll, clock, cancellation);
            container = await container.Host.Container(name, cancellation);
        }
        if (container is null)
        {
            throw new ClusterRefusedException(FailureCategory.Cluster, "Somebody else removed the task before the deployment while it ran.");
        }
        if (container.State.ExitCode != 0)
        {
            var (category, cause) = Why(container);
            throw await Failed(container, cause, category, cancellation);
        }
    }

    (string Category, string Cause) Why(EngineContainer container) => container.State switch
    {
        { OOMKilled: true } => (FailureCategory.Resources, $"The task before the deployment was ended because it used more memory than it may{(specification.MemoryMiB is { } most ? $" ({most} MiB)" : "")}."),
        // Stopped by a process that could not say so any more.
        _ when container.RanFor >= TimeSpan.FromSeconds(task.TimeoutSeconds) => (FailureCategory.Configuration, TookTooLong),
        { ExitCode: Killed or Terminated } => (FailureCategory.Cluster, $"The task before the deployment was ended from outside (exit code {container.State.ExitCode}): its engine was stopped or killed meanwhile, or somebody ended it."),
        { ExitCode: Lost } => (FailureCategory.Configuration, $"The task before the deployment ended with exit code {Lost}; that is also what remains of one whose machine went down meanwhile."),
        _ => (FailureCategory.Configuration, $"The task before the deployment ended with exit code {container.State.ExitCode}."),
    };

    string TookTooLong => $"The task before the deployment did not end within {task.TimeoutSeconds} seconds and was stopped.";

    static async Task<ClusterRefusedException> Failed(EngineContainer container, string cause, string category, CancellationToken cancellation) =>
        new(category, $"{cause} Nothing was changed.", await container.Host.LastLog(container.Id, LinesOfOutput, cancellation), evidence: "output of the task before");
}
