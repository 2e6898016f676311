using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Registry.Engine;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry;

/// <summary>Brings an image into a registry and sets its tags; the work of <see cref="Queues.RegistryPush"/>.</summary>
/// <param name="connections">The registries.</param>
/// <param name="options">Where OCI layouts are read, and which engines there are.</param>
/// <param name="clock">Measures and waits.</param>
public sealed class PushHandler(RegistryConnections connections, RegistryStageOptions options, TimeProvider clock) : IWorkHandler
{
    readonly LayoutRoots layouts = new(options.Roots);
    readonly Engines engines = new(options.Engines, clock);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CdEvent>> Handle(WorkItem work, IBridgeClient bridge, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(bridge);
        if (await RegistryWork.Unwanted(work, bridge, cancellation) is { } end)
        {
            return end;
        }
        var tags = new TagWriter(work.Attempts);
        return await RegistryWork.Run(work, bridge, clock, tags, () => Push(work, bridge, tags, cancellation), cancellation);
    }

    async Task<CdEvent> Push(WorkItem work, IBridgeClient bridge, TagWriter writer, CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        var ask = work.Content<ImagePushRequested>();
        var image = RegistryWork.Image(ask.Image);
        IReadOnlyList<string> tags = [.. (image.Tag is null ? ask.Tags : ask.Tags.Prepend(image.Tag)).Distinct(StringComparer.Ordinal)];
        var repository = new Repository(connections.To(image.Registry), image.Repository, isWritten: true);
        using var engine = ask.Source == PushSource.Engine ? engines.Open(ask.Engine) : null;
        var finding = ask.Source switch
        {
            PushSource.Registry => PresentImage.Find(repository, RegistryWork.Reference(image), ask.ImageId, cancellation),
            PushSource.OciLayout => new ImagePush(repository, layouts.Layout(ask.Path)).Push(image, tags.Count > 0, ask.ImageId, cancellation),
            PushSource.Archive => new ImagePush(repository, layouts.Archive(ask.Path)).Push(image, tags.Count > 0, ask.ImageId, cancellation),
            PushSource.Engine when engine!.PushesItself => new OwnPush(repository, engine, new PushTeller(work, bridge, clock)).Push(image, ask.ImageId, writer, cancellation),
            PushSource.Engine => new ReadPush(repository, engine!, new PushTeller(work, bridge, clock)).Push(image, tags, ask.ImageId, cancellation),
            _ => throw new RegistryFailure(FailureCategory.Configuration, $"The source of a push must be {PushSource.Registry}, {PushSource.OciLayout}, {PushSource.Archive} or {PushSource.Engine}; {ask.Source} is not known here.") { NothingMade = true },
        };
        // An image that is there already is found by its own tag: that one stands where it stands, and is not written back.
        // So does the one that an engine sets by itself.
        IReadOnlyList<string> toSet = (ask.Source == PushSource.Registry && image.Digest is null) || engine is { PushesItself: true } ? [.. tags.Where(t => t != image.Tag)] : tags;
        var looking = TagWriter.Look(repository, toSet, cancellation);
        await Task.WhenAll(finding, looking);
        var (manifest, size) = await finding;
        await writer.Write(repository, manifest, toSet, await looking, cancellation);
        var pushed = image with { Digest = manifest.Digest, Tag = image.Tag ?? (tags is [var first, ..] ? first : null) };
        return work.Done(new ArtifactPublished(), pushed.Purl, c => c with
        {
            Image = pushed.ToString(),
            Tags = tags,
            Pushed = size,
            Phases = new Phases { PushedSeconds = Math.Round(clock.GetElapsedTime(began).TotalSeconds, 3) },
        });
    }
}
