using System.Buffers;
using System.Security.Cryptography;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry.Engine;

/// <summary>Compresses a layer while it is read, some blocks at once, and uploads it while it is compressed: one chunk is sent, the next one is filled.</summary>
sealed class CompressedLayer : IAsyncDisposable
{
    /// <summary>How much is kept until the registry has it; a layer that becomes no larger is not even sent when it is there.</summary>
    const int ChunkBytes = 8 * 1024 * 1024;

    const int PieceBytes = 128 * 1024;

    /// <summary>How many blocks are compressed at once: more than that would take the machine from others.</summary>
    static readonly int AtOnce = Math.Clamp(Environment.ProcessorCount, 2, 4);

    readonly ChunkedUpload upload;
    readonly CancellationToken cancellation;
    readonly IncrementalHash digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    byte[] filling = ArrayPool<byte>.Shared.Rent(ChunkBytes);
    byte[]? sending;
    int filled;
    long total;
    Task sent = Task.CompletedTask;

    CompressedLayer(ChunkedUpload upload, CancellationToken cancellation) => (this.upload, this.cancellation) = (upload, cancellation);

    /// <summary>Brings a layer over; answers its DiffID, its blob, and whether anything of it moved.</summary>
    /// <param name="moved">Told how many bytes of the tar file were read, each time.</param>
    public static async Task<(string DiffId, Descriptor Blob, bool Moved)> Upload(Repository repository, Stream tar, Func<int, Task> moved, CancellationToken cancellation)
    {
        var upload = new ChunkedUpload(repository, "a layer");
        try
        {
            await using var layer = new CompressedLayer(upload, cancellation);
            var diffId = await layer.Compress(tar, moved);
            await layer.sent;
            var found = "sha256:" + Convert.ToHexStringLower(layer.digest.GetCurrentHash());
            var isMoved = await upload.Finish(layer.filling.AsMemory(0, layer.filled), found, cancellation);
            return (diffId, new Descriptor(MediaTypes.DockerLayer, found, layer.total, null, false), isMoved);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await upload.Abandon(cancellation);
            throw;
        }
    }

    /// <summary>The digest of a tar file that is read to its end.</summary>
    public static async Task<string> Hash(Stream tar, Func<int, Task> moved, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            while (await tar.ReadAsync(buffer.AsMemory(0, PieceBytes), cancellation) is var read and > 0)
            {
                hash.AppendData(buffer, 0, read);
                await moved(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return "sha256:" + Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    public async ValueTask DisposeAsync()
    {
        // What is on its way still uses its buffer.
        await sent.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ArrayPool<byte>.Shared.Return(filling);
        if (sending is not null)
        {
            ArrayPool<byte>.Shared.Return(sending);
        }
        digest.Dispose();
    }

    async Task<string> Compress(Stream tar, Func<int, Task> moved)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var layer = new LayerCompression();
        var working = new Queue<(Task<ReadOnlyMemory<byte>> Compressed, byte[] Block, byte[] Room)>();
        try
        {
            await Add(LayerCompression.Start);
            while (true)
            {
                var block = ArrayPool<byte>.Shared.Rent(LayerCompression.BlockBytes);
                var length = await tar.ReadAtLeastAsync(block.AsMemory(0, LayerCompression.BlockBytes), LayerCompression.BlockBytes, throwOnEndOfStream: false, cancellation);
                if (length == 0)
                {
                    ArrayPool<byte>.Shared.Return(block);
                    break;
                }
                var room = ArrayPool<byte>.Shared.Rent(LayerCompression.RoomBytes);
                working.Enqueue((Task.Run(() => LayerCompression.Compress(block.AsMemory(0, length), room), cancellation), block, room));
                hash.AppendData(block, 0, length);
                layer.Count(block.AsSpan(0, length));
                await moved(length);
                if (working.Count >= AtOnce)
                {
                    await AddFirst();
                }
            }
            while (working.Count > 0)
            {
                await AddFirst();
            }
            await Add(layer.End());
        }
        finally
        {
            foreach (var (compressed, _, _) in working)
            {
                await ((Task)compressed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        return "sha256:" + Convert.ToHexStringLower(hash.GetCurrentHash());

        async Task AddFirst()
        {
            var (compressed, block, room) = working.Peek();
            await Add(await compressed);
            working.Dequeue();
            ArrayPool<byte>.Shared.Return(block);
            ArrayPool<byte>.Shared.Return(room);
        }
    }

    async Task Add(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            // A full chunk goes only when more comes: the last one goes with the digest.
            if (filled == ChunkBytes)
            {
                await sent;
                var full = filling;
                filling = sending ?? ArrayPool<byte>.Shared.Rent(ChunkBytes);
                sending = full;
                filled = 0;
                sent = Task.Run(() => upload.Add(full.AsMemory(0, ChunkBytes), cancellation), cancellation);
            }
            var part = bytes[..Math.Min(bytes.Length, ChunkBytes - filled)];
            part.CopyTo(filling.AsMemory(filled));
            digest.AppendData(part.Span);
            filled += part.Length;
            total += part.Length;
            bytes = bytes[part.Length..];
        }
    }
}
