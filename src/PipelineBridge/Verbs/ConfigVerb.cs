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
        var check = new Command("check", "Check a configuration: 0 when it can be started with, 2 when not.") { file };
        check.SetAction(parsed => ConfigCheck.Run(Console.Out, parsed.GetValue(file)?.FullName, Stages.Checks));
        return new Command("config", "The configuration.") { check };
    }
}
