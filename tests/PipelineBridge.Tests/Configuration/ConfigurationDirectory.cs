using PipelineBridge.Configuration;
using PipelineBridge.Messaging;

namespace PipelineBridge.Tests.Configuration;

/// <summary>A directory with a configuration and what it names, gone at the end.</summary>
sealed class ConfigurationDirectory : IDisposable
{
    public const string Hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    /// <summary>A key, which every file needs.</summary>
    public const string Keys = $$"""
        keys:
          - { name: jenkins, sha256: [{{Hash}}], verbs: "*", apps: "*" }

        """;

    public ConfigurationDirectory()
    {
        Directory.CreateDirectory(Root);
    }

    public string Root { get; } = Path.Combine(Path.GetTempPath(), "pipelinebridge-" + Path.GetRandomFileName());

    public Dictionary<string, string> Environment { get; } = [];

    public string File => Path.Combine(Root, "bridge.yaml");

    public string Write(string name, string content, bool readableByAll = false)
    {
        var path = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, content);
        if (!OperatingSystem.IsWindows())
        {
            System.IO.File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | (readableByAll ? UnixFileMode.OtherRead : 0));
        }
        return path;
    }

    public ConfigurationResult Load(string yaml, params ISpecificationCheck[] checks)
    {
        System.IO.File.WriteAllText(File, yaml);
        return BridgeConfiguration.Load(File, Environment, checks.Length == 0 ? null : _ => checks);
    }

    /// <summary>The configuration of a file without mistakes and warnings.</summary>
    public BridgeConfiguration Good(string yaml)
    {
        var result = Load(yaml);
        Report(result).Should().BeEmpty();
        return result.Configuration!;
    }

    /// <summary>The one mistake of a file: <c>line: key message</c>.</summary>
    public string OnlyMistake(string yaml)
    {
        var result = Load(yaml);
        result.Configuration.Should().BeNull();
        return Line(result.Mistakes.Should().ContainSingle(Report(result)).Subject);
    }

    public string OnlyWarning(string yaml)
    {
        var result = Load(yaml);
        result.Configuration.Should().NotBeNull(Report(result));
        return Line(result.Warnings.Should().ContainSingle(Report(result)).Subject);
    }

    public static string Report(ConfigurationResult result)
    {
        using var output = new StringWriter { NewLine = "\n" };
        ConfigurationReport.Write(output, result);
        return output.ToString();
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    static string Line(ConfigurationFinding finding) => $"{finding.Place.Line?.ToString() ?? finding.Place.Variable}: {finding.Place.Path} {finding.Message}";
}
