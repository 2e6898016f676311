using System.CommandLine;
using System.Text.Json.Nodes;
using PipelineBridge.Bridge.Pages;
using PipelineBridge.Events;
using PipelineBridge.Registry;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge push</c>: an image is to be in its registry under its tags. With <c>--from</c>, its blobs go from here straight to the registry, and nothing large through the bridge.</summary>
static class PushVerb
{
    public static Command Command(Surroundings at)
    {
        var app = new Names(at).App();
        var image = new Argument<string>("image") { Description = "The image, registry/repository:tag." };
        var from = new Option<FileSystemInfo?>("--from") { Description = "Push it from here: the directory of an OCI layout, or a tar of one or of docker save.", HelpName = "path" };
        var tags = new Option<string[]>("--tag") { Description = "A further tag; may be given again.", HelpName = "tag" };
        var source = new Option<string?>("--source") { Description = "Where the bridge finds it, as POST /v1/pushes takes it; default: what bridge.yaml says for the app, else registry.", HelpName = "source" };
        var imageId = new Option<string?>("--image-id") { Description = "The id that the image must have.", HelpName = "sha256:…" };
        var registry = new Option<string?>("--registry-url") { Description = "The registry's API, where it is not https:// and the image's registry.", HelpName = "url" };
        var command = new Command("push", "Bring an image into its registry, and set its tags.") { app, image, from, tags, source, imageId, registry };
        AskOptions.AddTo(command);
        return VerbRun.Verb(command, at, async (run, stop) =>
        {
            var body = new JsonObject { ["app"] = run.Parsed.GetValue(app), ["image"] = run.Parsed.GetValue(image) };
            AskOptions.Add(body, "tags", run.Parsed.GetValue(tags));
            AskOptions.Add(body, "source", run.Parsed.GetValue(source));
            AskOptions.Add(body, "imageId", run.Parsed.GetValue(imageId));
            if (run.Parsed.GetValue(from) is { } path)
            {
                if (body["source"] is not null)
                {
                    throw new VerbException(ExitCode.WrongUse, "--from pushes from here; --source is where the bridge finds the image.", "Give one of the two.");
                }
                if (!File.Exists(path.FullName) && !Directory.Exists(path.FullName))
                {
                    throw new VerbException(ExitCode.WrongUse, $"{path} of --from is not there.", "Give the directory of an OCI layout, or a tar of one or of docker save.");
                }
                body["source"] = PushSource.Registry;
                body["image"] = (await Directly(run, body, path.ToString(), run.Parsed.GetValue(registry), stop)).ToString();
            }
            return await run.AskAndFollow(HttpMethod.Post, "/v1/pushes", body, stop);
        });
    }

    static async Task<ImageReference> Directly(VerbRun run, JsonObject body, string path, string? url, CancellationToken stop)
    {
        var (text, imageId) = ((string)body["image"]!, (string?)body["imageId"]);
        if (!ImageReference.TryParse(text, out var image, out var wrong))
        {
            throw new VerbException(ExitCode.WrongUse, wrong!);
        }
        if (image is not { Tag: not null, Digest: null })
        {
            throw new VerbException(ExitCode.WrongUse, $"\"{text}\" must have a tag and no digest: what is pushed has its digest from its content.", $"E.g. {image!.Name}:412.");
        }
        var given = RegistryUrl(image.Registry, url);
        IReadOnlyList<RegistryOptions> known = await RegistryOf(image.Registry, given, run.At, stop) is { } options ? [options] : [];
        // What the bridge would refuse afterwards, a key that may not push above all, it refuses before a byte moves.
        await run.Check("/v1/pushes/check", body, stop);
        var began = run.At.Clock.GetTimestamp();
        try
        {
            using var connections = new RegistryConnections(known, run.At.Clock);
            var meter = new PushMeter();
            var push = new DirectPush(connections).Push(image, path, imageId, meter, stop);
            var (pushed, size) = await (run.IsJson ? push : new UploadView(run.At, $"push {(string)body["app"]!} → {text}", meter).Until(push));
            if (!run.IsJson)
            {
                run.Print($"{pushed.Name}@{pushed.Digest![..15]}  {PageWords.Bytes(size.NewBytes)} of {PageWords.Bytes(size.TotalBytes)} new  pushed in {PageWords.Duration(run.At.Clock.GetElapsedTime(began).TotalSeconds)}");
            }
            return pushed;
        }
        catch (DirectPushException e)
        {
            var evidence = e.Evidence is { Length: > 0 } quoted ? $" ({Refusals.Line(quoted)})" : "";
            throw new VerbException(ExitCode.Failed, $"The image was not pushed, and the bridge was asked for nothing: {e.Message}{evidence}", e.MayPass ? "Give the same command again: what the registry has is not sent twice." : null);
        }
    }

    /// <summary>What <c>--registry-url</c> says; null for nothing.</summary>
    internal static Uri? RegistryUrl(string name, string? url) => url is null ? null
        : Uri.TryCreate(url, UriKind.Absolute, out var given) && given.Scheme is "http" or "https" ? given
        : throw new VerbException(ExitCode.WrongUse, $"--registry-url \"{url}\" is no URL.", $"E.g. http://{name}.");

    /// <summary>The registry with the caller's credentials; null when nothing is known of it.</summary>
    internal static async Task<RegistryOptions?> RegistryOf(string name, Uri? url, Surroundings at, CancellationToken stop)
    {
        var credentials = await new RegistryCredentials(at).Of(name, stop);
        var isLoopback = new Uri($"https://{name}/").IsLoopback;
        return credentials is null && url is null
            ? null
            : new RegistryOptions(name, url ?? new Uri($"{(isLoopback ? "http" : "https")}://{name}/"), credentials?.Username, credentials is null ? null : () => credentials.Password);
    }
}
