using System.Text.Json;
using PipelineBridge.Events;

namespace PipelineBridge.Registry.Oci;

/// <summary>An OCI image layout: <c>index.json</c> and blobs by digest (image-spec, image-layout.md), in a directory or an archive.</summary>
sealed class ImageLayout(IImageFiles files) : IImageSource
{
    /// <inheritdoc/>
    public string Name => files.Name;

    /// <summary>The image or index that is meant: the only one, else the one whose name is the tag or the image.</summary>
    public Task<Descriptor> Choose(ImageReference image, CancellationToken cancellation)
    {
        var all = Index().Where(d => MediaTypes.IsManifest(d.MediaType)).ToList();
        var found = image.Digest is not null ? all.Where(d => d.Digest == image.Digest).ToList()
            : all.Count == 1 ? all
            : [.. all.Where(d => d.RefName is { } named && (named == image.Tag || named == $"{image.Name}:{image.Tag}" || named == $"{image.Repository}:{image.Tag}"))];
        if (found.DistinctBy(d => d.Digest).Count() == 1)
        {
            return Task.FromResult(found[0]);
        }
        var wanted = image.Digest ?? $"org.opencontainers.image.ref.name {image.Tag}";
        throw new RegistryFailure(
            FailureCategory.Image,
            $"{Capitalized} holds {(all.Count == 1 ? "1 image" : $"{all.Count} images")}, and {(found.Count == 0 ? "none" : "more than one")} is {wanted}.",
            string.Join('\n', all.Take(50).Select(d => $"{d.Digest} {d.RefName}")))
        { NothingMade = true };
    }

    /// <inheritdoc/>
    public Manifest? Manifest(Descriptor descriptor)
    {
        if (descriptor.SizeBytes > RegistryConnection.LargestManifestBytes)
        {
            throw new RegistryFailure(FailureCategory.Image, $"The manifest {descriptor.Digest} in {Name} is larger than {RegistryConnection.LargestManifestBytes} bytes.") { NothingMade = true };
        }
        using var file = File(descriptor);
        if (file is null)
        {
            return null;
        }
        var manifest = new Manifest(descriptor.MediaType, file.Bytes());
        return manifest.Digest == descriptor.Digest ? manifest : throw Broken(descriptor.Digest);
    }

    /// <inheritdoc/>
    public IBlob? Open(Descriptor descriptor) => File(descriptor);

    /// <inheritdoc/>
    public RegistryFailure Broken(string digest) =>
        new(FailureCategory.Image, $"{Capitalized} is broken: its blob {digest} does not match its digest or its size.");

    /// <inheritdoc/>
    public RegistryFailure Unreadable(Exception e) => files.Unreadable(e);

    string Capitalized => Sentence.Begin(Name);

    FileRange? File(Descriptor descriptor)
    {
        var file = files.Open($"blobs/sha256/{descriptor.Digest["sha256:".Length..]}");
        if (file is not null && file.LengthBytes != descriptor.SizeBytes)
        {
            file.Dispose();
            throw Broken(descriptor.Digest);
        }
        return file;
    }

    IReadOnlyList<Descriptor> Index()
    {
        using var file = files.Open("index.json")
            ?? throw new RegistryFailure(FailureCategory.Image, $"{Capitalized} is not there: it has no index.json.") { NothingMade = true };
        if (file.LengthBytes > RegistryConnection.LargestManifestBytes)
        {
            throw new RegistryFailure(FailureCategory.Image, $"The index.json of {Name} is larger than {RegistryConnection.LargestManifestBytes} bytes.") { NothingMade = true };
        }
        try
        {
            using var document = JsonDocument.Parse(file.Bytes());
            return ManifestParts.Descriptors(document.RootElement, "manifests");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new RegistryFailure(FailureCategory.Image, $"The index.json of {Name} cannot be read.", e.Message) { NothingMade = true };
        }
    }
}
