using System.CommandLine;
using Microsoft.Extensions.Logging;
using PipelineBridge.Composition;
using PipelineBridge.Configuration;
using PipelineBridge.Journal;

namespace PipelineBridge.Verbs;

/// <summary><c>pipelinebridge all</c>: bridge and stages in one process, with its journal on SQLite.</summary>
static class AllVerb
{
    public static Command Command()
    {
        var file = FileOption();
        var command = new Command("all", "Run the bridge and all stages in one process.") { file };
        command.SetAction((parsed, stop) => Run(parsed.GetValue(file), stop));
        return command;
    }

    /// <summary>The option by which a verb is told its configuration.</summary>
    public static Option<FileInfo?> FileOption() => new("--file", "-f") { Description = "The configuration; default: bridge.yaml in this directory when it is there, else none." };

    static async Task<int> Run(FileInfo? file, CancellationToken stop)
    {
        var variables = ConfigCheck.ProcessEnvironment();
        var engine = LocalEngine.Find(variables);
        var result = BridgeConfiguration.Load(file?.FullName ?? BridgeConfiguration.DefaultFile(Directory.GetCurrentDirectory()), variables, Stages.Checks,
            Stages.PartsOfAll, engine.Host);
        ConfigurationReport.Write(Console.Error, result);
        if (result.Configuration is not { } configuration)
        {
            return 2;
        }
        try
        {
            await using var process = await OneProcess.Start(configuration, LogLevel.Information, stop);
            Console.WriteLine($"PipelineBridge on {string.Join(", ", process.App.Urls)}, journal {configuration.Journal}. Ctrl-C ends it.");
            if (configuration.GeneratedKey is { } key)
            {
                Console.WriteLine(configuration.Clusters.TryGetValue("local", out var local)
                    ? $"There is no bridge.yaml: any app, and the environment local on the Docker engine at {local.Engine!.Hosts[0].Url}. The key is made anew at each start, and shown once:"
                    : $"There is no bridge.yaml: any app, the environment local, and no cluster, for {engine.Why ?? "there is no Docker engine here"}. The key is made anew at each start, and shown once:");
                Console.WriteLine($"  export BRIDGE_URL={process.App.Urls.First()} BRIDGE_TOKEN={key.Value}");
            }
            await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 0;
        }
        catch (Exception e) when (e is JournalRefusedException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}
