using System.Globalization;

namespace PipelineBridge.Configuration;

/// <summary>Tells people what is wrong with the configuration: each with line, key, what it is and what would be right.</summary>
public static class ConfigurationReport
{
    const int WidestKey = 60;

    /// <summary>Writes the mistakes, then the warnings; nothing when there are none.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="result">What came of reading.</param>
    /// <param name="consequence">What follows from mistakes, for the first line.</param>
    public static void Write(TextWriter output, ConfigurationResult result, string consequence = "nothing was started")
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(result);
        if (result.Mistakes.Count > 0)
        {
            output.WriteLine($"{result.Source} has {Counted(result.Mistakes.Count, "mistake")}; {consequence}.");
            Write(output, result.Mistakes);
        }
        if (result.Warnings.Count > 0)
        {
            output.WriteLine($"{result.Source} has {Counted(result.Warnings.Count, "warning")}.");
            Write(output, result.Warnings);
        }
    }

    /// <summary>A number and what it counts.</summary>
    internal static string Counted(int count, string what, string? many = null) =>
        $"{count.ToString(CultureInfo.InvariantCulture)} {(count == 1 ? what : many ?? what + "s")}";

    static void Write(TextWriter output, IReadOnlyList<ConfigurationFinding> findings)
    {
        var widest = findings.Max(finding => Math.Min(finding.Place.Path.Length, WidestKey));
        var digits = findings.Max(finding => Line(finding).Length);
        foreach (var finding in findings)
        {
            var line = Line(finding) is { Length: > 0 } number ? number.PadLeft(digits) + ": " : "";
            var variable = finding.Place.Variable is { } name ? $"{name}: " : "";
            var key = finding.Place.Path is { Length: > 0 } path ? path.PadRight(widest) + "   " : "";
            output.WriteLine($"  {line}{variable}{key}{finding.Message}");
        }
    }

    static string Line(ConfigurationFinding finding) => finding.Place.Line?.ToString(CultureInfo.InvariantCulture) ?? "";
}
