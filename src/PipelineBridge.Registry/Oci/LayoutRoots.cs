using PipelineBridge.Events;

namespace PipelineBridge.Registry.Oci;

/// <summary>The directories below which layouts are read; nothing else of the disk can be named by a push, nor be reached through a link.</summary>
sealed class LayoutRoots(IReadOnlyDictionary<string, string> roots)
{
    /// <summary>The layout at <c>root/path</c>.</summary>
    public ImageLayout Open(string? path)
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
        return new ImageLayout(Path.GetFullPath(root), Path.Combine([Path.GetFullPath(root), .. parts[1..]]), path!);
    }
}
