using System.CommandLine;
using System.Text.Json.Nodes;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge notify</c>: a message of the pipeline's own to one target.</summary>
static class NotifyVerb
{
    public static Command Command(Surroundings at)
    {
        var app = new Names(at).App();
        var target = new Argument<string>("target") { Description = "The target, as bridge.yaml names it." };
        var title = new Argument<string>("title") { Description = "The first line." };
        var text = new Option<string?>("--text") { Description = "What else is said.", HelpName = "text" };
        var environment = new Option<string?>("--environment") { Description = "The environment that it is about.", HelpName = "environment" };
        var mood = new Option<string?>("--mood") { Description = "How it looks; default: quiet.", HelpName = "moving|good|bad|quiet" };
        mood.CompletionSources.Add("moving", "good", "bad", "quiet");
        var command = new Command("notify", "Send a message of your own to a target.") { app, target, title, text, environment, mood };
        AskOptions.AddTo(command);
        return VerbRun.Verb(command, at, (run, stop) =>
        {
            var body = new JsonObject { ["app"] = run.Parsed.GetValue(app), ["target"] = run.Parsed.GetValue(target), ["title"] = run.Parsed.GetValue(title) };
            AskOptions.Add(body, "text", run.Parsed.GetValue(text));
            AskOptions.Add(body, "environment", run.Parsed.GetValue(environment));
            AskOptions.Add(body, "mood", run.Parsed.GetValue(mood));
            return run.AskAndFollow(HttpMethod.Post, "/v1/notifications", body, stop);
        });
    }
}
