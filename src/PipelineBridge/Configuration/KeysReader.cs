using System.Security.Cryptography;
using System.Text.RegularExpressions;
using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Security;

namespace PipelineBridge.Configuration;

/// <summary>Reads <c>keys</c>: who may call. Only hashes stand there.</summary>
static partial class KeysReader
{
    const string HowToHash = "Make it with: printf %s \"$KEY\" | sha256sum";

    static readonly string HashOfNothing = Convert.ToHexStringLower(SHA256.HashData([]));

    public static IReadOnlyList<KeyOptions> Read(Reading reading, Section root, IReadOnlyCollection<string>? apps)
    {
        var keys = new List<KeyOptions>();
        var names = new Dictionary<string, ConfigurationPlace>();
        var hashes = new Dictionary<string, ConfigurationPlace>();
        var sections = root.Items("keys");
        if (root.Has("keys") && sections.Count == 0 && !reading.Findings.HasMistakeAt("keys"))
        {
            reading.Findings.Mistake(root.PlaceOf("keys"), "has no key, so that nobody could call. Give at least one.");
        }
        foreach (var section in sections)
        {
            var name = section.Text("name", "Give the name that stands in the journal, such as jenkins.");
            if (name is not null && !KeyName().IsMatch(name.Text))
            {
                reading.Findings.Mistake(name.Place, $"{Findings.Shown(name.Text)} is no name of a key. It has 1 to 63 letters, digits, dots, dashes and underscores.");
            }
            else if (name is not null && !names.TryAdd(name.Text, name.Place))
            {
                reading.Findings.Mistake(name.Place, $"{Findings.Shown(name.Text)} is the name of {Where(names[name.Text])} already. Give each key its own; for rotation, give one key two hashes.");
            }
            var sha256 = Hashes(reading, section, hashes);
            var verbs = Verbs(reading, section);
            var patterns = Apps(reading, section, apps);
            section.Done($"is not taken: only hashes stand here. Give sha256. {HowToHash}");
            keys.Add(new KeyOptions(name?.Text ?? "", sha256, verbs, patterns));
        }
        return keys;
    }

    static List<string> Hashes(Reading reading, Section section, Dictionary<string, ConfigurationPlace> seen)
    {
        var hashes = new List<string>();
        var given = section.Texts("sha256");
        if (!section.Has("sha256"))
        {
            reading.Findings.Mistake(section.Place, $"has no sha256, the key's hash. {HowToHash}");
        }
        else if (given.Count is 0 or > 2 && !reading.Findings.HasMistakeAt(section.PlaceOf("sha256").Path))
        {
            reading.Findings.Mistake(section.PlaceOf("sha256"), $"has {given.Count} hashes. Give one, or two while a key is rotated.");
        }
        foreach (var one in given)
        {
            var hash = one.Text.ToLowerInvariant();
            if (!Sha256().IsMatch(hash))
            {
                // Somebody may have written the key itself: it is not shown.
                reading.Findings.Mistake(one.Place, $"is no SHA-256 hash, which has 64 hexadecimal digits; this has {one.Text.Length} characters. {HowToHash}");
            }
            else if (hash == HashOfNothing)
            {
                reading.Findings.Mistake(one.Place, $"is the hash of nothing: $KEY was empty when it was made. {HowToHash}");
            }
            else if (!seen.TryAdd(hash, one.Place))
            {
                reading.Findings.Mistake(one.Place, $"is the same hash as {Where(seen[hash])}. Each key has its own.");
            }
            hashes.Add(hash);
        }
        return hashes;
    }

    static List<string> Verbs(Reading reading, Section section)
    {
        var given = section.Texts("verbs");
        if (!section.Has("verbs"))
        {
            reading.Findings.Mistake(section.Place, $"has no verbs: what the key may do. Give \"*\" or some of: {string.Join(", ", Verb.All)}.");
        }
        foreach (var one in given.Where(one => one.Text != "*"))
        {
            reading.Choice(one, "", Verb.All);
        }
        return [.. given.Select(one => one.Text)];
    }

    static List<string> Apps(Reading reading, Section section, IReadOnlyCollection<string>? known)
    {
        var given = section.Texts("apps");
        if (!section.Has("apps"))
        {
            reading.Findings.Mistake(section.Place, "has no apps: what the key may touch. Give \"*\" or names of apps, where lab-* means all that begin with lab-.");
        }
        foreach (var one in given)
        {
            if (!Pattern().IsMatch(one.Text))
            {
                reading.Findings.Mistake(one.Place, $"{Findings.Shown(one.Text)} is no name of an app. A name has a-z, 0-9 and -, and may end in * for all that begin so.");
            }
            else if (known is not null && !one.Text.EndsWith('*'))
            {
                reading.References([one], "app", known);
            }
        }
        return [.. given.Select(one => one.Text)];
    }

    static string Where(ConfigurationPlace place) => place.Line is { } line ? $"{place.Path} (line {line})" : place.Path;

    [GeneratedRegex("^[A-Za-z0-9._-]{1,63}$")]
    private static partial Regex KeyName();

    [GeneratedRegex("^[0-9a-f]{64}$")]
    private static partial Regex Sha256();

    [GeneratedRegex(@"^[a-z0-9-]{0,63}\*$|^[a-z0-9-]{1,63}$")]
    private static partial Regex Pattern();
}
