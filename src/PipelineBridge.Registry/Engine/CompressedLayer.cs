using System.Buffers;
using System.Security.Cryptography;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry.Engine;

/// <summary>
/// Compresses a layer while it is read, and uploads it while it is compressed: one chunk is sent, the next one is filled.
/// 
/// </summary>
sealed class CompressedLayer : Stream
{
    /// <summary>How much is kept until the registry has it; a layer that becomes no larger is not even sent when it is there.</summary>
    const int ChunkBytes = 8 * 1024 * 1024;

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
            string diffId;
            await using (var gzip = LayerCompression.To(layer))
            {
                diffId = await Hash(tar, (piece, stop) => gzip.WriteAsync(piece, stop), moved, cancellation);
            }
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

    /// <summary>The digest of a tar file that is read to its end, each piece given on.</summary>
    public static async Task<string> Hash(Stream tar, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> give, Func<int, Task> moved, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(LayerCompression.PieceBytes);
        try
        {
            while (await tar.ReadAtLeastAsync(buffer.AsMemory(0, LayerCompression.PieceBytes), LayerCompression.PieceBytes, throwOnEndOfStream: false, cancellation) is var read and > 0)
            {
                hash.AppendData(buffer, 0, read);
                await give(buffer.AsMemory(0, read), cancellation);
                await moved(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return "sha256:" + Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
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
            var part = buffer[..Math.Min(buffer.Length, ChunkBytes - filled)];
            part.CopyTo(filling.AsMemory(filled));
            digest.AppendData(part.Span);
            filled += part.Length;
            total += part.Length;
            buffer = buffer[part.Length..];
        }
    }

    public override async ValueTask DisposeAsync()
    {
        // What is on its way still uses its buffer.
        await sent.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ArrayPool<byte>.Shared.Return(filling);
        if (sending is not null)
        {
            ArrayPool<byte>.Shared.Return(sending);
        }
        digest.Dispose();
        await base.DisposeAsync();
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
