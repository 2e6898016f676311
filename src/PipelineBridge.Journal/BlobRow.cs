using System.Security.Cryptography;

namespace PipelineBridge.Journal;

/// <summary>
/// A piece of content that events name by digest: a specification, a piece of evidence. It can be erased; then its row
/// stays and says so, and the chain of events is as whole as before.
/// </summary>
public sealed record BlobRow
{
    internal BlobRow(string digest, string mediaType, byte[]? bytes, long sizeBytes, string? erasedReason)
    {
        Digest = digest;
        MediaType = mediaType;
        Bytes = bytes;
        SizeBytes = sizeBytes;
        ErasedReason = erasedReason;
    }

    /// <summary>The blob of some bytes, with the digest that follows from them.</summary>
    public static BlobRow Of(string mediaType, byte[] bytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(mediaType);
        return new("sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)), mediaType, bytes, bytes.Length, null);
    }

    /// <summary><c>sha256:</c> and 64 hexadecimal digits.</summary>
    public string Digest { get; }

    /// <summary>What the bytes are.</summary>
    public string MediaType { get; }

    /// <summary>The bytes; null once they are erased.</summary>
    public byte[]? Bytes { get; }

    /// <summary>How many bytes it has or had.</summary>
    public long SizeBytes { get; }

    /// <summary>Why it was erased; null while it is there.</summary>
    public string? ErasedReason { get; }
}
