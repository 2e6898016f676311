using PipelineBridge.Events;

namespace PipelineBridge.Registry.Oci;

/// <summary>The directories below which layouts and archives are read; nothing else of the disk can be named by a push, nor be reached through a link.</summary>
sealed class LayoutRoots(IReadOnlyDictionary<string, string> roots)
{
    /// <summary>The layout in the directory <c>root/path</c>.</summary>
    public IImageSource Layout(string? path)
    {
        var (root, place) = Below(path);
        return new ImageLayout(new DirectoryFiles(root, place, $"the layout {path}"));
    }

    /// <summary>The images in the archive <c>root/path</c>.</summary>
    public IImageSource Archive(string? path)
    {
        var (root, place) = Below(path);
        return ImageArchive.Open(root, place, $"the archive {path}");
    }

    (string Root, string Place) Below(string? path)
    {
        var parts = (path ?? "").Split('/');
        if (parts.Length < 2 || parts.Any(p => p is "" or "." or ".." || p.Contains('\0', StringComparison.Ordinal)))
        {
            throw new RegistryFailure(FailureCategory.Configuration, $"The path \"{path}\" is no path below a root; it must be root/path, without empty parts, . and ..") { NothingMade = true };
        }
        if (!roots.TryGetValue(parts[0], out var root))
        {
            throw new RegistryFailure(FailureCategory.Configuration, $"The path \"{path}\" begins with no root that the registry stage knows; known: {(roots.Count == 0 ? "none" : string.Join(", ", roots.Keys.Order(StringComparer.Ordinal)))}.") { NothingMade = true };
        }
        return (Path.GetFullPath(root), Path.Combine([Path.GetFullPath(root), .. parts[1..]]));
    }
}
