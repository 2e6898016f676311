namespace PipelineBridge.Events;

/// <summary>Crockford's base 32 in lower case: sorts like the bytes it stands for, and has no i, l, o and u to be mistaken.</summary>
static class Base32
{
    const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>Writes the lowest <paramref name="text"/>.Length × 5 bits of <paramref name="value"/>, highest first.</summary>
    public static void Write(UInt128 value, Span<char> text)
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = Alphabet[(int)(value & 31)];
            value >>= 5;
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote; false when a character is not of the alphabet or the value passes 128 bits.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, out UInt128 value)
    {
        value = 0;
        foreach (var c in text)
        {
            var digit = Alphabet.IndexOf(char.ToLowerInvariant(c), StringComparison.Ordinal);
            if (digit < 0 || value >> 123 != 0)
            {
                return false;
            }
            value = (value << 5) | (uint)digit;
        }
        return true;
    }
}
