using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry;

/// <summary>Finds the digest of an image, or that the digest it has is there; the work of <see cref="Queues.RegistryResolve"/>.</summary>
public sealed class ResolveHandler(RegistryConnections connections, TimeProvider clock) : IWorkHandler
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<CdEvent>> Handle(WorkItem work, IBridgeClient bridge, CancellationToken cancellation) =>
        RegistryWork.Run(work, bridge, clock, null, () => Resolve(work, cancellation), cancellation);

    async Task<CdEvent> Resolve(WorkItem work, CancellationToken cancellation)
    {
        var image = RegistryWork.Image(work.Content<ImageResolveRequested>().Image);
        var reference = RegistryWork.Reference(image);
        var repository = new Repository(connections.To(image.Registry), image.Repository, isWritten: false);
        // A HEAD that finds nothing says nothing either; the GET brings the registry's words as evidence.
        var digest = await repository.Find(reference, cancellation) ?? (await repository.Manifest(reference, cancellation)).Digest;
        var resolved = image with { Digest = digest };
        return work.Done(new ImageResolved(resolved.ToString()), resolved.Purl, c => c with { Image = resolved.ToString() });
    }
}
