using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace PipelineBridge.Registry.Oci;

/// <summary>
/// A blob's bytes from an offset, streamed from its file with one small buffer. The whole is hashed on the way, and the
/// last piece is sent only when the digest is right, so that no registry is given a broken blob.
/// </summary>
sealed class BlobContent : HttpContent
{
    const int BufferBytes = 128 * 1024;

    readonly SafeFileHandle file;
    readonly Descriptor blob;
    readonly long offset;
    readonly IdleTimeout idle;
    readonly ImageLayout layout;

    public BlobContent(SafeFileHandle file, Descriptor blob, long offset, IdleTimeout idle, ImageLayout layout)
    {
        this.file = file;
        this.blob = blob;
        this.offset = offset;
        this.idle = idle;
        this.layout = layout;
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
            long at = 0;
            while (at < blob.SizeBytes)
            {
                // What a broken upload brought over already is read again, but not sent.
                var most = (int)Math.Min(BufferBytes, (at < offset ? offset : blob.SizeBytes) - at);
                var read = await Read(buffer.AsMemory(0, most), at, cancellationToken);
                if (read == 0)
                {
                    throw layout.Broken(blob.Digest);
                }
                hash.AppendData(buffer, 0, read);
                at += read;
                if (at == blob.SizeBytes && "sha256:" + Convert.ToHexStringLower(hash.GetCurrentHash()) != blob.Digest)
                {
                    throw layout.Broken(blob.Digest);
                }
                if (at > offset)
                {
                    await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
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

    async Task<int> Read(Memory<byte> buffer, long at, CancellationToken cancellation)
    {
        try
        {
            return await RandomAccess.ReadAsync(file, buffer, at, cancellation);
        }
        catch (IOException e)
        {
            // Else it would look like a broken connection.
            throw layout.Unreadable(e);
        }
    }
}
