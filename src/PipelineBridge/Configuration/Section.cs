using System.Globalization;

namespace PipelineBridge.Configuration;

/// <summary>A value as it was given, and where.</summary>
sealed record Given(string Text, ConfigurationPlace Place);

/// <summary>
/// A mapping of the configuration while it is read. What is asked for is what exists: at the end every key that nobody
/// asked for is a mistake. A variable of the environment takes the place of what the file says.
/// </summary>
sealed class Section
{
    readonly Reading reading;
    readonly YamlMap? map;
    readonly string variable;
    readonly string pattern;
    readonly List<string> asked = [];

    public Section(Reading reading, YamlMap? root)
        : this(reading, root, new ConfigurationPlace("", root is null ? null : 1), "", "")
    {
    }

    Section(Reading reading, YamlMap? map, ConfigurationPlace place, string variable, string pattern)
    {
        this.reading = reading;
        this.map = map;
        Place = place;
        this.variable = variable;
        this.pattern = pattern;
    }

    /// <summary>Where it stands.</summary>
    public ConfigurationPlace Place { get; }

    /// <summary>Where a key of it stands, or would.</summary>
    public ConfigurationPlace PlaceOf(string key) =>
        new(Join(Place.Path, key), map?.Find(key)?.Line ?? Place.Line, map?.Find(key) is null ? Place.Variable : null);

    /// <summary>Whether the file or the environment says something of a key.</summary>
    public bool Has(string key)
    {
        Ask(key);
        var name = Variables.Below(variable, key);
        return map?.Find(key) is not null || reading.Variables.Has(name) || reading.Variables.HasBelow(name);
    }

    /// <summary>A single value; null when it is absent or wrong. A mistake when it is needed and absent, with what to give.</summary>
    public Given? Text(string key, string? needed = null)
    {
        Ask(key);
        if (FromVariable(key) is { } given)
        {
            return given;
        }
        if (map?.Find(key) is not { } entry)
        {
            if (needed is not null)
            {
                reading.Findings.Mistake(Place, $"has no {key}. {needed}");
            }
            return null;
        }
        return Single(entry.Piece, PlaceOf(key), "one value");
    }

