using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry;

/// <summary>Sets tags on an image by digest: the manifest's bytes move, no layer does; the work of <see cref="Queues.RegistryTag"/>.</summary>
public sealed class TagHandler(RegistryConnections connections, TimeProvider clock) : IWorkHandler
{
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
        return await RegistryWork.Run(work, bridge, clock, tags, () => Tag(work, tags, cancellation), cancellation);
    }

    async Task<CdEvent> Tag(WorkItem work, TagWriter writer, CancellationToken cancellation)
    {
        var ask = work.Content<ImageTagRequested>();
        var source = RegistryWork.Image(ask.From);
        var reference = RegistryWork.Reference(source);
        IReadOnlyList<string> tags = [.. ask.Tags.Distinct(StringComparer.Ordinal)];
        var repository = new Repository(connections.To(source.Registry), source.Repository, isWritten: true);
        // Asked side by side: a retag is two round trips, however many tags it sets.
        var looking = TagWriter.Look(repository, tags, cancellation);
        var reading = repository.Manifest(reference, cancellation);
        await Task.WhenAll(reading, looking);
        var manifest = await reading;
        await writer.Write(repository, manifest, tags, await looking, cancellation);
        var image = source with { Digest = manifest.Digest, Tag = source.Tag ?? (tags is [var first, ..] ? first : null) };
        return work.Done(new ArtifactPublished(), image.Purl, c => c with { Image = image.ToString(), Tags = tags });
    }
}
