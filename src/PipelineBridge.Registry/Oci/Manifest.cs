using System.Security.Cryptography;

namespace PipelineBridge.Registry.Oci;

/// <summary>A manifest or an index: its bytes decide its digest and are passed on unchanged.</summary>
sealed class Manifest(string mediaType, byte[] bytes)
{
    public string MediaType => mediaType;

    public byte[] Bytes => bytes;

    public string Digest { get; } = DigestOf(bytes);

    public bool IsIndex => MediaTypes.IsIndex(mediaType);

    public static string DigestOf(ReadOnlySpan<byte> bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));
}