    /// <summary>A list of single values, or one alone; in a variable with commas between them.</summary>
    public IReadOnlyList<Given> Texts(string key)
    {
        Ask(key);
        if (FromVariable(key) is { } given)
        {
            return
            [
                .. given.Text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part => given with { Text = part }),
            ];
        }
        return map?.Find(key)?.Piece switch
        {
            null => [],
            YamlList list => [.. list.Items.Select((item, i) => Single(item, new ConfigurationPlace($"{PlaceOf(key).Path}[{i}]", item.Line), "one value")).OfType<Given>()],
            var piece => Single(piece, PlaceOf(key), "one value or a list") is { } one ? [one] : [],
        };
    }

    /// <summary>A mapping below a key; empty when it is absent or wrong.</summary>
    public Section Below(string key)
    {
        Ask(key);
        return Child(map?.Find(key)?.Piece, PlaceOf(key), Variables.Below(variable, key), Join(pattern, key));
    }

    /// <summary>The mappings below a key, each with the name that somebody gave it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="fromVariables">Whether a variable may bring a name that is not in the file: so where it can be told from capitals.</param>
    public IReadOnlyList<(string Name, Section Section)> Named(string key, bool fromVariables = true)
    {
        var below = Below(key);
        var names = below.map?.Entries.Select(entry => entry.Key).ToList() ?? [];
        if (fromVariables)
        {
            names.AddRange(reading.Variables.PartsBelow(below.variable)
                .Where(part => !names.Exists(name => Variables.Means(part, name)))
                .Select(part => part.ToLowerInvariant().Replace('_', '-')));
        }
        return [.. names.Select(name => (name, below.Child(
            below.map?.Find(name)?.Piece, below.PlaceOfNamed(name), Variables.Below(below.variable, name), Join(below.pattern, "<name>"))))];
    }

    /// <summary>Single values below a key, each with the name that somebody gave it.</summary>
    public IReadOnlyList<(string Name, Given Value)> NamedTexts(string key)
    {
        var below = Below(key);
        reading.Known.Add(Join(below.pattern, "<name>"));
        var names = (below.map?.Entries.Select(entry => entry.Key) ?? [])
            .Concat(reading.Variables.PartsBelow(below.variable).Select(part => part.ToLowerInvariant().Replace('_', '-')))
            .Distinct();
        return [.. names.Select(name => (Name: name, Value: below.Unlisted(name))).Where(pair => pair.Value is not null).Select(pair => (pair.Name, pair.Value!))];
    }

    /// <summary>The mappings of a list.</summary>
    public IReadOnlyList<Section> Items(string key)
    {
        Ask(key);
        var name = Variables.Below(variable, key);
        var place = PlaceOf(key);
        var items = map?.Find(key)?.Piece switch
        {
            null => [],
            YamlList list => list.Items,
            _ => Wrong(place, "must be a list, each entry with a dash before it."),
        };
        var sections = new List<Section>();
        for (var i = 0; i < items.Count || reading.Variables.HasBelow(Index(i)); i++)
        {
            var at = new ConfigurationPlace($"{place.Path}[{i}]", i < items.Count ? items[i].Line : null, i < items.Count ? null : Index(i));
            sections.Add(Child(i < items.Count ? items[i] : null, at, Index(i), Join(pattern, key) + "[]"));
        }
        return sections;

        string Index(int i) => Variables.Below(name, i.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>What gives a secret; null when it is absent or wrong. A mistake when it is needed and absent, with what to give.</summary>
    public Func<string?>? Secret(string key, string? needed = null)
    {
        Ask(key);
        if (reading.Variables.Take(Variables.Below(variable, key), twice => Twice(key, twice)) is { } given)
        {
            var place = new ConfigurationPlace(PlaceOf(key).Path, null, given.Name);
            return given.IsFile ? reading.Secrets.OfFile(new Given(given.Value, place)) : reading.Secrets.OfVariable(new Given(given.Name, place));
        }
        if (map?.Find(key)?.Piece is YamlText)
        {
            // What stands there may be the secret: it is not shown.
            return Refused(PlaceOf(key), "must not hold the secret itself. Put it into a file and write {file: /run/secrets/NAME}, or into a variable and write {environment: NAME}; and renew it if this file was shared.");
        }
        if (!Has(key))
        {
            return needed is null ? null : Refused(Place, $"has no {key}. {needed}");
        }
        var below = Below(key);
        var (file, environment) = (below.Text("file"), below.Text("environment"));
        var complete = below.Done();
        return (file, environment) switch
        {
            ({ } one, null) => reading.Secrets.OfFile(one),
            (null, { } one) => reading.Secrets.OfVariable(one),
            (null, null) => complete ? Refused(PlaceOf(key), "must say where the secret is: {file: /run/secrets/NAME} or {environment: NAME}.") : null,
            _ => Refused(PlaceOf(key), "has both file and environment. Give one of them."),
        };
    }

    /// <summary>Tells of every key that nobody asked for; true when there is none.</summary>
    public bool Done(string? insteadOfSecrets = null)
    {
        var all = true;
        foreach (var (key, _, _) in map?.Entries ?? [])
        {
            if (asked.Contains(key))
            {
                continue;
            }
            all = false;
            reading.Findings.Mistake(PlaceOf(key), insteadOfSecrets is not null && key is "key" or "token" or "secret" or "password" or "value"
                ? insteadOfSecrets
                : $"is not known. {Nearest.Hint(key, asked)}");
        }
        return all;
    }

    Given? Unlisted(string name) => FromVariable(name) ?? (map?.Find(name) is { } entry ? Single(entry.Piece, PlaceOf(name), "one value") : null);

    // What a variable alone brings stands nowhere in the file.
    ConfigurationPlace PlaceOfNamed(string name) => map?.Find(name) is null
        ? new ConfigurationPlace(Join(Place.Path, name), null, Variables.Below(variable, name) + "__…")
        : PlaceOf(name);

    Section Child(YamlPiece? piece, ConfigurationPlace place, string name, string as_)
    {
        if (piece is YamlList or YamlText { Text: not null })
        {
            reading.Findings.Mistake(place, "must be a mapping of keys to values.");
        }
        return new Section(reading, piece as YamlMap, place, name, as_);
    }

    Given? FromVariable(string key)
    {
        if (reading.Variables.Take(Variables.Below(variable, key), twice => Twice(key, twice)) is not { } given)
        {
            return null;
        }
        var place = new ConfigurationPlace(Join(Place.Path, key), null, given.Name);
        if (!given.IsFile)
        {
            return new Given(given.Value, place);
        }
        try
        {
            return new Given(File.ReadAllText(reading.Path(given.Value)).TrimEnd('\r', '\n'), place);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            reading.Findings.Mistake(place, $"{Findings.Shown(given.Value)} cannot be read.");
            return new Given("", place);
        }
    }

    Given? Single(YamlPiece piece, ConfigurationPlace place, string needed)
    {
        switch (piece)
        {
            case YamlText { Text: { } text }:
                return new Given(text, place);
            case YamlText:
                reading.Findings.Mistake(place, "has no value. Give it one, or leave the key out.");
                return null;
            default:
                reading.Findings.Mistake(place, $"must be {needed}, not a {(piece is YamlList ? "list" : "mapping")}.");
                return null;
        }
    }

    void Twice(string key, string name) => reading.Findings.Mistake(
        new ConfigurationPlace(Join(Place.Path, key), null, name), $"is given twice, by {name} and {name}_FILE. Give one of them.");

    void Ask(string key)
    {
        if (!asked.Contains(key))
        {
            asked.Add(key);
        }
        reading.Known.Add(Join(pattern, key));
    }

    Func<string?>? Refused(ConfigurationPlace place, string message)
    {
        reading.Findings.Mistake(place, message);
        return null;
    }

    IReadOnlyList<YamlPiece> Wrong(ConfigurationPlace place, string message)
    {
        reading.Findings.Mistake(place, message);
        return [];
    }

    static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}
