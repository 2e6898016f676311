using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Work;

/// <summary>Which queue a work belongs to, told from its event.</summary>
static class WorkQueues
{
    public static string Of(CdEvent work) => work.Content switch
    {
        ImagePushRequested => Queues.RegistryPush,
        ImageTagRequested => Queues.RegistryTag,
        ImageResolveRequested => Queues.RegistryResolve,
        DeploymentRolloutRequested rollout => Queues.ClusterDeploy(rollout.Cluster),
        DeploymentCancelRequested cancel => Queues.ClusterDeploy(cancel.Cluster),
        DeploymentRetireRequested retire => Queues.ClusterDeploy(retire.Cluster),
        NotificationRequested word => Queues.Notify(word.Target),
        _ => throw new ArgumentException($"{work.Type} is no work.", nameof(work)),
    };
}
