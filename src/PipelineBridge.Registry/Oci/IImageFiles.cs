namespace PipelineBridge.Registry.Oci;

/// <summary>The files that an image is read from: those of a directory, or those in an archive.</summary>
interface IImageFiles
{
    /// <summary>How a sentence of ours names them: <c>the layout builds/portal</c>.</summary>
    string Name { get; }

    /// <summary>A file that has content; null when there is none.</summary>
    /// <param name="path">Its path with slashes.</param>
    FileRange? Open(string path);

    /// <summary>What to say when the disk or its rights are in the way.</summary>
    RegistryFailure Unreadable(Exception e);
}
