namespace PipelineBridge.Registry.Oci;

/// <summary>The compressions that layers and archives come in, told by their first bytes (RFC 1952, RFC 8878; bzip2, xz by their formats).</summary>
static class Compression
{
    public const string Gzip = "gzip";

    /// <summary>The compression; null for none that is known.</summary>
    public static string? Of(ReadOnlySpan<byte> start) => start switch
    {
        [0x1f, 0x8b, ..] => Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd",
        [(byte)'B', (byte)'Z', (byte)'h', ..] => "bzip2",
        [0xfd, (byte)'7', (byte)'z', (byte)'X', ..] => "xz",
        _ => null,
    };
}
