using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Formats.Tar;
using System.Text.Json;
using PipelineBridge.Events;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry.Engine;

/// <summary>
/// Pushes an image that the bridge reads from an engine: layers that the registry has are found by their DiffIDs, the
/// others are compressed and uploaded while they are read. What is pushed is pinned by its id from the first moment on;
/// the tags are the caller's, and last.
/// </summary>
sealed class ReadPush(Repository repository, DockerEngine engine, PushTeller teller)
{
    const int AtOnce = 4;
    const int MostLearnedFrom = 3;

    /// <summary>A layer that is no larger is read whole before it is compressed.</summary>
    const int SmallBytes = 1024 * 1024;

    /// <summary>The layers of the image that are in the repository, by DiffID.</summary>
    readonly ConcurrentDictionary<string, Descriptor> present = new(StringComparer.Ordinal);

    /// <summary>What was read, by its name: the DiffID that it turned out to be.</summary>
    readonly Dictionary<string, string> read = new(StringComparer.Ordinal);

    byte[]? config;
    long readBytes;
    long movedBytes;

    /// <summary>Pushes what is missing; answers the manifest for the tags to be put at.</summary>
    /// <param name="image">The image that is wanted.</param>
    /// <param name="tags">The tags that will be put at it.</param>
    /// <param name="imageId">The id that it must have on the engine; null for any.</param>
    public async Task<(Manifest Manifest, PushedSize? Size)> Push(ImageReference image, IReadOnlyList<string> tags, string? imageId, CancellationToken cancellation)
    {
        var looking = TaggedImage.Behind(repository, tags, cancellation);
        var finding = engine.Image(image.ToString(), imageId, cancellation);
        await Task.WhenAll(looking, finding);
        var (found, there) = (await finding, await looking);
        if (there.Find(t => t.Parts.Config?.Digest == found.Id) is { } same)
        {
            return (same.Manifest, same.NothingNew);
        }
        var layers = found.DiffIds.Distinct(StringComparer.Ordinal).ToList();
        await Know(layers, there, image, tags, cancellation);
        config = layers.TrueForAll(present.ContainsKey) && await repository.HasBlob(found.Id, cancellation) ? await repository.SmallBlob(found.Id, cancellation) : null;
        // A layer that was taken for another one is read the second time.
        for (var pass = 0; pass < 2 && (config is null || !layers.TrueForAll(present.ContainsKey)); pass++)
        {
            try
            {
                await Read(found, layers, isFirst: pass == 0, cancellation);
            }
            catch (EndOfStreamException)
            {
                // In the middle of a file.
                throw engine.Lost("give an image");
            }
        }
        if (config is null || layers.Find(l => !present.ContainsKey(l)) is not null)
        {
            throw new RegistryFailure(FailureCategory.Image,
                $"What the engine {engine.Name} gives does not hold {(config is null ? "the configuration" : "every layer")} of {found.Id}. An engine with containerd's image store must push by itself: engines.{engine.Name}.pushes: itself.");
        }
        var manifest = MadeManifest.Of((found.Id, config.Length), found.DiffIds.Select(d => (present[d].Digest, present[d].SizeBytes)));
        if (tags.Count == 0)
        {
            await repository.Put(manifest, manifest.Digest, cancellation);
        }
        return (manifest, new PushedSize(present.Values.DistinctBy(b => b.Digest).Sum(b => b.SizeBytes) + config.Length, movedBytes));
    }

    /// <summary>Finds which layers the repository has: those that are known, else those of earlier images in it.</summary>
    async Task Know(List<string> layers, List<TaggedImage> there, ImageReference image, IReadOnlyList<string> tags, CancellationToken cancellation)
    {
        var known = repository.Connection.Layers;
        if (layers.Exists(l => known.Find(l) is null))
        {
            var earlier = await engine.Tags(image.Name, cancellation);
            there.AddRange(await TaggedImage.Behind(repository, [.. earlier.Except(tags).Take(MostLearnedFrom)], cancellation));
            await Parallel.ForEachAsync(there.DistinctBy(t => t.Manifest.Digest), Bounded(cancellation), async (other, stop) => Learn(other.Parts, await repository.SmallBlob(other.Parts.Config!.Digest, stop)));
        }
        await Parallel.ForEachAsync(layers, Bounded(cancellation), async (layer, stop) =>
        {
            if (known.Find(layer) is { } at && await Has(at.Blob, stop))
            {
                present[layer] = at.Blob;
                if (at.TarBytes is null && await repository.EndOfBlob(at.Blob.Digest, sizeof(uint), stop) is { } end)
                {
                    known.Seen(layer, at with { TarBytes = BinaryPrimitives.ReadUInt32LittleEndian(end) });
                }
            }
        });
    }

