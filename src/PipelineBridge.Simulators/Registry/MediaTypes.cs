namespace PipelineBridge.Simulators.Registry;

/// <summary>The media types of manifests (image-spec, media-types.md; Docker image manifest version 2, schema 2).</summary>
public static class MediaTypes
{
    /// <summary>An image manifest of OCI.</summary>
    public const string OciImage = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>An image index of OCI: images for several platforms.</summary>
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";

    /// <summary>An image manifest of Docker.</summary>
    public const string DockerImage = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>A manifest list of Docker: images for several platforms.</summary>
    public const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";

    /// <summary>The configuration of an OCI image.</summary>
    public const string OciConfig = "application/vnd.oci.image.config.v1+json";

    /// <summary>A layer of an OCI image, compressed by gzip.</summary>
    public const string OciLayer = "application/vnd.oci.image.layer.v1.tar+gzip";
}
