using System.Diagnostics.CodeAnalysis;

namespace PipelineBridge.Messaging;

/// <summary>
/// A pattern of routing keys, as a topic exchange has it: words with dots between, <c>*</c> for one word, <c>#</c> for any
/// number of them, none included (AMQP 0-9-1, 3.1.3.3).
/// </summary>
public sealed class KeyPattern
{
    /// <summary>How many words a key has: <c>subject.predicate.app.environment</c>.</summary>
    const int WordsOfKey = 4;

    // A routing key is a short string (AMQP 0-9-1, 4.2.5.3).
    const int LongestBytes = 255;

    readonly string[] words;

    KeyPattern(string text) => (Text, words) = (text, text.Split('.'));

    /// <summary>The pattern as it was given.</summary>
    public string Text { get; }

    /// <summary>Reads a pattern that some key of ours can fit.</summary>
    /// <param name="text">The pattern.</param>
    /// <param name="pattern">It, read.</param>
    /// <param name="mistake">Else what is wrong with it, and what would be right.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out KeyPattern? pattern, [NotNullWhen(false)] out string? mistake)
    {
        pattern = new KeyPattern(text);
        var fixedWords = pattern.words.Count(w => w != "#");
        mistake = System.Text.Encoding.UTF8.GetByteCount(text) > LongestBytes ? $"has more than {LongestBytes} bytes."
            : pattern.words.Any(w => w.Length == 0) ? "has an empty word. Words have one dot between them."
            : pattern.words.FirstOrDefault(w => w.Length > 1 && w.AsSpan().ContainsAny('*', '#')) is { } mixed ? $"has the word {mixed}; * and # stand for whole words. A single word of any text is *."
            : fixedWords > WordsOfKey || (fixedWords < WordsOfKey && !pattern.words.Contains("#"))
                ? $"fits no key: a key has {WordsOfKey} words, subject.predicate.app.environment, and this has {fixedWords}. Put * for a word that may be any, or # for the rest."
            : null;
        pattern = mistake is null ? pattern : null;
        return mistake is null;
    }

    /// <summary>Whether a key fits.</summary>
    public bool Fits(string key) => Fits(words, key.Split('.'));

    /// <inheritdoc/>
    public override string ToString() => Text;

    static bool Fits(ReadOnlySpan<string> pattern, ReadOnlySpan<string> key) =>
        pattern.IsEmpty ? key.IsEmpty
        : pattern[0] == "#" ? Fits(pattern[1..], key) || (!key.IsEmpty && Fits(pattern, key[1..]))
        : !key.IsEmpty && (pattern[0] == "*" || pattern[0] == key[0]) && Fits(pattern[1..], key[1..]);
}
