using System.Text.Json;

namespace PipelineBridge.Simulators.Registry;

/// <summary>What a manifest refers to.</summary>
/// <param name="Blobs">Digests of the configuration and the layers that must be in the same repository.</param>
/// <param name="Manifests">Digests of the images of an index, which must be there too.</param>
/// <param name="Subject">The digest of the manifest this one is about; it may be missing.</param>
/// <param name="ArtifactType">The artifact's type: its own, else that of its configuration.</param>
/// <param name="AmdLinux">The digest for linux/amd64 of an index.</param>
sealed record ManifestContent(
    IReadOnlyList<string> Blobs, IReadOnlyList<string> Manifests, string? Subject, string? ArtifactType, string? AmdLinux)
{
    /// <summary>Reads a manifest; refuses what the reference implementation refuses.</summary>
    public static ManifestContent Of(StoredManifest manifest)
    {
        try
        {
            using var document = JsonDocument.Parse(manifest.Bytes);
            return Of(manifest.MediaType, document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw RegistryError.ManifestInvalid(exception.Message);
        }
    }

    static ManifestContent Of(string mediaType, JsonElement root)
    {
        if (root.GetProperty("schemaVersion").GetInt32() != 2)
        {
            throw RegistryError.ManifestInvalid("schemaVersion is not 2");
        }

        if (root.TryGetProperty("mediaType", out var written) && written.GetString() != mediaType)
        {
            throw RegistryError.ManifestInvalid($"mediaType is {written.GetString()}, but the content type is {mediaType}");
        }

        var subject = root.TryGetProperty("subject", out var about) ? Digest(about) : null;
        var artifactType = root.TryGetProperty("artifactType", out var type) ? type.GetString() : null;
        switch (mediaType)
        {
            case MediaTypes.OciImage or MediaTypes.DockerImage:
                if (root.TryGetProperty("manifests", out _))
                {
                    throw RegistryError.ManifestInvalid("an image manifest has no manifests");
                }

                var config = root.GetProperty("config");
                artifactType ??= config.GetProperty("mediaType").GetString();
                return new ManifestContent(
                    [.. root.GetProperty("layers").EnumerateArray().Where(IsHere).Prepend(config).Select(Digest)],
                    [], subject, artifactType, null);
            case MediaTypes.OciIndex or MediaTypes.DockerList:
                if (root.TryGetProperty("layers", out _) || root.TryGetProperty("config", out _))
                {
                    throw RegistryError.ManifestInvalid("an index has neither config nor layers");
                }

                var children = root.GetProperty("manifests").EnumerateArray().ToList();
                return new ManifestContent([], [.. children.Select(Digest)], subject, artifactType, AmdLinuxOf(children));
            default:
                throw RegistryError.ManifestInvalid(
                    $"unsupported manifest media type and no default available: {mediaType}");
        }
    }

    static string? AmdLinuxOf(List<JsonElement> children)
    {
        foreach (var child in children)
        {
            if (child.TryGetProperty("platform", out var platform)
                && platform.GetProperty("architecture").GetString() == "amd64"
                && platform.GetProperty("os").GetString() == "linux")
            {
                return Digest(child);
            }
        }

        return null;
    }

    // A layer with URLs is fetched from elsewhere and need not be pushed.
    static bool IsHere(JsonElement layer) => !layer.TryGetProperty("urls", out var urls) || urls.GetArrayLength() == 0;

    static string Digest(JsonElement descriptor) =>
        descriptor.GetProperty("digest").GetString() is { } digest && RegistryCall.IsDigest(digest)
            ? digest
            : throw RegistryError.ManifestInvalid("a descriptor's digest is no sha256 digest");
}
