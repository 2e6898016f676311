using System.Net;
using System.Net.Http.Headers;

namespace PipelineBridge.Registry.Oci;

/// <summary>A part of a blob that is in memory, sent in pieces, so that a slow registry is told from a silent one.</summary>
sealed class ChunkContent : HttpContent
{
    const int PieceBytes = 128 * 1024;

    readonly ReadOnlyMemory<byte> bytes;
    readonly IdleTimeout idle;

    /// <param name="bytes">The part.</param>
    /// <param name="offset">Where in the blob it begins.</param>
    public ChunkContent(ReadOnlyMemory<byte> bytes, long offset, IdleTimeout idle)
    {
        this.bytes = bytes;
        this.idle = idle;
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        Headers.ContentLength = bytes.Length;
        if (bytes.Length > 0)
        {
            // The distribution specification's own form, without a unit.
            Headers.TryAddWithoutValidation("Content-Range", $"{offset}-{offset + bytes.Length - 1}");
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = bytes.Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        for (var at = 0; at < bytes.Length; at += PieceBytes)
        {
            await stream.WriteAsync(bytes.Slice(at, Math.Min(PieceBytes, bytes.Length - at)), cancellationToken);
            idle.Moved();
        }
        idle.AllSent();
    }
}
