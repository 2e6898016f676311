using System.Collections;
using PipelineBridge.Messaging;

namespace PipelineBridge.Configuration;

/// <summary>The verb <c>config check</c>: says whether a configuration would start.</summary>
public static class ConfigCheck
{
    /// <summary>Checks the configuration with the variables of this process; the exit code: 0 in order, 2 mistakes.</summary>
    /// <param name="output">Where to it is told.</param>
    /// <param name="file">The file; null: <c>bridge.yaml</c> of this directory when it is there.</param>
    /// <param name="checks">What can check the specifications of apps, given a configuration that has no other mistake.</param>
    /// <param name="needed">The parts whose secrets and directories are looked for; null: all.</param>
    public static int Run(TextWriter output, string? file, Func<BridgeConfiguration, IReadOnlyList<ISpecificationCheck>>? checks = null, IReadOnlyCollection<string>? needed = null) =>
        Run(output, file ?? BridgeConfiguration.DefaultFile(Environment.CurrentDirectory), ProcessEnvironment(), checks, needed);

    /// <summary>Checks the configuration with these variables.</summary>
    public static int Run(TextWriter output, string? file, IReadOnlyDictionary<string, string> environment, Func<BridgeConfiguration, IReadOnlyList<ISpecificationCheck>>? checks = null, IReadOnlyCollection<string>? needed = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        var result = BridgeConfiguration.Load(file, environment, checks, needed);
        ConfigurationReport.Write(output, result, "nothing would start");
        if (result.Configuration is not { } configuration)
        {
            return 2;
        }
        output.WriteLine($"{result.Source} is in order: {string.Join(", ",
            ConfigurationReport.Counted(configuration.Keys.Count, "key"),
            ConfigurationReport.Counted(configuration.Environments.Count, "environment"),
            configuration.Apps is { } apps ? ConfigurationReport.Counted(apps.Count, "app") : "any app",
            ConfigurationReport.Counted(configuration.Registries.Count, "registry", "registries"),
            ConfigurationReport.Counted(configuration.Clusters.Count, "cluster"),
            ConfigurationReport.Counted(configuration.Targets.Count, "target"))}.");
        return 0;
    }

    /// <summary>The environment variables of this process.</summary>
    public static IReadOnlyDictionary<string, string> ProcessEnvironment() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
}
