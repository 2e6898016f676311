using System.Text;
using PipelineBridge.Events;

namespace PipelineBridge.Journal;

/// <summary>
/// A chain id or a reference as it is stored: in few bytes where its form is known, else as its text. The two are told
/// apart by the storage class (BLOB or TEXT), never by their length.
/// </summary>
readonly record struct StoredName(bool IsBytes, string Text, byte[] Bytes)
{
    const string DigestPrefix = "sha256:";

    /// <summary>A chain id: the 16 bytes of one of ours, else its text.</summary>
    public static StoredName OfChain(string chainId)
    {
        ArgumentException.ThrowIfNullOrEmpty(chainId);
        // Base 32 reads capitals too; only what reads back to the same text may lose its text.
        return EventId.TryParse(chainId, out var id) && id.ToString() == chainId
            ? new(true, chainId, id.ToBytes())
            : new(false, chainId, Encoding.UTF8.GetBytes(chainId));
    }

    /// <summary>The chain id of stored bytes.</summary>
    public static string ChainText(bool isBytes, ReadOnlySpan<byte> bytes) =>
        isBytes && bytes.Length == 16 ? EventId.FromBytes(bytes).ToString() : Encoding.UTF8.GetString(bytes);

    /// <summary>A reference: 20 bytes of a commit, 32 of a digest, else its text.</summary>
    public static StoredName OfReference(string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        if (value.Length == 40 && IsLowerHex(value))
        {
            return new(true, value, Convert.FromHexString(value));
        }
        return IsDigest(value) ? new(true, value, DigestBytes(value)) : new(false, value, Encoding.UTF8.GetBytes(value));
    }

    public static bool IsDigest(string value) =>
        value.Length == DigestPrefix.Length + 64 && value.StartsWith(DigestPrefix, StringComparison.Ordinal) && IsLowerHex(value.AsSpan(DigestPrefix.Length));

    public static byte[] DigestBytes(string digest) => IsDigest(digest)
        ? Convert.FromHexString(digest.AsSpan(DigestPrefix.Length))
        : throw new ArgumentException($"\"{digest}\" is no digest; it should be sha256: and 64 lower-case hexadecimal digits.", nameof(digest));

    static bool IsLowerHex(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigitLower(c))
            {
                return false;
            }
        }
        return true;
    }
}
