using Microsoft.Win32.SafeHandles;

namespace PipelineBridge.Registry.Oci;

/// <summary>Bytes of an open file, from an offset on: a whole file, or one that lies in an archive.</summary>
/// <param name="file">The file.</param>
/// <param name="startBytes">Where they begin.</param>
/// <param name="lengthBytes">How many they are.</param>
sealed class FileRange(SafeFileHandle file, long startBytes, long lengthBytes) : IBlob
{
    public long LengthBytes => lengthBytes;

    /// <summary>A stream of its own for each reader, which begins at the start.</summary>
    public Stream Read() => new Reading(file, startBytes, lengthBytes);

    /// <summary>A stream that can go back and forth; it takes over the open file. Of a whole file only.</summary>
    public Stream ReadAnywhere() => startBytes == 0 ? new FileStream(file, FileAccess.Read) : throw new NotSupportedException();

    /// <summary>All of it; shorter when the file was cut.</summary>
    public byte[] Bytes()
    {
        var bytes = new byte[lengthBytes];
        using var stream = Read();
        return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    /// <summary>A part of it, which takes over the open file.</summary>
    public FileRange Part(long startInBytes, long partBytes) => new(file, startBytes + startInBytes, partBytes);

    public void Dispose() => file.Dispose();

    sealed class Reading(SafeFileHandle file, long start, long length) : ForwardStream
    {
        long at;

        public override int Read(Span<byte> buffer)
        {
            var read = RandomAccess.Read(file, buffer[..Most(buffer.Length)], start + at);
            at += read;
            return read;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await RandomAccess.ReadAsync(file, buffer[..Most(buffer.Length)], start + at, cancellationToken);
            at += read;
            return read;
        }

        int Most(int room) => (int)Math.Min(room, length - at);
    }
}
