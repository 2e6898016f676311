using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace PipelineBridge.Simulators.Registry;

/// <summary>A manifest as it was put: the bytes decide the digest.</summary>
/// <param name="MediaType">Its media type.</param>
/// <param name="Bytes">Its bytes, unchanged.</param>
public sealed record StoredManifest(string MediaType, ReadOnlyMemory<byte> Bytes);

/// <summary>What moved over the network for one blob, or for all of them.</summary>
/// <param name="Uploads">Uploads that ended in a stored blob.</param>
/// <param name="BytesReceived">Bytes of blob content received in the bodies of uploads, those that came to nothing only in the total.</param>
/// <param name="Mounts">Mounts from another repository that succeeded.</param>
/// <param name="Downloads">GET requests for the blob's content.</param>
public sealed record BlobTraffic(int Uploads, long BytesReceived, int Mounts, int Downloads);

/// <summary>What the repositories hold. Blobs are stored once and linked to each repository that has them.</summary>
sealed class RegistryContent(BlobStore blobs)
{
    readonly Lock gate = new();
    readonly SortedDictionary<string, Repository> repositories = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, BlobTraffic> traffic = new();
    long bytesReceived;

    public BlobStore Blobs => blobs;

    public ConcurrentDictionary<string, BlobUpload> Uploads { get; } = new();

    public static string DigestOf(ReadOnlySpan<byte> bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    public T Read<T>(string repository, Func<Repository, T> read)
    {
        lock (gate)
        {
            return read(repositories.GetValueOrDefault(repository) ?? new Repository());
        }
    }

    public void Write(string repository, Action<Repository> write)
    {
        lock (gate)
        {
            if (!repositories.TryGetValue(repository, out var found))
            {
                repositories.Add(repository, found = new Repository());
            }

            write(found);
        }
    }

    public bool Knows(string repository)
    {
        lock (gate)
        {
            return repositories.ContainsKey(repository);
        }
    }

    public IReadOnlyList<string> Names()
    {
        lock (gate)
        {
            return [.. repositories.Keys];
        }
    }

    public void Count(string digest, Func<BlobTraffic, BlobTraffic> change) =>
        traffic.AddOrUpdate(digest, _ => change(new BlobTraffic(0, 0, 0, 0)), (_, old) => change(old));

    public void CountReceived(long bytes) => Interlocked.Add(ref bytesReceived, bytes);

    public BlobTraffic Traffic(string digest) => traffic.GetValueOrDefault(digest) ?? new BlobTraffic(0, 0, 0, 0);

    public BlobTraffic TotalTraffic()
    {
        var all = traffic.Values.ToList();
        return new BlobTraffic(
            all.Sum(one => one.Uploads), Interlocked.Read(ref bytesReceived), all.Sum(one => one.Mounts), all.Sum(one => one.Downloads));
    }

    public sealed class Repository
    {
        public HashSet<string> Blobs { get; } = [];

        public Dictionary<string, StoredManifest> Manifests { get; } = [];

        public SortedDictionary<string, string> Tags { get; } = new(StringComparer.Ordinal);
    }
}
