namespace PipelineBridge.Events;

/// <summary>Where a push takes an image from.</summary>
public static class PushSource
{
    /// <summary>It is in the registry already: its digest is taken and its tags are set.</summary>
    public const string Registry = "registry";

    /// <summary>An OCI image layout, a directory that the registry stage sees.</summary>
    public const string OciLayout = "oci-layout";

    /// <summary>A tar archive that the registry stage sees: an OCI image layout in one file, or what <c>docker save</c> writes.</summary>
    public const string Archive = "archive";

    /// <summary>A Docker engine.</summary>
    public const string Engine = "engine";
}

/// <summary>An image is to be in a registry under its tag and these further ones; an ask that is its own work.</summary>
/// <param name="Image">The image, <c>registry/repository:tag</c>.</param>
/// <param name="Tags">Further tags of the same repository.</param>
/// <param name="Source">One of <see cref="PushSource"/>.</param>
/// <param name="Path">For an OCI layout or an archive: its directory or file below a root that the configuration names, as <c>root/path</c>.</param>
/// <param name="Engine">For an engine: its name in the configuration.</param>
/// <param name="ImageId">The image's id (the digest of its configuration), which must be what stands behind the tag.</param>
public sealed record ImagePushRequested(string Image, IReadOnlyList<string> Tags, string Source, string? Path = null, string? Engine = null, string? ImageId = null) : IEventContent;

/// <summary>A push moved.</summary>
/// <param name="Layers">How many of the image's layers are in the registry.</param>
/// <param name="TotalLayers">How many it has.</param>
/// <param name="ReadBytes">How many bytes of the image were gone through.</param>
/// <param name="TotalBytes">How many there are, as far as that is known.</param>
public sealed record ImageProgressed(int Layers, int TotalLayers, long ReadBytes, long TotalBytes) : IEventContent;

/// <summary>Tags are to be set on an image of a registry, by digest, without moving a layer; an ask that is its own work.</summary>
public sealed record ImageTagRequested(string From, IReadOnlyList<string> Tags) : IEventContent;

/// <summary>The digest of an image is to be found before a deployment is released.</summary>
public sealed record ImageResolveRequested(string Image) : IEventContent;

/// <summary>The digest of an image was found; the good end of <see cref="ImageResolveRequested"/>.</summary>
/// <param name="Image">The image with its digest.</param>
public sealed record ImageResolved(string Image) : IEventContent;

/// <summary>An image is in a registry under its tags, and its purl (the event's subject) carries the digest; the good end of a push and of a tag ask.</summary>
public sealed record ArtifactPublished(Sbom? Sbom = null, string? User = null) : IEventContent;
