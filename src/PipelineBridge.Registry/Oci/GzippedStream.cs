using System.Buffers;

namespace PipelineBridge.Registry.Oci;

/// <summary>What is read from a stream, compressed on the way as layers are.</summary>
sealed class GzippedStream(Stream plain) : ForwardStream
{
    readonly LayerCompression layer = new();
    readonly byte[] block = ArrayPool<byte>.Shared.Rent(LayerCompression.BlockBytes);
    readonly byte[] room = ArrayPool<byte>.Shared.Rent(LayerCompression.RoomBytes);
    ReadOnlyMemory<byte> ready = LayerCompression.Start;
    bool isWhole;
    bool isDisposed;

    public override int Read(Span<byte> buffer)
    {
        while (ready.IsEmpty && !isWhole)
        {
            Compress(plain.ReadAtLeast(block.AsSpan(0, LayerCompression.BlockBytes), LayerCompression.BlockBytes, throwOnEndOfStream: false));
        }
        return Take(buffer);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (ready.IsEmpty && !isWhole)
        {
            Compress(await plain.ReadAtLeastAsync(block.AsMemory(0, LayerCompression.BlockBytes), LayerCompression.BlockBytes, throwOnEndOfStream: false, cancellationToken));
        }
        return Take(buffer.Span);
    }

    void Compress(int length)
    {
        isWhole = length == 0;
        layer.Count(block.AsSpan(0, length));
        ready = isWhole ? layer.End() : LayerCompression.Compress(block.AsMemory(0, length), room);
    }

    int Take(Span<byte> buffer)
    {
        var taken = Math.Min(buffer.Length, ready.Length);
        ready.Span[..taken].CopyTo(buffer);
        ready = ready[taken..];
        return taken;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !isDisposed)
        {
            isDisposed = true;
            plain.Dispose();
            ArrayPool<byte>.Shared.Return(block);
            ArrayPool<byte>.Shared.Return(room);
        }
        base.Dispose(disposing);
    }
}
