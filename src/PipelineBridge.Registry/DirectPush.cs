using PipelineBridge.Events;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry;

/// <summary>What a push of one's own brought into a registry.</summary>
/// <param name="Image">The image, with its digest.</param>
/// <param name="Size">How large it is, and how much of it moved.</param>
public sealed record DirectlyPushed(ImageReference Image, PushedSize Size);

/// <summary>A push of one's own did not go through.</summary>
/// <param name="message">One sentence that says why.</param>
/// <param name="evidence">What was read from outside, without credentials.</param>
/// <param name="mayPass">Whether the registry may take it later.</param>
/// <param name="inner">What was met.</param>
public sealed class DirectPushException(string message, string? evidence, bool mayPass, Exception inner) : Exception(message, inner)
{
    /// <summary>What was read from outside, without credentials; null for nothing.</summary>
    public string? Evidence => evidence;

    /// <summary>Whether the registry may take it later.</summary>
    public bool MayPass => mayPass;
}

/// <summary>
/// Brings an image from this machine's disk into a registry, for who has it at hand and may write there. No tag is set:
/// that is left to a push which the bridge is asked for, so that an older one never moves a tag back.
/// </summary>
/// <param name="connections">The registries.</param>
public sealed class DirectPush(RegistryConnections connections)
{
    /// <summary>Pushes what is missing.</summary>
    /// <param name="image">Where to; its tag chooses where several images lie together.</param>
    /// <param name="path">The directory of an OCI layout, or an archive: a layout in a tar, or what <c>docker save</c> wrote.</param>
    /// <param name="imageId">The digest of its configuration; null for any.</param>
    /// <param name="meter">Is told how far it is.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="DirectPushException">It did not go through.</exception>
    public async Task<DirectlyPushed> Push(ImageReference image, string path, string? imageId, PushMeter meter, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(image);
        var place = Path.GetFullPath(path);
        try
        {
            IImageSource images = Directory.Exists(place)
                ? new ImageLayout(new DirectoryFiles(root: null, place, $"the layout {path}"))
                : ImageArchive.Open(root: null, place, $"the archive {path}");
            var repository = new Repository(connections.To(image.Registry), image.Repository, isWritten: true);
            var (manifest, size) = await new ImagePush(repository, images, meter).Push(image, hasTags: false, imageId, cancellation);
            return new DirectlyPushed(image with { Digest = manifest.Digest }, size!);
        }
        catch (RegistryFailure e)
        {
            throw new DirectPushException(e.Message, e.EvidenceText, mayPass: false, e);
        }
        catch (RegistryUnavailable e)
        {
            throw new DirectPushException(e.Message, null, mayPass: true, e);
        }
    }
}
