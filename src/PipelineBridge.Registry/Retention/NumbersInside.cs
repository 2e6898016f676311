namespace PipelineBridge.Registry.Retention;

/// <summary>The order in which people read tags: 9 before 10. (.NET's own numeric order needs a culture's data, which an invariant process does not have.)</summary>
sealed class NumbersInside : IComparer<string>
{
    public static readonly NumbersInside Comparer = new();

    public int Compare(string? x, string? y)
    {
        ReadOnlySpan<char> a = x, b = y;
        while (a.Length > 0 && b.Length > 0)
        {
            var first = Next(ref a);
            var second = Next(ref b);
            var isNumber = char.IsAsciiDigit(first[0]) && char.IsAsciiDigit(second[0]);
            if (isNumber)
            {
                first = first.TrimStart('0');
                second = second.TrimStart('0');
            }
            var order = isNumber && first.Length != second.Length ? first.Length - second.Length : first.SequenceCompareTo(second);
            if (order != 0)
            {
                return order;
            }
        }
        return a.Length != b.Length ? a.Length - b.Length : string.CompareOrdinal(x, y);
    }

    /// <summary>Takes the digits, or what is none, from the start.</summary>
    static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> text)
    {
        var isDigit = char.IsAsciiDigit(text[0]);
        var length = 1;
        while (length < text.Length && char.IsAsciiDigit(text[length]) == isDigit)
        {
            length++;
        }
        var taken = text[..length];
        text = text[length..];
        return taken;
    }
}
