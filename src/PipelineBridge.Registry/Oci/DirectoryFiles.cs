using Microsoft.Win32.SafeHandles;
using PipelineBridge.Events;

namespace PipelineBridge.Registry.Oci;

/// <summary>The files of a directory.</summary>
/// <param name="root">The directory that nothing may lead out of; null for none.</param>
/// <param name="directory">The directory.</param>
/// <param name="name">How a sentence of ours names it.</param>
sealed class DirectoryFiles(string? root, string directory, string name) : IImageFiles
{
    const int MostLinks = 40;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public FileRange? Open(string path)
    {
        SafeFileHandle handle;
        path = Path.Combine(directory, path);
        try
        {
            // A pipe would wait for its writer for ever; it has no length, nothing of an image is empty.
            var file = new FileInfo(path);
            if (!file.Exists || ((FileInfo?)file.ResolveLinkTarget(returnFinalTarget: true) ?? file) is not { Exists: true, Length: > 0 })
            {
                return null;
            }
            handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
        // Asked of the file that is open, so that no link can be turned between the question and the reading.
        if (root is not null && !Real(handle).StartsWith(Real(root) + "/", StringComparison.Ordinal))
        {
            handle.Dispose();
            throw new RegistryFailure(FailureCategory.Configuration, $"{Sentence.Begin(name)} leads out of its root by a link.") { NothingMade = true };
        }
        return new FileRange(handle, 0, RandomAccess.GetLength(handle));
    }

    /// <inheritdoc/>
    public RegistryFailure Unreadable(Exception e) =>
        new(FailureCategory.Configuration, $"{Sentence.Begin(name)} cannot be read.", e.GetType().Name);

    static string Real(SafeFileHandle handle) => new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget
        ?? throw new PlatformNotSupportedException("Roots are kept on Linux, where /proc tells which file is open.");

    // Every link on the way resolved, as the kernel does.
    static string Real(string path, int links = 0)
    {
        var real = "/";
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var next = Path.Combine(real, part);
            real = links < MostLinks && new DirectoryInfo(next).LinkTarget is { } target ? Real(Path.GetFullPath(target, real), links + 1) : next;
        }
        return real;
    }
}
