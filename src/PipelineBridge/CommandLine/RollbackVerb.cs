using System.CommandLine;
using System.Text.Json.Nodes;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge rollback</c>: an app is to go back to what served before.</summary>
static class RollbackVerb
{
    public static Command Command(Surroundings at)
    {
        var names = new Names(at);
        var (app, environment) = (names.App(), names.Environment());
        var to = new Option<string?>("--to") { Description = "A digest, a tag or an image that served before; default: the one before what runs.", HelpName = "version" };
        var command = new Command("rollback", "Go back to what served before, and follow it until it is live.") { app, environment, to };
        AskOptions.AddTo(command);
        return VerbRun.Verb(command, at, (run, stop) =>
        {
            var body = new JsonObject { ["app"] = run.Parsed.GetValue(app), ["environment"] = run.Parsed.GetValue(environment) };
            AskOptions.Add(body, "to", run.Parsed.GetValue(to));
            return run.AskAndFollow(HttpMethod.Post, "/v1/rollbacks", body, stop);
        });
    }
}
