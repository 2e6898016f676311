using System.IO.Compression;

namespace PipelineBridge.Registry.Oci;

/// <summary>What is read from a stream, compressed on the way; the same bytes each time.</summary>
sealed class GzippedStream : ForwardStream
{
    readonly Stream plain;
    readonly MemoryStream ready = new();
    readonly GZipStream gzip;
    readonly byte[] piece = new byte[LayerCompression.PieceBytes];
    bool isWhole;

    public GzippedStream(Stream plain)
    {
        this.plain = plain;
        gzip = LayerCompression.To(ready);
    }

    public override int Read(Span<byte> buffer)
    {
        while (ready.Position == ready.Length && !isWhole)
        {
            Compress(plain.ReadAtLeast(piece, piece.Length, throwOnEndOfStream: false));
        }
        return ready.Read(buffer);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (ready.Position == ready.Length && !isWhole)
        {
            Compress(await plain.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false, cancellationToken));
        }
        return ready.Read(buffer.Span);
    }

    void Compress(int length)
    {
        ready.SetLength(0);
        if (length == 0)
        {
            gzip.Dispose();
            isWhole = true;
        }
        else
        {
            gzip.Write(piece, 0, length);
        }
        ready.Position = 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            gzip.Dispose();
            plain.Dispose();
        }
        base.Dispose(disposing);
    }
}
