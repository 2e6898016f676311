using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>
/// Decides when the tasks that a deployment replaced go, where the cluster keeps them: once the new ones are healthy.
/// No delivery waits for it; a failed one is an incident, over with the next that succeeds. Pure.
/// </summary>
public static class Retirements
{
    /// <summary>A deployment came to its good end: what it replaced goes.</summary>
    internal static void Give(Decision<DeploymentLane> decision, OpenDeployment open, bool alreadyLive, DeciderContext context)
    {
        var lane = decision.State;
        if (alreadyLive || DeploymentDecider.Cluster(lane, context) is not { } cluster || !context.Options.Environments[lane.Environment].KeepsOldTasks)
        {
            return;
        }
        // Also at a first one: what a superseded or failed one before it left is old too.
        var work = BridgeEvents.Make(DeploymentDecider.Ask(open).Then("work", EventTypes.Of<DeploymentRetireRequested>().Name, DeploymentRetireRequested.Old),
            new DeploymentRetireRequested(cluster, DeploymentRetireRequested.Old), context.Now, open.Document.ChainId, DeploymentDecider.Ask(open), DeploymentDecider.Custom(lane, open));
        decision.Events.Add(new Decided(work, Queues.ClusterDeploy(cluster), DeploymentDecider.Partition(lane)));
    }

    /// <summary>How the work ended.</summary>
    public static Decision<DeploymentLane> Ended(DeploymentLane lane, CdEvent work, CdEvent end, DeciderContext context)
    {
        var decision = new Decision<DeploymentLane>(lane);
        var service = new Reference($"{lane.Environment}/{lane.App}");
        switch (end.Content)
        {
            case WorkEnded { Result: WorkResult.Failed } when lane.RetirementIncident is null:
                var subject = $"{lane.Environment}/{lane.App}/retirement/{context.Now.ToUnixTimeMilliseconds()}";
                decision.State = lane with { RetirementIncident = subject };
                decision.Events.Add(Incident(new IncidentDetected(new Reference(lane.Environment), end.Custom!.Cause, service), subject, work, end, context));
                break;
            case DeploymentRetired when lane.RetirementIncident is { } open:
                decision.State = lane with { RetirementIncident = null };
                decision.Events.Add(Incident(new IncidentResolved(new Reference(lane.Environment), "The old tasks are gone.", service), open, work, end, context));
                break;
        }
        return decision;
    }

    static Decided Incident(IEventContent content, string subject, CdEvent work, CdEvent end, DeciderContext context) => new(
        BridgeEvents.Make(end.Key().Then("incident"), content, context.Now, work.ChainId, end.Key(), end.Custom! with { WorkId = null, Phases = null }) with { SubjectId = subject });
}
