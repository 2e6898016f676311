using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Registry;

/// <summary>The handlers of the registry stage as a process composes them, and works for them.</summary>
sealed class RegistryStage : IDisposable
{
    readonly TimeProvider clock;
    readonly RegistryConnections connections;
    readonly RegistryStageOptions options;

    public RegistryStage(RegistryStageOptions? options = null, TimeProvider? clock = null)
    {
        this.options = options ?? new RegistryStageOptions();
        this.clock = clock ?? TimeProvider.System;
        connections = new RegistryConnections(this.options.Registries, this.clock);
    }

    public RecordingBridge Bridge { get; } = new();

    public Task<CdEvent> Resolve(string image, int attempts = 1) =>
        Only(new ResolveHandler(connections, clock), new ImageResolveRequested(image), attempts);

    public Task<CdEvent> Tag(string from, params string[] tags) => Tag(1, from, tags);

    public Task<CdEvent> Tag(int attempts, string from, params string[] tags) =>
        Only(new TagHandler(connections, clock), new ImageTagRequested(from, tags), attempts);

    public Task<CdEvent> Push(ImagePushRequested push, int attempts = 1) => Only(Pusher(), push, attempts);

    public Task<CdEvent> PushPresent(string image, string? imageId = null, params string[] tags) =>
        Push(new ImagePushRequested(image, tags, PushSource.Registry, ImageId: imageId));

    public Task<CdEvent> PushLayout(string image, string path, int attempts = 1, string? imageId = null, params string[] tags) =>
        Push(new ImagePushRequested(image, tags, PushSource.OciLayout, path, ImageId: imageId), attempts);

    public Task<CdEvent> PushArchive(string image, string path, params string[] tags) => Push(new ImagePushRequested(image, tags, PushSource.Archive, path));

    public Task<CdEvent> PushFromEngine(string image, string? imageId = null, int attempts = 1, params string[] tags) =>
        Push(new ImagePushRequested(image, tags, PushSource.Engine, Engine: "build-1", ImageId: imageId), attempts);

    public Task<IReadOnlyList<CdEvent>> All(IWorkHandler handler, IEventContent content, int attempts) =>
        handler.Handle(Work(content, attempts), Bridge, TestContext.Current.CancellationToken);

    public Task<IReadOnlyList<CdEvent>> Stoppable(ImageResolveRequested ask, CancellationToken stop) =>
        new ResolveHandler(connections, clock).Handle(Work(ask, 1), Bridge, stop);

    public PushHandler Pusher() => new(connections, options, clock);

    public void Dispose() => connections.Dispose();

    async Task<CdEvent> Only(IWorkHandler handler, IEventContent content, int attempts) =>
        (await All(handler, content, attempts)).Should().ContainSingle().Subject;

    WorkItem Work(IEventContent content, int attempts)
    {
        var id = EventId.Derive(1_700_000_000_000, "test");
        return new WorkItem(new CdEvent
        {
            Id = id.ToString(),
            Source = CdEvent.OurSource + "bridge",
            Type = EventTypes.Of(content).Name,
            Time = clock.GetUtcNow(),
            ChainId = "chain",
            SubjectId = "portal",
            Content = content,
            Custom = new CustomData { App = "portal", RequestId = new RequestId(RequestId.Push, id).ToString() },
        }, attempts, "registry", clock);
    }
}

static class RegistryEnds
{
    /// <summary>The end is not the good one: its result, effect and category.</summary>
    public static CdEvent ShouldHaveFailed(this CdEvent end, string effect, string category)
    {
        end.Content.Should().BeOfType<WorkEnded>(end.Custom!.Cause).Which.Should().Be(new WorkEnded(WorkResult.Failed, effect));
        end.Custom.Category.Should().Be(category);
        end.Custom.Cause.Should().EndWith(".");
        return end;
    }

    public static CdEvent ShouldBePublished(this CdEvent end, string image)
    {
        end.Content.Should().BeOfType<ArtifactPublished>($"it ended: {end.Custom!.Cause}");
        end.Custom!.Image.Should().Be(image);
        end.SubjectId.Should().Be(ImageReference.Parse(image).Purl);
        end.Custom.Cause.Should().BeNull();
        return end;
    }

    public static TimeSpan ShouldWait(this CdEvent end)
    {
        end.Custom!.Category.Should().Be(FailureCategory.Registry);
        return end.Content.Should().BeOfType<WorkDeferred>($"it ended: {end.Custom.Cause}").Which.Until - end.Time;
    }
}
