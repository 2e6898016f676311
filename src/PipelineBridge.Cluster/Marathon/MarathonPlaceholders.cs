using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>Finds placeholders of templates that nobody filled in.</summary>
static partial class MarathonPlaceholders
{
    /// <summary>A finding for each text that has one.</summary>
    public static IEnumerable<SpecificationFinding> Findings(JsonObject app) => Within(app, "spec", "spec");

    /// <summary>Whether a text has one.</summary>
    public static bool IsIn(string text) => AnyPattern().IsMatch(text) || DollarPattern().IsMatch(text);

    // The second path has no list positions: it is the one that rules are keyed by.
    static IEnumerable<SpecificationFinding> Within(JsonNode? node, string path, string rule) => node switch
    {
        JsonObject fields => fields.SelectMany(f => Key(f.Key, path).Concat(Within(f.Value, $"{path}.{f.Key}", $"{rule}.{f.Key}"))),
        JsonArray list => list.SelectMany((item, i) => Within(item, $"{path}[{i}]", rule)),
        _ => node.Text() is { } text && Finding(text, path, rule) is { } finding ? [finding] : [],
    };

    static IEnumerable<SpecificationFinding> Key(string key, string path) =>
        IsIn(key) ? [MarathonSpecificationCheck.Mistake(path, key, "the name of the field has a placeholder left in; fill it in before the file is sent.")] : [];

    static SpecificationFinding? Finding(string text, string path, string rule)
    {
        if (rule == "spec.container.docker.image")
        {
            // It is replaced whole.
            return null;
        }
        // Only the placeholder is shown: the text around it may be a secret.
        if (AnyPattern().Match(text) is { Success: true } found)
        {
            return MarathonSpecificationCheck.Mistake(path, found.Value, "a placeholder was left in; fill it in before the file is sent.");
        }
        // The shell on the host fills these in: $PORT0, ${HOST}.
        if (rule is "spec.cmd" or "spec.args" or "spec.healthChecks.command.value" or "spec.container.docker.parameters.value" || DollarPattern().Match(text) is not { Success: true } dollar)
        {
            return null;
        }
        return rule.StartsWith("spec.env.", StringComparison.Ordinal) && dollar.Length < text.Length
            ? MarathonSpecificationCheck.Warning(path, dollar.Value, "it looks like a placeholder left in: Marathon does not fill in environment variables, only the program itself may.")
            : MarathonSpecificationCheck.Mistake(path, dollar.Value, "a placeholder was left in; fill it in before the file is sent.");
    }

    // {{X}} but no {{.Go}} template, %X%, @X@ and @a.b@, <CHANGE_ME>. Shorter ones than three letters are formats of dates and the like.
    [GeneratedRegex(@"\{\{[\s]*[A-Za-z_][\w.\- ]*\}\}|%[A-Z][A-Z0-9_]{2,}%|@(?:[A-Z][A-Z0-9_]{2,}|[a-z]+(?:\.[A-Za-z]+)+)@|<(?:[A-Z][A-Z0-9_-]{2,}|(?i:change[-_ ]?me|todo|your[-_ ][^<>]{1,40}|insert[-_ ][^<>]{1,40}))>|^(?i:change[-_]?me)$")]
    private static partial Regex AnyPattern();

    [GeneratedRegex(@"\$\{[^{}$]*\}")]
    private static partial Regex DollarPattern();
}
