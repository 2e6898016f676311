using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace PipelineBridge.Simulators.Registry;

/// <summary>An upload session: what was received so far, hashed as it comes.</summary>
sealed class BlobUpload(string id, string repository, Stream content) : IDisposable
{
    readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public string Id => id;

    public string Repository => repository;

    public Stream Content => content;

    public long Length { get; private set; }

    public SemaphoreSlim Turn { get; } = new(1);

    /// <summary>Opaque to clients, changes with every byte: a session must be continued at the Location last given.</summary>
    public string State => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{id}/{Length}")))[..24];

    public string Digest => "sha256:" + Convert.ToHexStringLower(hash.GetCurrentHash());

    /// <summary>Appends a body of any length; what arrived before a failure stays.</summary>
    public async Task<long> Append(Stream body, CancellationToken cancellation)
    {
        var before = Length;
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            int read;
            while ((read = await body.ReadAsync(buffer, cancellation)) > 0)
            {
                await content.WriteAsync(buffer.AsMemory(0, read), CancellationToken.None);
                hash.AppendData(buffer, 0, read);
                Length += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Length - before;
    }

    // The turn has nothing to dispose of, and others may still wait for it.
    public void Dispose() => hash.Dispose();
}
