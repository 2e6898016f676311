using System.Globalization;
using PipelineBridge.Messaging;
using YamlDotNet.RepresentationModel;

namespace PipelineBridge.Cluster.Specification;

/// <summary>The fields of one mapping of a specification: reads what is asked for, and then tells what nobody asked for.</summary>
sealed class SpecificationFields(YamlMappingNode map, string path, List<SpecificationFinding> findings, YamlNode? place = null)
{
    readonly HashSet<string> asked = [];

    public string PathOf(string key) => $"{path}.{key}";

    public bool Has(string key) => Find(key) is not null;

    public string? Text(string key) => Find(key) is not { } node ? null
        : node is YamlScalarNode { Value: { } text } ? text
        : Wrong<string?>(node, PathOf(key), "it must be one value.");

    /// <summary>A whole number between two bounds.</summary>
    public int? Number(string key, int least, int most) => Find(key) is not { } node ? null
        : node is YamlScalarNode { Value: { } text } && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
        : Wrong<int?>(node, PathOf(key), $"it must be a whole number from {least} to {most}.");

    public double? Amount(string key) => Find(key) is not { } node ? null
        : node is YamlScalarNode { Value: { } text } && double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) && amount is > 0 and <= 1024 ? amount
        : Wrong<double?>(node, PathOf(key), "it must be a number above 0, such as 0.5.");

    public bool Flag(string key) => Find(key) is { } node
        && (node is YamlScalarNode { Value: "true" or "false" } flag ? flag.Value == "true" : Wrong<bool>(node, PathOf(key), "it must be true or false."));

    public string? Choice(string key, params string[] words) => Find(key) is not { } node ? null
        : node is YamlScalarNode { Value: { } text } && words.Contains(text) ? text
        : Wrong<string?>(node, PathOf(key), $"it must be one of: {string.Join(", ", words)}.");

    /// <summary>A list of texts.</summary>
    public IReadOnlyList<string> Texts(string key) => Items(key).Select((item, i) =>
        item is YamlScalarNode { Value: { } text } ? text : Wrong<string?>(item, $"{PathOf(key)}[{i}]", "it must be one value.")).OfType<string>().ToList();

    /// <summary>A list of which each entry is a mapping, or a single value that stands for one of its fields.</summary>
    public IReadOnlyList<T> Each<T>(string key, string shortFor, Func<SpecificationFields, T?> read) where T : class => Items(key).Select((item, i) =>
    {
        var at = $"{PathOf(key)}[{i}]";
        var entry = item switch
        {
            YamlMappingNode found => found,
            YamlScalarNode scalar => new YamlMappingNode(new YamlScalarNode(shortFor), scalar),
            _ => null,
        };
        if (entry is null)
        {
            return Wrong<T?>(item, at, $"it must be a mapping, such as {{{shortFor}: …}}.");
        }
        var fields = new SpecificationFields(entry, at, findings, item);
        var one = read(fields);
        fields.Done();
        return one;
    }).OfType<T>().ToList();

    /// <summary>Texts by the names that somebody gave them.</summary>
    public IReadOnlyDictionary<string, string> Named(string key)
    {
        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Find(key) is not { } node)
        {
            return named;
        }
        foreach (var (name, value) in node is YamlMappingNode m ? m.Children : Wrong<IDictionary<YamlNode, YamlNode>?>(node, PathOf(key), "it must be a mapping of names to values.") ?? new Dictionary<YamlNode, YamlNode>())
        {
            if (name is YamlScalarNode { Value: { } n } && value is YamlScalarNode { Value: { } v })
            {
                named[n] = v;
            }
            else
            {
                Wrong<string?>(value, $"{PathOf(key)}.{name}", "it must be one value; put it in quotes if it begins with a bracket.", quiet: true);
            }
        }
        return named;
    }

    /// <summary>The fields of a mapping below; null when it is absent or none.</summary>
    public SpecificationFields? Below(string key) => Find(key) is not { } node ? null
        : node is YamlMappingNode below ? new SpecificationFields(below, PathOf(key), findings)
        : Wrong<SpecificationFields?>(node, PathOf(key), "it must be a mapping.");

    /// <summary>Tells of a mistake at a field.</summary>
    public void Mistake(string key, string message, bool isMistake = true)
    {
        var node = Find(key);
        var at = (node ?? place ?? map).Start;
        findings.Add(new(isMistake, PathOf(key), (node as YamlScalarNode)?.Value, message, (int)at.Line, (int)at.Column));
    }

    /// <summary>Tells of every field that nobody asked for.</summary>
    public void Done()
    {
        foreach (var (key, _) in map.Children)
        {
            if (!asked.Contains($"{key}"))
            {
                findings.Add(new(true, $"{path}.{key}", null, $"it is not known. Known are {string.Join(", ", asked)}.", (int)key.Start.Line, (int)key.Start.Column));
            }
        }
    }

    IReadOnlyList<YamlNode> Items(string key) => Find(key) switch
    {
        null => [],
        YamlSequenceNode list => [.. list.Children],
        var node => Wrong<IReadOnlyList<YamlNode>?>(node, PathOf(key), "it must be a list.") ?? [],
    };

    YamlNode? Find(string key)
    {
        asked.Add(key);
        // YAML 1.2, 10.3.2: nothing, and the core schema's null.
        return map.Children.TryGetValue(new YamlScalarNode(key), out var node) && node is not YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: null or "" or "~" or "null" } ? node : null;
    }

    T? Wrong<T>(YamlNode node, string field, string message, bool quiet = false)
    {
        findings.Add(new(true, field, quiet ? null : (node as YamlScalarNode)?.Value, message, (int)node.Start.Line, (int)node.Start.Column));
        return default;
    }
}
