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
    readonly string text;

    Html(string text) => this.text = text;

    /// <summary>Nothing.</summary>
    public static Html Empty { get; } = new("");

    /// <summary>The HTML of an interpolated string.</summary>
    public static Html Of(HtmlHandler html) => new(html.Text());

    /// <summary>Our own text as it is: only for what has no hole at all, as the style.</summary>
    public static Html Raw(string ours) => new(ours);

    /// <summary>The HTML, or nothing when the condition does not hold.</summary>
    public static Html If(bool condition, Func<Html> html) => condition ? html() : Empty;

    /// <summary>One after the other.</summary>
    public static Html Join(IEnumerable<Html> parts) => new(string.Concat(parts.Select(p => p.text)));

    /// <summary>A link to elsewhere; only its text where the address is not of http or https, so that none runs a script.</summary>
    public static Html Outside(string? url, string name) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"
            ? Of($"<a href=\"{parsed.AbsoluteUri}\" rel=\"noreferrer noopener\">{name}</a>")
            : Of($"{name}");

    /// <inheritdoc/>
    public override string ToString() => text;
}

/// <summary>Writes an interpolated string as HTML.</summary>
[InterpolatedStringHandler]
readonly struct HtmlHandler(int literalLength, int holes)
{
    readonly StringBuilder text = new(literalLength + holes * 16);

    public void AppendLiteral(string literal) => text.Append(literal);

    public void AppendFormatted(Html? html) => text.Append(html);

    public void AppendFormatted(IEnumerable<Html> parts)
    {
        foreach (var part in parts)
        {
            text.Append(part);
        }
    }

    public void AppendFormatted(long number) => text.Append(number.ToString(CultureInfo.InvariantCulture));

    public void AppendFormatted(double number) => text.Append(number.ToString("0.###", CultureInfo.InvariantCulture));

    public void AppendFormatted(string? value)
    {
        foreach (var c in value ?? "")
        {
            _ = c switch
            {
                '&' => text.Append("&amp;"),
                '<' => text.Append("&lt;"),
                '>' => text.Append("&gt;"),
                '"' => text.Append("&quot;"),
                '\'' => text.Append("&#39;"),
                // Control characters have no place in HTML, and those that turn the direction of writing would make
                // a title show other than it is.
                _ when char.IsControl(c) && c is not ('\n' or '\t') => text.Append('\uFFFD'),
                >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' => text.Append('\uFFFD'),
                _ => text.Append(c),
            };
        }
    }

    internal string Text() => text.ToString();
}
