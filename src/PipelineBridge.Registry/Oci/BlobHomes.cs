using System.Collections.Concurrent;

namespace PipelineBridge.Registry.Oci;

/// <summary>In which repository of a registry a blob was seen last. Only a hint: a mount that fails is an upload.</summary>
sealed class BlobHomes
{
    const int Bound = 20_000;

    readonly ConcurrentDictionary<string, string> homes = new(StringComparer.Ordinal);

    public void Seen(string digest, string repository)
    {
        if (homes.Count >= Bound)
        {
            homes.Clear();
        }
        homes[digest] = repository;
    }

    /// <summary>Another repository that has the blob; null when none is known.</summary>
    public string? Other(string digest, string repository) =>
        homes.TryGetValue(digest, out var home) && home != repository ? home : null;
}
