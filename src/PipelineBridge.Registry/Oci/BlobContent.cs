using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace PipelineBridge.Registry.Oci;

/// <summary>
/// A blob's bytes from an offset, streamed from where they lie with one small buffer. The whole is hashed on the way, and the
/// last piece is sent only when the digest is right, so that no registry is given a broken blob.
/// </summary>
sealed class BlobContent : HttpContent
{
    const int BufferBytes = 128 * 1024;

    readonly IBlob source;
    readonly Descriptor blob;
    readonly long offset;
    readonly IdleTimeout idle;
    readonly IImageSource images;
    readonly PushMeter? meter;

    public BlobContent(IBlob source, Descriptor blob, long offset, IdleTimeout idle, IImageSource images, PushMeter? meter = null)
    {
        this.source = source;
        this.blob = blob;
        this.offset = offset;
        this.idle = idle;
        this.images = images;
        this.meter = meter;
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        Headers.ContentLength = blob.SizeBytes - offset;
        if (offset > 0 && offset < blob.SizeBytes)
        {
            // The distribution specification's own form, without a unit (chunked push).
            Headers.TryAddWithoutValidation("Content-Range", $"{offset}-{blob.SizeBytes - 1}");
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = blob.SizeBytes - offset;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using var bytes = source.Read();
            long at = 0;
            while (at < blob.SizeBytes)
            {
                // What a broken upload brought over already is read again, but not sent.
                var most = (int)Math.Min(BufferBytes, (at < offset ? offset : blob.SizeBytes) - at);
                var read = await Read(bytes, buffer.AsMemory(0, most), cancellationToken);
                if (read == 0)
                {
                    throw images.Broken(blob.Digest);
                }
                hash.AppendData(buffer, 0, read);
                at += read;
                if (at == blob.SizeBytes && "sha256:" + Convert.ToHexStringLower(hash.GetCurrentHash()) != blob.Digest)
                {
                    throw images.Broken(blob.Digest);
                }
                if (at > offset)
                {
                    await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                    meter?.Sent(blob.Digest, at);
                }
                idle.Moved();
            }
            idle.AllSent();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    async Task<int> Read(Stream bytes, Memory<byte> buffer, CancellationToken cancellation)
    {
        try
        {
            return await bytes.ReadAsync(buffer, cancellation);
        }
        catch (IOException e)
        {
            // Else it would look like a broken connection.
            throw images.Unreadable(e);
        }
    }
}
