using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster.Engine;

/// <summary>
/// Finds images that were built on this machine's engine and pushed nowhere, named <c>localhost/NAME:TAG</c>; their digest
/// is their id. For the bridge without a configuration alone: nobody else could have such an image.
/// </summary>
/// <param name="engine">The engine.</param>
/// <param name="registries">Finds all other images.</param>
public sealed class LocalImages(EngineHost engine, IWorkHandler registries) : IWorkHandler
{
    /// <summary>The registry that stands for the engine itself.</summary>
    public const string Registry = "localhost";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CdEvent>> Handle(WorkItem work, IBridgeClient bridge, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (work.Event.Content is not ImageResolveRequested ask || !ImageReference.TryParse(ask.Image, out var image, out _) || image!.Registry != Registry)
        {
            return await registries.Handle(work, bridge, cancellation);
        }
        try
        {
            // As it was built, with or without the word before it.
            var id = image.Digest ?? await engine.ImageId($"{image.Name}:{image.Tag}", cancellation) ?? await engine.ImageId($"{image.Repository}:{image.Tag}", cancellation);
            if (id is null || await engine.ImageId(id, cancellation) is null)
            {
                return [work.Ended(WorkResult.Failed, WorkEffect.None, FailureCategory.Image, $"This machine's engine has no image {image.Repository}{(image.Tag is null ? "" : ":" + image.Tag)}.")];
            }
            var resolved = image with { Digest = id };
            return [work.Done(new ImageResolved(resolved.ToString()), resolved.Purl, c => c with { Image = resolved.ToString() })];
        }
        catch (Exception e) when (e is ClusterUnreachableException or ClusterRefusedException)
        {
            return [work.Ended(WorkResult.Failed, WorkEffect.None, FailureCategory.Image, e.Message)];
        }
    }

    /// <summary>What an engine knows a pinned image by.</summary>
    internal static string OnEngine(string pinned) => ImageReference.Parse(pinned) is { Registry: Registry, Digest: { } id } ? id : pinned;
}
