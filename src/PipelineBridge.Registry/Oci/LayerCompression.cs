using System.IO.Compression;

namespace PipelineBridge.Registry.Oci;

/// <summary>How layers that come plain are compressed, wherever they come from: the same layer always becomes the same bytes, so that a registry has it once.</summary>
static class LayerCompression
{
    /// <summary>What is given to the compressor at once: its bytes depend on it.</summary>
    public const int PieceBytes = 128 * 1024;

    /// <summary>Of zlib's nine levels; docs/decisions says why.</summary>
    static readonly ZLibCompressionOptions Options = new() { CompressionLevel = 2 };

    public static GZipStream To(Stream target) => new(target, Options, leaveOpen: true);
}
