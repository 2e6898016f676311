using System.CommandLine;
using System.Text.Json.Nodes;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge remove</c>: an app is to run no longer in an environment.</summary>
static class RemoveVerb
{
    public static Command Command(Surroundings at)
    {
        var names = new Names(at);
        var (app, environment) = (names.App(), names.Environment());
        var command = new Command("remove", "Remove an app from an environment.") { app, environment };
        AskOptions.AddTo(command);
        return VerbRun.Verb(command, at, (run, stop) => run.AskAndFollow(
            HttpMethod.Delete,
            $"/v1/deployments/{Uri.EscapeDataString(run.Parsed.GetValue(app)!)}/{Uri.EscapeDataString(run.Parsed.GetValue(environment)!)}",
            new JsonObject(),
            stop));
    }
}
