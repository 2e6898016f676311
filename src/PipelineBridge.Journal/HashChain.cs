using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace PipelineBridge.Journal;

/// <summary>The columns of an event that its hash protects, as they are stored.</summary>
readonly ref struct HashedColumns
{
    public required ReadOnlySpan<byte> Id { get; init; }
    public required long Born { get; init; }
    public required ReadOnlySpan<byte> Type { get; init; }
    public required long Time { get; init; }
    public required ReadOnlySpan<byte> App { get; init; }
    public required ReadOnlySpan<byte> Environment { get; init; }
    public required bool ChainIsBytes { get; init; }
    public required ReadOnlySpan<byte> Chain { get; init; }
    public required ReadOnlySpan<byte> Body { get; init; }
}

/// <summary>
/// The hash chain: hash = SHA-256 over an event's columns, each with its length in front; link = SHA-256 over the link
/// before and the hash. An epoch is a link of its own in between, so that it cannot be put in or taken out unseen.
/// </summary>
static class HashChain
{
    public const int Size = 32;

    public static byte[] Hash(in HashedColumns columns)
    {
        var length = columns.Id.Length + columns.Type.Length + columns.App.Length + columns.Environment.Length
            + columns.Chain.Length + columns.Body.Length + (6 * 4) + 8 + 8 + 1;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        var at = 0;
        Add(buffer, ref at, columns.Id);
        BinaryPrimitives.WriteInt64BigEndian(buffer.AsSpan(at), columns.Born);
        at += 8;
        Add(buffer, ref at, columns.Type);
        BinaryPrimitives.WriteInt64BigEndian(buffer.AsSpan(at), columns.Time);
        at += 8;
        Add(buffer, ref at, columns.App);
        Add(buffer, ref at, columns.Environment);
        buffer[at++] = columns.ChainIsBytes ? (byte)1 : (byte)0;
        Add(buffer, ref at, columns.Chain);
        Add(buffer, ref at, columns.Body);
        var hash = SHA256.HashData(buffer.AsSpan(0, at));
        ArrayPool<byte>.Shared.Return(buffer);
        return hash;
    }

    public static byte[] Link(ReadOnlySpan<byte> previous, ReadOnlySpan<byte> hash)
    {
        Span<byte> both = stackalloc byte[Size * 2];
        previous.CopyTo(both);
        hash.CopyTo(both[Size..]);
        return SHA256.HashData(both);
    }

    /// <summary>The link of an epoch: the link before, and a hash over its number, sequence, time and reason.</summary>
    public static byte[] EpochLink(ReadOnlySpan<byte> previous, long number, long sequence, long at, ReadOnlySpan<byte> reason)
    {
        var bytes = new byte[24 + reason.Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(8), sequence);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(16), at);
        reason.CopyTo(bytes.AsSpan(24));
        return Link(previous, SHA256.HashData(bytes));
    }

    static void Add(byte[] buffer, ref int at, ReadOnlySpan<byte> part)
    {
        BinaryPrimitives.WriteInt32BigEndian(buffer.AsSpan(at), part.Length);
        part.CopyTo(buffer.AsSpan(at + 4));
        at += 4 + part.Length;
    }
}
