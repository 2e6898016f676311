using PipelineBridge.Events;

namespace PipelineBridge.Registry.Oci;

/// <summary>A tar archive of images: an OCI layout in one file, or what <c>docker save</c> writes.</summary>
static class ImageArchive
{
    /// <summary>Opens an archive by what is in it.</summary>
    /// <param name="root">The directory that nothing may lead out of; null for none.</param>
    /// <param name="file">The archive.</param>
    /// <param name="name">How a sentence of ours names it.</param>
    public static IImageSource Open(string? root, string file, string name)
    {
        var files = TarFiles.Of(new DirectoryFiles(root, Path.GetDirectoryName(file)!, name), Path.GetFileName(file));
        // Since Docker 25 both are in one archive; the layout has the digests that the engine itself knows.
        return files.Has("index.json") ? new ImageLayout(files)
            : files.Has("manifest.json") ? new DockerArchive(files)
            : throw new RegistryFailure(FailureCategory.Image, $"{Sentence.Begin(name)} holds no image: it has neither an index.json (OCI layout) nor a manifest.json (docker save).") { NothingMade = true };
    }
}
