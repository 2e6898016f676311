using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace PipelineBridge.Events;

/// <summary>
/// The derived identity of an event: 6 bytes of milliseconds, the birth of the request it belongs to, then 10 bytes of
/// hash, shown as 26 base32 characters that sort by birth. The same facts give the same id in every process, so a
/// repeated message is recognized; the time in front keeps index pages local.
/// </summary>
public readonly record struct EventId : IComparable<EventId>
{
    /// <summary>The characters of an id's text.</summary>
    public const int TextLength = 26;

    readonly UInt128 value;

    EventId(UInt128 value) => this.value = value;

    /// <summary>The milliseconds since 1970 at which the request was born that this id belongs to.</summary>
    public long BirthMilliseconds => (long)(value >> 80);

    internal UInt128 Hash => value & ((UInt128.One << 80) - 1);

    internal static EventId From(long birthMilliseconds, UInt128 hash) => new(((UInt128)(ulong)birthMilliseconds << 80) | hash);

    /// <summary>The id that follows from a birth and the parts that make the event itself and no other.</summary>
    public static EventId Derive(long birthMilliseconds, params ReadOnlySpan<string> parts)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(birthMilliseconds);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(birthMilliseconds, (1L << 48) - 1);
        Span<byte> hash = stackalloc byte[32];
        var length = 0;
        foreach (var part in parts)
        {
            length += Encoding.UTF8.GetMaxByteCount(part.Length) + 4;
        }
        var text = length <= 1024 ? stackalloc byte[length] : new byte[length];
        var at = 0;
        foreach (var part in parts)
        {
            // Each part with its length in front: ("ab","c") and ("a","bc") are different things.
            var written = Encoding.UTF8.GetBytes(part, text[(at + 4)..]);
            BinaryPrimitives.WriteInt32BigEndian(text[at..], written);
            at += written + 4;
        }
        SHA256.HashData(text[..at], hash);
        return From(birthMilliseconds, BinaryPrimitives.ReadUInt128BigEndian(hash) >> 48);
    }

    /// <summary>The id of what this id's owner leads to: the same birth, and the owner's id as the first part.</summary>
    public EventId Then(string first, string second = "", string third = "") =>
        Derive(BirthMilliseconds, ToString(), first, second, third);

    /// <summary>A new id that nothing else can derive, for an ask without an idempotency key.</summary>
    public static EventId Random(long birthMilliseconds)
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return From(birthMilliseconds, BinaryPrimitives.ReadUInt128BigEndian(bytes) >> 48);
    }

    /// <summary>The 16 bytes of the id, birth first.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>The id of 16 bytes.</summary>
    public static EventId FromBytes(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    /// <summary>Reads the 26 characters of an id; false for anything else.</summary>
    public static bool TryParse(string? text, out EventId id)
    {
        id = default;
        if (text is not { Length: TextLength } || !Base32.TryRead(text, out var value))
        {
            return false;
        }
        id = new EventId(value);
        return true;
    }

    /// <summary>The id of 26 characters.</summary>
    /// <exception cref="FormatException">They are no id.</exception>
    public static EventId Parse(string text) => TryParse(text, out var id) ? id : throw new FormatException($"\"{text}\" is no event id.");

    /// <summary>The 26 base32 characters, birth first.</summary>
    public override string ToString() => string.Create(TextLength, value, static (text, value) => Base32.Write(value, text));

    /// <inheritdoc/>
    public int CompareTo(EventId other) => value.CompareTo(other.value);

    /// <summary>Earlier by birth, then by hash.</summary>
    public static bool operator <(EventId left, EventId right) => left.value < right.value;

    /// <summary>Earlier by birth, then by hash, or the same.</summary>
    public static bool operator <=(EventId left, EventId right) => left.value <= right.value;

    /// <summary>Later by birth, then by hash.</summary>
    public static bool operator >(EventId left, EventId right) => left.value > right.value;

    /// <summary>Later by birth, then by hash, or the same.</summary>
    public static bool operator >=(EventId left, EventId right) => left.value >= right.value;
}
