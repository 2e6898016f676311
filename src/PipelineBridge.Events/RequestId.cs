namespace PipelineBridge.Events;

/// <summary>
/// The name of a request as people and JSON see it: its kind's letter, a dash, and 26 base32 characters: 16 of the
/// ask event's hash, then 10 of its birth. The hash stands first so that a prefix of four or five characters is
/// nearly always enough for a person; the event's own id has the birth first.
/// </summary>
public readonly record struct RequestId(char Kind, EventId Ask)
{
    const int HashCharacters = 16;
    const int BirthCharacters = 10;

    /// <summary>The shortest prefix that an entrance takes, without the kind's letter and the dash.</summary>
    public const int ShortestPrefix = 4;

    /// <summary>The letter of a push.</summary>
    public const char Push = 'p';

    /// <summary>The letter of a tag.</summary>
    public const char Tag = 't';

    /// <summary>The letter of a deployment, a rollback and a removal.</summary>
    public const char Deployment = 'd';

    /// <summary>The letter of a notification.</summary>
    public const char Notification = 'n';

    /// <summary>The letter of a posted fact: a build's state, a hold, a foreign event.</summary>
    public const char Fact = 'f';

    const string Kinds = "ptdnf";

    /// <summary>Reads a whole name; false for a prefix and for anything else.</summary>
    public static bool TryParse(string? text, out RequestId id)
    {
        id = default;
        if (text is not { Length: 2 + HashCharacters + BirthCharacters } || text[1] != '-' || !Kinds.Contains(text[0], StringComparison.Ordinal)
            || !Base32.TryRead(text.AsSpan(2, HashCharacters), out var hash)
            || !Base32.TryRead(text.AsSpan(2 + HashCharacters), out var birth) || birth >> 48 != 0)
        {
            return false;
        }
        id = new RequestId(text[0], EventId.From((long)birth, hash));
        return true;
    }

    /// <summary>The request of a whole name.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static RequestId Parse(string text) => TryParse(text, out var id) ? id : throw new FormatException($"\"{text}\" is no request's name.");

    /// <summary>Whether the text may be the beginning of a name: the kind's letter, a dash, at least four characters.</summary>
    public static bool IsPrefix(string text) =>
        text.Length is >= 2 + ShortestPrefix and <= 2 + HashCharacters + BirthCharacters && text[1] == '-'
        && Kinds.Contains(text[0], StringComparison.Ordinal) && Base32.TryRead(text.AsSpan(2, Math.Min(text.Length - 2, HashCharacters)), out _)
        && (text.Length <= 2 + HashCharacters || Base32.TryRead(text.AsSpan(2 + HashCharacters), out _));

    /// <summary>The whole name.</summary>
    public override string ToString() => string.Create(2 + HashCharacters + BirthCharacters, this, static (text, id) =>
    {
        text[0] = id.Kind;
        text[1] = '-';
        Base32.Write(id.Ask.Hash, text.Slice(2, HashCharacters));
        Base32.Write((UInt128)(ulong)id.Ask.BirthMilliseconds, text[(2 + HashCharacters)..]);
    });
}
