using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace PipelineBridge.Bridge.Pages;

/// <summary>
/// Text that is HTML already. It is made from interpolated strings alone, of which every hole is encoded unless it is
/// HTML itself: what comes from outside cannot become markup. Attributes are always quoted with a double quote.
/// </summary>
sealed class Html
{
    // The pieces of a page are put together by their chunks, never as one long text: the runtime keeps long ones apart and
    // collects them seldom and slowly.
    readonly StringBuilder text;

    Html(StringBuilder text) => this.text = text;

    /// <summary>Nothing.</summary>
    public static Html Empty { get; } = new(new StringBuilder(0));

    /// <summary>The HTML of an interpolated string.</summary>
    public static Html Of(HtmlHandler html) => new(html.Text);

    /// <summary>Our own text as it is: only for what has no hole at all, as the style.</summary>
    public static Html Raw(string ours) => new(new StringBuilder(ours));

    /// <summary>The HTML, or nothing when the condition does not hold.</summary>
    public static Html If(bool condition, Func<Html> html) => condition ? html() : Empty;

    /// <summary>One after the other.</summary>
    public static Html Join(IEnumerable<Html> parts) => Of($"{parts}");

    /// <summary>A link to elsewhere; only its text where the address is not of http or https, so that none runs a script.</summary>
    public static Html Outside(string? url, string name) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"
            ? Of($"<a href=\"{parsed.AbsoluteUri}\" rel=\"noreferrer noopener\">{name}</a>")
            : Of($"{name}");

    /// <summary>Adds it to a text.</summary>
    public void AppendTo(StringBuilder other) => other.Append(text);

    /// <summary>Its bytes in UTF-8, in a buffer that the caller gives back to the shared pool.</summary>
    public (byte[] Buffer, int Length) Rent()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        // It remembers the first half of a character that two chunks share.
        var encoder = Encoding.UTF8.GetEncoder();
        var length = 0;
        foreach (var chunk in text.GetChunks())
        {
            length += encoder.GetBytes(chunk.Span, buffer.AsSpan(length), flush: false);
        }
        return (buffer, length + encoder.GetBytes([], buffer.AsSpan(length), flush: true));
    }

    /// <inheritdoc/>
    public override string ToString() => text.ToString();
}

/// <summary>Writes an interpolated string as HTML.</summary>
[InterpolatedStringHandler]
readonly struct HtmlHandler(int literalLength, int holes)
{
    readonly StringBuilder text = new(literalLength + holes * 16);

    public void AppendLiteral(string literal) => text.Append(literal);

    public void AppendFormatted(Html? html) => html?.AppendTo(text);

    public void AppendFormatted(IEnumerable<Html> parts)
    {
        foreach (var part in parts)
        {
            part.AppendTo(text);
        }
    }

    public void AppendFormatted(long number) => text.Append(number.ToString(CultureInfo.InvariantCulture));

    public void AppendFormatted(double number) => text.Append(number.ToString("0.###", CultureInfo.InvariantCulture));

    public void AppendFormatted(string? value)
    {
        var from = 0;
        for (var i = 0; i < value?.Length; i++)
        {
            if (Encoded(value[i]) is { } encoded)
            {
                text.Append(value, from, i - from).Append(encoded);
                from = i + 1;
            }
        }
        if (value is not null)
        {
            text.Append(value, from, value.Length - from);
        }
    }

    static string? Encoded(char c) => c switch
    {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        '\n' or '\t' => null,
        // Control characters have no place in HTML, and those that turn the direction of writing would make
        // a title show other than it is.
        _ when char.IsControl(c) => "\uFFFD",
        >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' => "\uFFFD",
        _ => null,
    };

    internal StringBuilder Text => text;
}
