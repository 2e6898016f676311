using System.Text;

namespace PipelineBridge.Notifications.Chat;

/// <summary>Text from outside, made so that Slack shows it and does nothing with it (docs.slack.dev/messaging/formatting-message-text).</summary>
static class SlackText
{
    const int QuotedLines = 15;

    /// <summary>
    /// The text with <c>&amp; &lt; &gt;</c> escaped, without control signs, cut to at most <paramref name="most"/> characters
    /// of what is sent, never within a sign. Blanks in a row become one; lines stay only where they may.
    /// </summary>
    public static string Escaped(string? text, int most, bool lines = false)
    {
        var escaped = new StringBuilder();
        var fits = 0;
        foreach (var piece in Pieces(text ?? "", lines))
        {
            if (escaped.Length + piece.Length <= most - 1)
            {
                fits = escaped.Length + piece.Length;
            }
            escaped.Append(piece);
            if (escaped.Length > most)
            {
                return escaped.ToString(0, fits).TrimEnd() + "…";
            }
        }
        return escaped.ToString().TrimEnd();
    }

    /// <summary>
    /// The last lines of a text from outside, for between three backticks: at most <paramref name="most"/> characters of what
    /// is sent and fifteen lines, blanks as they are, nothing in it that would end the quote or be a mention.
    /// </summary>
    public static string Quoted(string text, int most)
    {
        var kept = new List<string>();
        var length = 0;
        foreach (var line in text.TrimEnd().Split('\n').Reverse())
        {
            var shown = new StringBuilder();
            foreach (var piece in line.EnumerateRunes().Where(r => !Turns(r)).Select(Quoted))
            {
                if (shown.Length + piece.Length > most - 2)
                {
                    shown.Append('…');
                    break;
                }
                shown.Append(piece);
            }
            if (kept.Count == QuotedLines || length + shown.Length + 1 > most - 2)
            {
                kept.Add("…");
                break;
            }
            kept.Add(shown.ToString().TrimEnd());
            length += shown.Length + 1;
        }
        kept.Reverse();
        return string.Join('\n', kept);
    }

    static string Quoted(Rune rune) => rune.Value switch
    {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '`' => "'",
        '\t' => "    ",
        _ when Rune.IsControl(rune) => "",
        _ => rune.ToString(),
    };

    static IEnumerable<string> Pieces(string text, bool lines)
    {
        var blank = true;
        foreach (var rune in text.EnumerateRunes())
        {
            if (Turns(rune))
            {
                continue;
            }
            if (lines && rune.Value == '\n')
            {
                blank = true;
                yield return "\n";
            }
            else if (Rune.IsWhiteSpace(rune) || Rune.IsControl(rune))
            {
                if (!blank)
                {
                    blank = true;
                    yield return " ";
                }
            }
            else
            {
                blank = false;
                yield return rune.Value switch
                {
                    '&' => "&amp;",
                    '<' => "&lt;",
                    '>' => "&gt;",
                    _ => rune.ToString(),
                };
            }
        }
    }

    /// <summary>Signs that turn the direction of writing would let a text show as another one.</summary>
    static bool Turns(Rune rune) => rune.Value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or 0x200E or 0x200F;

    /// <summary>A link, <c>&lt;url|text&gt;</c>; the text alone when the URL is none of the web's or longer than a message bears.</summary>
    public static string Link(string text, string url)
    {
        var shown = Escaped(text, 75).Replace('|', '/');
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttps && uri.Scheme != Uri.UriSchemeHttp))
        {
            return shown;
        }
        // A name and a password in a link would be read by the whole channel.
        var clean = uri.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.UserInfo, UriFormat.UriEscaped)
            .Replace("|", "%7C", StringComparison.Ordinal)
            .Replace("<", "%3C", StringComparison.Ordinal)
            .Replace(">", "%3E", StringComparison.Ordinal)
            .Replace("&", "&amp;", StringComparison.Ordinal);
        return clean.Length > 1_000 ? shown : $"<{clean}|{shown}>";
    }
}
