using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace PipelineBridge.Registry.Oci;

/// <summary>
/// How layers that come plain are compressed, wherever they come from: one gzip member (RFC 1952) of deflate blocks that
/// know nothing of each other, so that several are made at once, and the same layer always becomes the same bytes.
/// </summary>
sealed class LayerCompression
{
    /// <summary>How much of a layer is compressed by itself, in bytes; its bytes depend on it.</summary>
    public const int BlockBytes = 1024 * 1024;

    /// <summary>What a compressed block finds room in, whatever it holds, in bytes.</summary>
    public const int RoomBytes = 2 * BlockBytes;

    /// <summary>Of zlib's nine levels: the next ones take half as long again and gain a twentieth.</summary>
    static readonly ZLibCompressionOptions Options = new() { CompressionLevel = 2 };

    readonly Crc32 checksum = new();
    uint plainBytes;

    /// <summary>What every compressed layer begins with: no name, no time, no system.</summary>
    public static ReadOnlyMemory<byte> Start { get; } = new byte[] { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };

    /// <summary>Counts a block in, in order; it may be compressed meanwhile.</summary>
    public void Count(ReadOnlySpan<byte> block)
    {
        checksum.Append(block);
        plainBytes += (uint)block.Length;
    }

    /// <summary>A block, compressed, up to a byte's end (RFC 1951, 3.2.4: an empty stored block).</summary>
    /// <param name="block">The block.</param>
    /// <param name="room">Takes it: <see cref="RoomBytes"/> or more.</param>
    public static ReadOnlyMemory<byte> Compress(ReadOnlyMemory<byte> block, byte[] room)
    {
        using var compressed = new MemoryStream(room);
        using var deflate = new DeflateStream(compressed, Options, leaveOpen: true);
        deflate.Write(block.Span);
        deflate.Flush();
        // What is written when it is closed ends the whole: that is not wanted here.
        return room.AsMemory(0, (int)compressed.Position);
    }

    /// <summary>What a compressed layer ends with: an empty last block, the checksum and the length.</summary>
    public ReadOnlyMemory<byte> End()
    {
        var end = new byte[] { 3, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(2), checksum.GetCurrentHashAsUInt32());
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(6), plainBytes);
        return end;
    }
}
