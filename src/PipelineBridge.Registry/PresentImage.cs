using PipelineBridge.Events;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry;

/// <summary>An image that is in the registry already.</summary>
static class PresentImage
{
    const int DeepestIndex = 4;

    /// <summary>The image, and its size where the manifest at hand tells it; refused when another image than the wanted one is there.</summary>
    /// <param name="imageId">The digest of the wanted image's configuration; null for any.</param>
    public static async Task<(Manifest Manifest, PushedSize? Size)> Find(Repository repository, string reference, string? imageId, CancellationToken cancellation)
    {
        var manifest = await repository.Manifest(reference, cancellation);
        var where = $"{repository.Connection.Name}/{repository.Name}";
        if (imageId is not null && !await Holds(repository, manifest, imageId, 0, where, cancellation))
        {
            throw OtherImage($"{where} at {reference}", imageId);
        }
        var blobs = manifest.IsIndex ? null : ManifestParts.Of(manifest, where).Blobs.DistinctBy(b => b.Digest);
        return (manifest, blobs is null ? null : new PushedSize(blobs.Sum(b => b.SizeBytes), 0));
    }

    /// <summary>What to say when an image has another id than the ask says.</summary>
    public static RegistryFailure OtherImage(string where, string imageId) =>
        new(FailureCategory.Image, $"The image in {where} is not {imageId}, which was asked for: another one was put there.") { NothingMade = true };

    static async Task<bool> Holds(Repository repository, Manifest manifest, string imageId, int depth, string where, CancellationToken cancellation)
    {
        var parts = ManifestParts.Of(manifest, where);
        if (parts.Config is not null)
        {
            return parts.Config.Digest == imageId;
        }
        if (depth >= DeepestIndex)
        {
            return false;
        }
        foreach (var child in parts.Children.Where(c => MediaTypes.IsManifest(c.MediaType)))
        {
            if (await Holds(repository, await repository.Manifest(child.Digest, cancellation), imageId, depth + 1, where, cancellation))
            {
                return true;
            }
        }
        return false;
    }
}
