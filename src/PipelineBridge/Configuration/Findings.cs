using System.Text.Json;

namespace PipelineBridge.Configuration;

/// <summary>Collects what is found while the configuration is read, so that all of it is told at once.</summary>
sealed class Findings
{
    readonly List<ConfigurationFinding> mistakes = [];
    readonly List<ConfigurationFinding> warnings = [];

    /// <summary>Those of the file by line, then those of the environment.</summary>
    public IReadOnlyList<ConfigurationFinding> Mistakes => Sorted(mistakes);

    public IReadOnlyList<ConfigurationFinding> Warnings => Sorted(warnings);

    public bool HasMistakeAt(string path) => mistakes.Exists(mistake => mistake.Place.Path == path);

    public void Mistake(ConfigurationPlace place, string message) => mistakes.Add(new ConfigurationFinding(place, message));

    public void Warning(ConfigurationPlace place, string message) => warnings.Add(new ConfigurationFinding(place, message));

    /// <summary>A value as it is shown: quoted, on one line, not too long.</summary>
    public static string Shown(string value) =>
        JsonSerializer.Serialize(value.Length > 80 ? value[..79] + "…" : value, ShownJson);

    static List<ConfigurationFinding> Sorted(List<ConfigurationFinding> findings) =>
        [.. findings.Distinct().OrderBy(finding => finding.Place.Line ?? int.MaxValue)];

    static readonly JsonSerializerOptions ShownJson = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
