using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using PipelineBridge.Events;

namespace PipelineBridge.Registry.Oci;

/// <summary>
/// What <c>docker save</c> writes (Docker image specification 1.2, "Combined Image JSON + Filesystem Changeset Format"):
/// <c>manifest.json</c>, configurations, layers. It has no manifest for a registry; one is made, with plain layers
/// compressed on the way, as an engine does.
/// </summary>
sealed class DockerArchive(TarFiles files) : IImageSource
{
    const int PieceBytes = 128 * 1024;

    readonly Dictionary<string, Part> parts = new(StringComparer.Ordinal);
    Manifest? made;

    /// <inheritdoc/>
    public string Name => files.Name;

    /// <summary>The only image, else the one that is saved by the wanted name, else by the wanted tag.</summary>
    public async Task<Descriptor> Choose(ImageReference image, CancellationToken cancellation)
    {
        var saved = Wanted(image);
        made = await Make(saved, cancellation);
        if (image.Digest is { } digest && digest != made.Digest)
        {
            throw new RegistryFailure(FailureCategory.Image, $"{Capitalized} has no manifest with the digest {digest}: docker save keeps none. Name the image without a digest.") { NothingMade = true };
        }
        return new Descriptor(made.MediaType, made.Digest, made.Bytes.Length, null, IsElsewhere: false);
    }

    /// <inheritdoc/>
    public Manifest? Manifest(Descriptor descriptor) => descriptor.Digest == made?.Digest ? made : null;

    /// <inheritdoc/>
    public IBlob? Open(Descriptor descriptor) => parts.TryGetValue(descriptor.Digest, out var part) && files.Open(part.Path) is { } file
        ? part.IsCompressedHere ? new GzippedBlob(file) : file
        : null;

    /// <inheritdoc/>
    public RegistryFailure Broken(string digest) =>
        new(FailureCategory.Image, $"{Capitalized} was changed while it was read: its blob {digest} is another one now.");

    /// <inheritdoc/>
    public RegistryFailure Unreadable(Exception e) => files.Unreadable(e);

    string Capitalized => Sentence.Begin(Name);

    SavedImage Wanted(ImageReference image)
    {
        var all = Read("manifest.json", json => json.EnumerateArray().Select(SavedImage.Of).ToList());
        var found = all.Count == 1 ? all : all.Where(s => s.Tags.Any(t => t == $"{image.Name}:{image.Tag}" || t == $"{image.Repository}:{image.Tag}")).ToList();
        found = found.Count > 0 ? found : all.Where(s => s.Tags.Any(t => t[(t.LastIndexOf(':') + 1)..] == image.Tag)).ToList();
        return found.DistinctBy(s => s.Config).Count() == 1
            ? found[0]
            : throw new RegistryFailure(
                FailureCategory.Image,
                $"{Capitalized} holds {all.Count} images, and {(found.Count == 0 ? "none" : "more than one")} is {image.Repository}:{image.Tag}.",
                string.Join('\n', all.Take(50).Select(s => $"{s.Config} {string.Join(' ', s.Tags)}")))
            { NothingMade = true };
    }

    async Task<Manifest> Make(SavedImage saved, CancellationToken cancellation)
    {
        var differences = Read(saved.Config, json => json.GetProperty("rootfs").GetProperty("diff_ids").EnumerateArray().Select(d => d.GetString() ?? "").ToList());
        if (differences.Count != saved.Layers.Count)
        {
            throw new RegistryFailure(FailureCategory.Image, $"{Capitalized} is broken: {saved.Config} has {differences.Count} layers, manifest.json {saved.Layers.Count}.") { NothingMade = true };
        }
        using var config = Content(saved.Config);
        var configBytes = config.Bytes();
        var layers = new (string Digest, long SizeBytes)[differences.Count];
        await Parallel.ForAsync(0, layers.Length, cancellation, async (i, stop) =>
        {
            var (digest, size, compressed) = await Digest(saved.Layers[i], differences[i], stop);
            layers[i] = (digest, size);
            lock (parts)
            {
                parts[digest] = new Part(saved.Layers[i], compressed);
            }
        });
        var configDigest = Oci.Manifest.DigestOf(configBytes);
        parts[configDigest] = new Part(saved.Config, IsCompressedHere: false);
        return MadeManifest.Of((configDigest, configBytes.Length), layers);
    }

