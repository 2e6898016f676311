using System.Collections.Concurrent;
using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Tests.Bridge;

/// <summary>Stages that do what the test says, and remember what they were given.</summary>
sealed class ScriptedStages
{
    public const string Digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

    public ConcurrentQueue<WorkItem> Given { get; } = new();

    /// <summary>What the registry stage answers a resolve.</summary>
    public Func<WorkItem, IBridgeClient, CancellationToken, Task<IReadOnlyList<CdEvent>>> Resolve { get; set; } = (work, _, _) =>
        Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new ImageResolved(WithDigest(work.Content<ImageResolveRequested>().Image)))]);

    public Func<WorkItem, IBridgeClient, CancellationToken, Task<IReadOnlyList<CdEvent>>> Push { get; set; } = (work, _, _) =>
        Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new ArtifactPublished(), with: c => c with { Image = WithDigest(work.Event.Custom!.Image!) })]);

    public Func<WorkItem, IBridgeClient, CancellationToken, Task<IReadOnlyList<CdEvent>>> Deploy { get; set; } = (work, _, _) =>
        Task.FromResult<IReadOnlyList<CdEvent>>([Live(work)]);

    public Func<WorkItem, IBridgeClient, CancellationToken, Task<IReadOnlyList<CdEvent>>> Notify { get; set; } = (work, _, _) =>
        Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new NotificationDelivered("team", "C1/1.0"))]);

    public IReadOnlyList<StageQueue> Queues =>
    [
        new(PipelineBridge.Messaging.Queues.RegistryResolve, "registry", new Scripted(this, (w, b, c) => Resolve(w, b, c))),
        new(PipelineBridge.Messaging.Queues.RegistryPush, "registry", new Scripted(this, (w, b, c) => Push(w, b, c))),
        new(PipelineBridge.Messaging.Queues.RegistryTag, "registry", new Scripted(this, (w, b, c) => Push(w, b, c))),
        new(PipelineBridge.Messaging.Queues.ClusterDeploy("main"), "cluster", new Scripted(this, (w, b, c) => Deploy(w, b, c))),
        new(PipelineBridge.Messaging.Queues.Notify("team"), "notifications", new Scripted(this, (w, b, c) => Notify(w, b, c))),
    ];

    public static CdEvent Live(WorkItem work) => work.Content<DeploymentRolloutRequested>().First
        ? work.Done(new ServiceDeployed(new Reference(work.Environment), "pkg:oci/portal"))
        : work.Done(new ServiceUpgraded(new Reference(work.Environment), "pkg:oci/portal"));

    public static CdEvent Failed(WorkItem work, string effect = WorkEffect.TakenBack, string result = WorkResult.Failed) =>
        work.Ended(result, effect, FailureCategory.Health, "0 of 3 new tasks became healthy on GET /health.");

    /// <summary>The works of a kind that were given, in order.</summary>
    public IReadOnlyList<WorkItem> Of<T>() where T : IEventContent => [.. Given.Where(w => w.Event.Content is T)];

    static string WithDigest(string image) => image.Contains('@', StringComparison.Ordinal) ? image : image + "@" + Digest;

    sealed class Scripted(ScriptedStages stages, Func<WorkItem, IBridgeClient, CancellationToken, Task<IReadOnlyList<CdEvent>>> act) : IWorkHandler
    {
        public Task<IReadOnlyList<CdEvent>> Handle(WorkItem work, IBridgeClient bridge, CancellationToken cancellation)
        {
            stages.Given.Enqueue(work);
            return act(work, bridge, cancellation);
        }
    }
}
