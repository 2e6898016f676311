using System.CommandLine;
using System.Text.Json.Nodes;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge tag</c>: tags for an image that is in its registry; no layer moves.</summary>
static class TagVerb
{
    public static Command Command(Surroundings at)
    {
        var app = new Names(at).App();
        var from = new Argument<string>("image") { Description = "The image, registry/repository:tag or @digest." };
        var tags = new Argument<string[]>("tags") { Description = "The tags to set.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("tag", "Set tags on an image by its digest.") { app, from, tags };
        AskOptions.AddTo(command);
        return VerbRun.Verb(command, at, (run, stop) =>
        {
            var body = new JsonObject { ["app"] = run.Parsed.GetValue(app), ["from"] = run.Parsed.GetValue(from) };
            AskOptions.Add(body, "tags", run.Parsed.GetValue(tags));
            return run.AskAndFollow(HttpMethod.Post, "/v1/tags", body, stop);
        });
    }
}