    /// <summary>Reads a layer once: proves that it is the one that its image means, and learns its digest as it will be pushed.</summary>
    async Task<(string Digest, long SizeBytes, bool IsCompressedHere)> Digest(string path, string difference, CancellationToken cancellation)
    {
        using var file = Content(path);
        var compression = Compression(file);
        if (compression is not (null or Oci.Compression.Gzip))
        {
            throw new RegistryFailure(FailureCategory.Image, $"The layer {path} in {Name} is compressed with {compression}; it must be plain or compressed with gzip.") { NothingMade = true };
        }
        try
        {
            var (plain, _) = await Hash(compression is null ? file.Read() : new GZipStream(file.Read(), CompressionMode.Decompress), cancellation);
            if (plain != difference)
            {
                throw BrokenLayer(path, difference);
            }
            var (pushed, length) = await Hash(compression is null ? new GzippedStream(file.Read()) : file.Read(), cancellation);
            return (pushed, length, compression is null);
        }
        catch (InvalidDataException)
        {
            throw BrokenLayer(path, difference);
        }
        catch (IOException e)
        {
            throw files.Unreadable(e);
        }
    }

    RegistryFailure BrokenLayer(string path, string difference) =>
        new(FailureCategory.Image, $"{Capitalized} is broken: its layer {path} is not {difference}, which its configuration names.") { NothingMade = true };

    FileRange Content(string path) => files.Open(path)
        ?? throw new RegistryFailure(FailureCategory.Image, $"{Capitalized} is broken: it has no {path}, which it names itself.") { NothingMade = true };

    T Read<T>(string path, Func<JsonElement, T> read)
    {
        using var file = Content(path);
        if (file.LengthBytes > RegistryConnection.LargestManifestBytes)
        {
            throw new RegistryFailure(FailureCategory.Image, $"The {path} in {Name} is larger than {RegistryConnection.LargestManifestBytes} bytes.") { NothingMade = true };
        }
        try
        {
            using var document = JsonDocument.Parse(file.Bytes());
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new RegistryFailure(FailureCategory.Image, $"The {path} in {Name} cannot be read.", e.Message) { NothingMade = true };
        }
    }

    static string? Compression(FileRange file)
    {
        var start = new byte[4];
        using var stream = file.Read();
        return Oci.Compression.Of(start.AsSpan(0, stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)));
    }

    static async Task<(string Digest, long LengthBytes)> Hash(Stream read, CancellationToken cancellation)
    {
        await using var stream = read;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            long all = 0;
            while (await stream.ReadAsync(piece, cancellation) is var length and > 0)
            {
                hash.AppendData(piece, 0, length);
                all += length;
            }
            return ("sha256:" + Convert.ToHexStringLower(hash.GetCurrentHash()), all);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <summary>Where the content of a blob lies.</summary>
    sealed record Part(string Path, bool IsCompressedHere);

    /// <summary>An image as <c>manifest.json</c> lists it.</summary>
    sealed record SavedImage(string Config, IReadOnlyList<string> Tags, IReadOnlyList<string> Layers)
    {
        public static SavedImage Of(JsonElement json) => new(
            json.GetProperty(nameof(Config)).GetString() ?? "",
            json.TryGetProperty("RepoTags", out var tags) && tags.ValueKind == JsonValueKind.Array ? Texts(tags) : [],
            Texts(json.GetProperty(nameof(Layers))));

        static List<string> Texts(JsonElement array) => [.. array.EnumerateArray().Select(t => t.GetString() ?? "")];
    }

    /// <summary>A layer that is kept plain and pushed compressed.</summary>
    sealed class GzippedBlob(FileRange file) : IBlob
    {
        public Stream Read() => new GzippedStream(file.Read());

        public void Dispose() => file.Dispose();
    }
}
