using System.Collections.Concurrent;
using PipelineBridge.Events;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry.Engine;

/// <summary>An image that a repository has behind a tag now.</summary>
sealed record TaggedImage(Manifest Manifest, ManifestParts Parts)
{
    const int AtOnce = 4;

    /// <summary>The size of a push that found it there.</summary>
    public PushedSize NothingNew => new(Parts.Blobs.DistinctBy(b => b.Digest).Sum(b => b.SizeBytes), 0);

    /// <summary>The images behind tags; none for a tag that is not there or names an index.</summary>
    public static async Task<List<TaggedImage>> Behind(Repository repository, IReadOnlyList<string> tags, CancellationToken cancellation)
    {
        var found = new ConcurrentBag<TaggedImage>();
        await Parallel.ForEachAsync(tags, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (tag, stop) =>
        {
            if (await repository.TryManifest(tag, stop) is { IsIndex: false } manifest)
            {
                found.Add(new TaggedImage(manifest, ManifestParts.Of(manifest, $"{repository.Connection.Name}/{repository.Name} at {tag}")));
            }
        });
        return [.. found];
    }
}
