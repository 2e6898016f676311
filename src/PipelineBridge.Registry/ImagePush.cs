using System.Collections.Concurrent;
using PipelineBridge.Events;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry;

/// <summary>
/// Pushes an image from a disk: what the repository has is found and left alone, blobs go several at once, manifests
/// after their blobs, an index after its images. The last, by its tags, is the caller's.
/// </summary>
sealed class ImagePush(Repository repository, IImageSource images, PushMeter? meter = null)
{
    const int AtOnce = 4;
    const int DeepestIndex = 4;
    const int MostManifests = 1000;

    /// <summary>Pushes what is missing; answers the manifest for the tags to be put at.</summary>
    /// <param name="image">The image that is wanted.</param>
    /// <param name="hasTags">Whether the manifest will be put by a tag, which stores it; else it is stored by its digest here.</param>
    /// <param name="imageId">The digest of the wanted image's configuration; null for any.</param>
    public async Task<(Manifest Manifest, PushedSize? Size)> Push(ImageReference image, bool hasTags, string? imageId, CancellationToken cancellation)
    {
        var root = await images.Choose(image, cancellation);
        // Children before what names them.
        var all = new List<Part>();
        Read(root, 0, all, []);
        var top = all[^1].Manifest ?? throw Absent(root);
        if (imageId is not null && all.All(p => p.Content?.Config?.Digest != imageId))
        {
            throw PresentImage.OtherImage(images.Name, imageId);
        }
        var total = all.SelectMany(p => p.Content?.Blobs ?? []).DistinctBy(b => b.Digest).Sum(b => b.SizeBytes);
        meter?.Measured(total);
        if (await repository.Find(root.Digest, cancellation) is not null)
        {
            return (top, new PushedSize(total, 0));
        }
        var missing = await Missing(all[..^1], cancellation);
        var moved = await Blobs([.. missing, all[^1]], cancellation);
        await Parallel.ForEachAsync(missing.Where(p => !p.Manifest!.IsIndex), Bounded(cancellation),
            async (part, stop) => await repository.Put(part.Manifest!, part.Manifest!.Digest, stop));
        foreach (var index in missing.Where(p => p.Manifest!.IsIndex))
        {
            await repository.Put(index.Manifest!, index.Manifest!.Digest, cancellation);
        }
        if (!hasTags)
        {
            await repository.Put(top, top.Digest, cancellation);
        }
        return (top, new PushedSize(total, moved));
    }

    void Read(Descriptor descriptor, int depth, List<Part> all, HashSet<string> seen)
    {
        if (!MediaTypes.IsManifest(descriptor.MediaType))
        {
            throw new RegistryFailure(FailureCategory.Image, $"An index in {images.Name} names {descriptor.Digest}, whose type is neither an image nor an index of Docker's or OCI's.", descriptor.MediaType);
        }
        if (!seen.Add(descriptor.Digest))
        {
            return;
        }
        if (depth > DeepestIndex || seen.Count > MostManifests)
        {
            throw new RegistryFailure(FailureCategory.Image, $"The index in {images.Name} is deeper than {DeepestIndex} or names more than {MostManifests} manifests.");
        }
        var manifest = images.Manifest(descriptor);
        var content = manifest is null ? null : ManifestParts.Of(manifest, images.Name);
        foreach (var child in content?.Children ?? [])
        {
            Read(child, depth + 1, all, seen);
        }
        all.Add(new Part(descriptor, manifest, content));
    }

    async Task<List<Part>> Missing(List<Part> parts, CancellationToken cancellation)
    {
        var present = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(parts, Bounded(cancellation), async (part, stop) =>
            present[part.Descriptor.Digest] = await repository.Find(part.Descriptor.Digest, stop) is not null);
        var missing = parts.Where(p => !present[p.Descriptor.Digest]).ToList();
        return missing.Find(p => p.Manifest is null) is { } absent ? throw Absent(absent.Descriptor) : missing;
    }

    async Task<long> Blobs(List<Part> parts, CancellationToken cancellation)
    {
        long moved = 0;
        await Parallel.ForEachAsync(parts.SelectMany(p => p.Content!.Blobs).DistinctBy(b => b.Digest), Bounded(cancellation), async (blob, stop) =>
        {
            if (await new BlobUpload(repository, images, blob, meter).Run(stop))
            {
                Interlocked.Add(ref moved, blob.SizeBytes);
            }
            else
            {
                meter?.WasThere(blob.Digest, blob.SizeBytes);
            }
        });
        return moved;
    }

    RegistryFailure Absent(Descriptor manifest) =>
        new(FailureCategory.Image, $"The manifest {manifest.Digest} is named in {images.Name}, but is neither there nor in the registry {repository.Connection.Name}.");

    static ParallelOptions Bounded(CancellationToken cancellation) => new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation };

    /// <summary>A manifest; without its bytes when only its name is there.</summary>
    sealed record Part(Descriptor Descriptor, Manifest? Manifest, ManifestParts? Content);
}
