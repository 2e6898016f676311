using System.Text.Json;
using PipelineBridge.Events;

namespace PipelineBridge.Registry.Oci;

/// <summary>A reference to content by digest (image-spec, descriptor.md).</summary>
/// <param name="MediaType">The type of the content.</param>
/// <param name="Digest">Its digest.</param>
/// <param name="SizeBytes">Its length in bytes.</param>
/// <param name="RefName">Its annotation <c>org.opencontainers.image.ref.name</c>.</param>
/// <param name="IsElsewhere">Whether it is fetched from URLs of its own and not from the registry.</param>
sealed record Descriptor(string MediaType, string Digest, long SizeBytes, string? RefName, bool IsElsewhere);

/// <summary>What a manifest refers to: the configuration and the layers of an image, or the children of an index.</summary>
sealed record ManifestParts(Descriptor? Config, IReadOnlyList<Descriptor> Layers, IReadOnlyList<Descriptor> Children)
{
    /// <summary>The blobs that a registry must have before it takes the manifest.</summary>
    public IEnumerable<Descriptor> Blobs => Config is null ? [] : Layers.Where(l => !l.IsElsewhere).Prepend(Config);

    /// <exception cref="RegistryFailure">It is no manifest.</exception>
    public static ManifestParts Of(Manifest manifest, string where)
    {
        try
        {
            using var document = JsonDocument.Parse(manifest.Bytes);
            var json = document.RootElement;
            if (json.TryGetProperty("mediaType", out var own) && own.GetString() is { Length: > 0 } type && type != manifest.MediaType)
            {
                throw new RegistryFailure(FailureCategory.Image, $"The manifest {manifest.Digest} in {where} says that it is of another type than the one it is kept under.", $"{type}\nkept as {manifest.MediaType}");
            }
            return manifest.IsIndex
                ? new ManifestParts(null, [], Descriptors(json, "manifests"))
                : new ManifestParts(Of(json.GetProperty("config")), Descriptors(json, "layers"), []);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new RegistryFailure(FailureCategory.Image, $"The manifest {manifest.Digest} in {where} cannot be read.", e.Message);
        }
    }

    /// <summary>The descriptors of an array.</summary>
    public static IReadOnlyList<Descriptor> Descriptors(JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray().Select(Of)];

    static Descriptor Of(JsonElement json)
    {
        var digest = json.GetProperty("digest").GetString() ?? "";
        var size = json.GetProperty("size").GetInt64();
        if (!ImageReference.IsDigest(digest) || size < 0)
        {
            throw new FormatException("a descriptor's digest is not sha256: and 64 hexadecimal digits, or its size is below 0");
        }
        var name = json.TryGetProperty("annotations", out var annotations) && annotations.ValueKind == JsonValueKind.Object
            && annotations.TryGetProperty("org.opencontainers.image.ref.name", out var found) ? found.GetString() : null;
        var isElsewhere = json.TryGetProperty("urls", out var urls) && urls.ValueKind == JsonValueKind.Array && urls.GetArrayLength() > 0;
        return new Descriptor(json.GetProperty("mediaType").GetString() ?? "", digest, size, name, isElsewhere);
    }
}
