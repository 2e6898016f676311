using System.Collections.Concurrent;

namespace PipelineBridge.Registry.Oci;

/// <summary>A blob of a registry that holds a layer.</summary>
/// <param name="Blob">The blob: the layer's tar file, compressed.</param>
/// <param name="TarBytes">The lower 32 bits of the tar file's length, which a gzip file ends with (RFC 1952, ISIZE); null where that was not seen.</param>
sealed record KnownLayer(Descriptor Blob, uint? TarBytes);

/// <summary>
/// Which blob of a registry holds which layer, by DiffID. An engine knows layers by the digest of their tar file, a registry
/// by the digest of what was compressed. Only a hint: what is not known here is compressed once more.
/// </summary>
sealed class KnownLayers
{
    const int Bound = 20_000;

    readonly ConcurrentDictionary<string, KnownLayer> layers = new(StringComparer.Ordinal);

    public KnownLayer? Find(string diffId) => layers.GetValueOrDefault(diffId);

    public void Seen(string diffId, KnownLayer layer)
    {
        if (layers.Count >= Bound)
        {
            layers.Clear();
        }
        // A length, once seen, is not forgotten.
        layers.AddOrUpdate(diffId, layer, (_, known) => layer.TarBytes is null && known.Blob.Digest == layer.Blob.Digest ? known : layer);
    }
}
