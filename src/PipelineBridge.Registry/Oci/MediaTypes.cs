namespace PipelineBridge.Registry.Oci;

/// <summary>The media types of manifests (image-spec, media-types.md; Docker image manifest version 2, schema 2).</summary>
static class MediaTypes
{
    public const string OciImage = "application/vnd.oci.image.manifest.v1+json";
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string DockerImage = "application/vnd.docker.distribution.manifest.v2+json";
    public const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";

    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";
    public const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar.gzip";

    /// <summary>All four, always: a registry answers 404, or with another manifest's digest, for a type that is not accepted.</summary>
    public static IReadOnlyList<string> Manifests { get; } = [OciIndex, OciImage, DockerList, DockerImage];

    /// <summary>A layer's tar file, compressed by gzip.</summary>
    public static bool IsGzipLayer(string type) => type is DockerLayer or "application/vnd.oci.image.layer.v1.tar+gzip";

    public static bool IsIndex(string type) => type is OciIndex or DockerList;

    public static bool IsManifest(string type) => IsIndex(type) || type is OciImage or DockerImage;
}
