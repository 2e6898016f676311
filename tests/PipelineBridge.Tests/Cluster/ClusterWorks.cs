using System.Security.Cryptography;
using System.Text;
using PipelineBridge.Cluster;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Cluster;

/// <summary>The works that a bridge gives for an app with a portable specification.</summary>
static class ClusterWorks
{
    public static DeploymentRolloutRequested Rollout(string image, string specification, (int Sequence, string Image, string Specification)? previous, int seconds, string onFailure = OnFailure.Rollback, int? replicas = null) => new()
    {
        Cluster = "main",
        Image = image,
        Specification = Blob(specification),
        SpecificationFormat = "service",
        Replicas = replicas,
        HealthTimeoutSeconds = seconds,
        OnFailure = onFailure,
        First = previous is null,
        Previous = previous is { } p ? new DeployedVersion(p.Image, Blob(p.Specification), "service", p.Sequence) : null,
    };

    /// <summary>The work of deployment n of an app.</summary>
    public static Work New(AppKey app, int sequence, IEventContent content, string? specification = null, string? previous = null)
    {
        var request = new RequestId(RequestId.Deployment, EventId.Derive(1_000_000 + sequence, "ask", app.App));
        var e = new CdEvent
        {
            Id = request.Ask.Then("work", EventTypes.Of(content).Name).ToString(),
            Source = CdEvent.OurSource + "bridge",
            Type = EventTypes.Of(content).Name,
            Time = DateTimeOffset.UtcNow,
            ChainId = "chain",
            SubjectId = $"{app}",
            Content = content,
            Custom = new CustomData
            {
                App = app.App, Environment = app.Environment, RequestId = request.ToString(), Sequence = sequence, Image = (content as DeploymentRolloutRequested)?.Image,
            },
        };
        var (now, before) = (Bytes(specification), Bytes(previous));
        return new Work(new WorkItem(e, 1, "cluster", TimeProvider.System), new RecordingBridge { Stands = () => new WorkStanding(WorkState.Open, false, now, before) });
    }

    public static Work Again(Work work) => work with { Item = new WorkItem(work.Item.Event, work.Item.Attempts + 1, "cluster", TimeProvider.System) };

    static string Blob(string text) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    // A null of bytes would become an empty memory by itself.
    static ReadOnlyMemory<byte>? Bytes(string? text) => text is null ? null : new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(text));
}
