using System.Text;
using PipelineBridge.Cluster;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Cluster;

/// <summary>What a rollout is to bring about, for a driver that is called by itself.</summary>
static class ClusterPlan
{
    public static RolloutPlan Of(AppKey app, int sequence, string image, string specification)
    {
        var pinned = ImageReference.Parse(image).Pinned;
        return new RolloutPlan
        {
            App = app,
            Mark = new DeploymentMark(new RequestId(RequestId.Deployment, EventId.Derive(1_000_000 + sequence, "ask", app.App)).ToString(), sequence, "sha256:x", pinned),
            Specification = Encoding.UTF8.GetBytes(specification),
            HealthTimeout = TimeSpan.FromSeconds(60),
        };
    }
}
