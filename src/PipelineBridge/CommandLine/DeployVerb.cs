using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Bridge.Deliveries;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge deploy</c>: an app is to run an image in an environment.</summary>
static class DeployVerb
{
    const int LargestSpecificationBytes = 1024 * 1024;

    public static Command Command(Surroundings at)
    {
        var names = new Names(at);
        var app = names.App();
        var environment = names.Environment();
        var image = new Argument<string?>("image") { Description = "The image; without one, and without --after, what runs there, or ran there last, is deployed again.", Arity = ArgumentArity.ZeroOrOne };
        var after = new Option<string?>("--after") { Description = "The push whose image is to run: its request, or the key it is posted with.", HelpName = "push" };
        var spec = new Option<FileInfo?>("--spec") { Description = "The specification; default: the last one, else the one of bridge.yaml.", HelpName = "file" };
        var format = new Option<string?>("--spec-format") { Description = "What it is written in; default: that of the environment's cluster.", HelpName = "format" };
        var replicas = new Option<int?>("--replicas") { Description = "How many tasks.", HelpName = "count" };
        var hostnames = new Option<string[]>("--hostname") { Description = "A host name under which it is served; may be given again.", HelpName = "name" };
        var seconds = new Option<int?>("--health-timeout") { Description = "How long new tasks may take to become healthy.", HelpName = "seconds" };
        var onFailure = new Option<string?>("--on-failure") { Description = "What becomes of a rollout that fails.", HelpName = "rollback|keep" };
        onFailure.CompletionSources.Add("rollback", "keep");
        var command = new Command("deploy", "Deploy an app, and follow it until it is live.") { app, environment, image, after, spec, format, replicas, hostnames, seconds, onFailure };
        AskOptions.AddTo(command);
        return VerbRun.Verb(command, at, async (run, stop) =>
        {
            var (a, e) = (run.Parsed.GetValue(app)!, run.Parsed.GetValue(environment)!);
            var body = new JsonObject { ["app"] = a, ["environment"] = e };
            AskOptions.Add(body, "image", run.Parsed.GetValue(image));
            AskOptions.Add(body, "after", run.Parsed.GetValue(after));
            if (run.Parsed.GetValue(spec) is { } file)
            {
                body["spec"] = Specification(file);
            }
            AskOptions.Add(body, "specFormat", run.Parsed.GetValue(format));
            AskOptions.Add(body, "hostnames", run.Parsed.GetValue(hostnames));
            AskOptions.Add(body, "onFailure", run.Parsed.GetValue(onFailure));
            Add(body, "replicas", run.Parsed.GetValue(replicas));
            Add(body, "healthTimeoutSeconds", run.Parsed.GetValue(seconds));
            if (body["image"] is null && body["after"] is null)
            {
                body["image"] = await LastLive(run, a, e, stop);
            }
            return await run.AskAndFollow(HttpMethod.Post, "/v1/deployments", body, stop);
        });
    }

    /// <summary>What runs there, else what ran there last: never what was refused, failed or was taken back.</summary>
    static async Task<string> LastLive(VerbRun run, string app, string environment, CancellationToken stop)
    {
        var where = $"app={Uri.EscapeDataString(app)}&environment={Uri.EscapeDataString(environment)}";
        var (now, _) = await run.Bridge.Read($"/v1/services?{where}", CommandJson.Default.ServicesAnswer, stop);
        if (now.Services is [{ Image: { } serves } cell, ..])
        {
            run.At.Errors.WriteLine($"Again what runs: {serves}{(cell.RequestId is { } id ? $" (#{VerbRun.PageName(id)})" : "")}.");
            return serves;
        }
        var (asked, _) = await run.Bridge.Read($"/v1/deployments?{where}&limit=50", CommandJson.Default.DeploymentsAnswer, stop);
        var last = asked.Deployments.FirstOrDefault(d => d is { Kind: "deployment" or "rollback", State: RequestState.Succeeded, Image: not null })
            ?? throw new VerbException(ExitCode.WrongUse, $"No image is given, and {app} was never live on {environment}.", $"Give one: pipelinebridge deploy {app} {environment} registry.internal/{app}:412, or --after with a push.");
        run.At.Errors.WriteLine($"Again what ran last: {last.Image} (#{VerbRun.PageName(last.Id)}).");
        return last.Image!;
    }

    /// <summary>The file as a text, so that a mistake is told by its line in the file.</summary>
    static JsonValue Specification(FileInfo file)
    {
        try
        {
            if (file.Length > LargestSpecificationBytes)
            {
                throw new VerbException(ExitCode.WrongUse, $"{file} has {file.Length} bytes; a specification has at most {LargestSpecificationBytes}.");
            }
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(file.FullName));
            return JsonValue.Create(text.TrimStart('\uFEFF'));
        }
        catch (ArgumentException)
        {
            throw new VerbException(ExitCode.WrongUse, $"{file} of --spec is no text in UTF-8.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbException(ExitCode.WrongUse, $"{file} of --spec cannot be read: {(e is FileNotFoundException or DirectoryNotFoundException ? "it is not there" : "its rights or its disk do not allow it")}.");
        }
    }

    static void Add(JsonObject body, string name, int? value)
    {
        if (value is { } number)
        {
            body[name] = number;
        }
    }
}
