using System.CommandLine;
using PipelineBridge.Composition;
using PipelineBridge.Configuration;

namespace PipelineBridge.Verbs;

/// <summary><c>pipelinebridge config check</c>: all mistakes of a configuration at once, before a restart.</summary>
static class ConfigVerb
{
    public static Command Command()
    {
        var file = AllVerb.FileOption();
        var process = new Option<string?>("--for")
        {
            Description = $"Where each process has its own secrets: the one whose secrets are looked for here, bridge or a stage ({string.Join(", ", Stages.Names)}). Without it all are.",
        };
        process.AcceptOnlyFromAmong(["bridge", .. Stages.Names]);
        var check = new Command("check", "Check a configuration: 0 when it can be started with, 2 when not.") { file, process };
        check.SetAction(parsed => ConfigCheck.Run(Console.Out, parsed.GetValue(file)?.FullName, Stages.Checks, parsed.GetValue(process) is { } name ? Stages.PartsOfProcess(name) : null));
        return new Command("config", "The configuration.") { check };
    }
}
