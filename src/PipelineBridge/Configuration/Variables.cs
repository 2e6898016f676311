using System.Text.RegularExpressions;

namespace PipelineBridge.Configuration;

/// <summary>
/// The environment variables that stand in for keys of the file: <c>PIPELINEBRIDGE_</c> and the path in capitals, with
/// <c>__</c> between its parts and <c>_</c> for every other sign; with <c>_FILE</c> behind it, the value is what the file
/// of that name holds.
/// </summary>
sealed partial class Variables
{
    public const string Prefix = "PIPELINEBRIDGE_";

    readonly Dictionary<string, string> values = new(StringComparer.OrdinalIgnoreCase);
    readonly Dictionary<string, string> names = new(StringComparer.OrdinalIgnoreCase);
    readonly HashSet<string> used = new(StringComparer.OrdinalIgnoreCase);
    readonly HashSet<string> known = new(StringComparer.OrdinalIgnoreCase);

    public Variables(IReadOnlyDictionary<string, string> environment)
    {
        Environment = environment;
        foreach (var (name, value) in environment)
        {
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && !OfServiceLink().IsMatch(name))
            {
                values[name] = value;
                names[name] = name;
            }
        }
    }

    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>The name of the variable for a part below a path.</summary>
    public static string Below(string path, string part) => path.Length == 0 ? Prefix + Part(part) : $"{path}__{Part(part)}";

    /// <summary>The variable that gives a key, and whether what it gives is the name of a file that holds the value; null when none does.</summary>
    public (string Name, string Value, bool IsFile)? Take(string path, Action<string> isTwice)
    {
        known.Add(path);
        var direct = values.TryGetValue(path, out var value);
        var byFile = values.TryGetValue(path + "_FILE", out var file);
        if (direct)
        {
            used.Add(path);
        }
        if (byFile)
        {
            used.Add(path + "_FILE");
        }
        if (direct && byFile)
        {
            isTwice(names[path]);
        }
        return direct ? (names[path], value!, false) : byFile ? (names[path + "_FILE"], file!, true) : null;
    }

    /// <summary>Whether any variable gives something below a path, or the path itself.</summary>
    public bool HasBelow(string path) => values.Keys.Any(name => name.StartsWith(path + "__", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a variable gives a path itself.</summary>
    public bool Has(string path) => values.ContainsKey(path) || values.ContainsKey(path + "_FILE");

    /// <summary>The parts that variables name directly below a path, in capitals.</summary>
    public IReadOnlyList<string> PartsBelow(string path) =>
    [
        .. values.Keys.Where(name => name.StartsWith(path + "__", StringComparison.OrdinalIgnoreCase))
            .Select(name => name[(path.Length + 2)..].Split("__")[0].ToUpperInvariant())
            .Where(part => part.Length > 0).Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>Whether a part in capitals stands for a key.</summary>
    public static bool Means(string part, string key) => string.Equals(part, Part(key), StringComparison.OrdinalIgnoreCase);

    /// <summary>A variable that a secret names is known, whatever it is called.</summary>
    public void Name(string variable) => used.Add(variable);

    /// <summary>Tells of those that stand for nothing.</summary>
    public void TellUnknown(Findings findings)
    {
        foreach (var name in values.Keys.Where(name => !used.Contains(name)).Order(StringComparer.Ordinal))
        {
            var near = Nearest.Find(name[Prefix.Length..], known.Select(one => one[Prefix.Length..]));
            findings.Mistake(
                new ConfigurationPlace("", null, names[name]),
                near is null
                    ? "stands for no key. docs/configuration.md lists them; what has no name in the file yet is written there."
                    : $"stands for no key. Did you mean {Prefix}{near.ToUpperInvariant()}?");
        }
    }

    static string Part(string key) => OtherSigns().Replace(key, "_").ToUpperInvariant();

    [GeneratedRegex("[^A-Za-z0-9]")]
    private static partial Regex OtherSigns();

    // Kubernetes and Docker's links set these for a service that is called pipelinebridge.
    [GeneratedRegex("^PIPELINEBRIDGE(_[A-Z0-9]+)*_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_[0-9]+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$", RegexOptions.IgnoreCase)]
    private static partial Regex OfServiceLink();
}