    /// <summary>Takes from an image of the registry which blob holds which layer: its configuration names the layers in the order of its manifest's blobs.</summary>
    void Learn(ManifestParts parts, byte[]? configuration)
    {
        if (configuration is null)
        {
            return;
        }
        try
        {
            using var document = JsonDocument.Parse(configuration);
            var diffIds = document.RootElement.GetProperty("rootfs").GetProperty("diff_ids").EnumerateArray().Select(d => d.GetString() ?? "").ToList();
            if (diffIds.Count != parts.Layers.Count)
            {
                return;
            }
            foreach (var (diffId, blob) in diffIds.Zip(parts.Layers))
            {
                if (MediaTypes.IsGzipLayer(blob.MediaType) && !blob.IsElsewhere)
                {
                    repository.Connection.Layers.Seen(diffId, new KnownLayer(blob, null));
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            // Some other artifact; nothing is learned from it.
        }
    }

    async Task<bool> Has(Descriptor blob, CancellationToken cancellation) =>
        await repository.HasBlob(blob.Digest, cancellation)
        || (repository.Connection.BlobHomes.Other(blob.Digest, repository.Name) is { } home && await repository.Mount(blob.Digest, home, cancellation));

    async Task Read(EngineImage image, List<string> layers, bool isFirst, CancellationToken cancellation)
    {
        await using var saved = await SavedImage.Open(engine, image.Id, cancellation);
        var likely = new HashSet<string>(isFirst ? present.Keys : [], StringComparer.Ordinal);
        while (await saved.Next(cancellation) is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || entry.DataStream is not { } data)
            {
                continue;
            }
            if (read.TryGetValue(entry.Name, out var before) && present.ContainsKey(before))
            {
                continue;
            }
            if (IsLayer(entry.Name, layers))
            {
                await Layer(entry.Name, data, entry.Length, layers, likely, image.SizeBytes, cancellation);
            }
            else if (config is null && entry.Length <= RegistryConnection.LargestManifestBytes)
            {
                await Configuration(image.Id, data, (int)entry.Length, cancellation);
            }
        }
    }

    async Task Layer(string name, Stream data, long length, List<string> layers, HashSet<string> likely, long totalBytes, CancellationToken cancellation)
    {
        Task Moved(int bytes)
        {
            readBytes += bytes;
            return teller.Tell(present.Count, layers.Count, readBytes, totalBytes, cancellation);
        }

        if (length <= SmallBytes)
        {
            var bytes = new byte[length];
            await data.ReadExactlyAsync(bytes, cancellation);
            if (present.ContainsKey(Oci.Manifest.DigestOf(bytes)))
            {
                await Moved(bytes.Length);
                return;
            }
            data = new MemoryStream(bytes);
        }
        // Before Docker 25 a name does not say which layer it is: one that is as long as one that is there is only looked at.
        else if (layers.Contains(DigestIn(name)) ? present.ContainsKey(DigestIn(name)) : likely.Any(l => repository.Connection.Layers.Find(l)?.TarBytes == (uint)length))
        {
            var seen = await CompressedLayer.Hash(data, Moved, cancellation);
            read[name] = seen;
            likely.Remove(seen);
            return;
        }
        var (diffId, blob, isMoved) = await CompressedLayer.Upload(repository, data, Moved, cancellation);
        movedBytes += isMoved ? blob.SizeBytes : 0;
        read[name] = diffId;
        if (layers.Contains(diffId) && present.TryAdd(diffId, blob))
        {
            repository.Connection.Layers.Seen(diffId, new KnownLayer(blob, (uint)length));
        }
    }

    async Task Configuration(string id, Stream data, int length, CancellationToken cancellation)
    {
        var bytes = new byte[length];
        await data.ReadExactlyAsync(bytes, cancellation);
        if (Oci.Manifest.DigestOf(bytes) == id)
        {
            config = bytes;
            movedBytes += await new ChunkedUpload(repository, "a configuration").Finish(bytes, id, cancellation) ? length : 0;
        }
    }

    // <id>/layer.tar before Docker 25; since then an OCI layout, where the name is the DiffID.
    static bool IsLayer(string name, List<string> layers) => name.EndsWith(".tar", StringComparison.Ordinal) || layers.Contains(DigestIn(name));

    static string DigestIn(string name) => name.StartsWith("blobs/sha256/", StringComparison.Ordinal) ? "sha256:" + name["blobs/sha256/".Length..] : "";

    static ParallelOptions Bounded(CancellationToken cancellation) => new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation };
}
