using Microsoft.AspNetCore.Routing;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Images;

/// <summary>An image is to be in a registry under its tags.</summary>
public sealed record PushAsk(string? App, string? Image, IReadOnlyList<string>? Tags, string? Source, string? ImageId,
    string? ChainId = null, BuildField? Build = null, string? By = null) : IAskFields;

/// <summary>Tags are to be set on an image by its digest.</summary>
public sealed record TagAsk(string? App, string? From, IReadOnlyList<string>? Tags, string? ChainId = null, BuildField? Build = null, string? By = null) : IAskFields;

/// <summary><c>POST /v1/pushes</c> and <c>POST /v1/tags</c>.</summary>
static class PushEndpoints
{
    const string Layout = "oci-layout:";

    public static void MapImages(this IEndpointRouteBuilder app)
    {
        app.MapWrite("POST", "/v1/pushes", Push, HttpJson.Default.PushAsk, "Push an image");
        app.MapWrite("POST", "/v1/tags", Tag, HttpJson.Default.TagAsk, "Set tags on an image");
    }

    static Task Push(WriteCall<PushAsk> call)
    {
        var ask = call.Body;
        var checks = new FieldChecks(call.Caller.Demand(Verb.Push));
        checks.App(ask.App, call.Options);
        checks.Common(ask);
        var image = checks.Image("image", ask.Image, ask.App, call.Options);
        checks.Tags("tags", ask.Tags);
        var (source, path) = (ask.Source ?? PushSource.Registry, default(string));
        if (source.StartsWith(Layout, StringComparison.Ordinal))
        {
            (source, path) = (PushSource.OciLayout, source[Layout.Length..].Trim());
            var root = path.Split('/')[0];
            if (!call.Options.Layouts.Contains(root))
            {
                checks.Add("source", ask.Source, $"\"{root}\" is no root of layouts in bridge.yaml. Known are {FieldChecks.Some(call.Options.Layouts)}.");
            }
        }
        else if (source != PushSource.Registry)
        {
            checks.Add("source", ask.Source, "it must be registry, or oci-layout: and a path below a root of bridge.yaml.");
        }
        if (image is { Tag: null, Digest: null })
        {
            checks.Add("image", ask.Image, "it needs a tag, e.g. registry.internal/portal:412.");
        }
        if (image is { Digest: not null } && source != PushSource.Registry)
        {
            checks.Add("image", ask.Image, "what is pushed has its digest from its content; give registry/repository:tag.");
        }
        if (ask.ImageId is { } id && !ImageReference.IsDigest(id))
        {
            checks.Add("imageId", id, "it must be sha256: and 64 hexadecimal digits.");
        }
        checks.Throw();
        call.Caller.Demand(Verb.Push, ask.App);
        return call.Accept(new Ask
        {
            Kind = RequestId.Push,
            App = ask.App!,
            Content = _ => new ImagePushRequested(image!.ToString(), ask.Tags ?? [], source, path, null, ask.ImageId),
            Image = image!.ToString(),
            Subject = image!.ToString(),
            Fields = ask,
        });
    }

    static Task Tag(WriteCall<TagAsk> call)
    {
        var ask = call.Body;
        var checks = new FieldChecks(call.Caller.Demand(Verb.Tag));
        checks.App(ask.App, call.Options);
        checks.Common(ask);
        var image = checks.Image("from", ask.From, ask.App, call.Options);
        checks.Tags("tags", ask.Tags);
        if (ask.Tags is null or { Count: 0 })
        {
            checks.Add("tags", null, "it must name at least one tag to set.");
        }
        if (image is { Tag: null, Digest: null })
        {
            checks.Add("from", ask.From, "it needs a tag or a digest.");
        }
        checks.Throw();
        call.Caller.Demand(Verb.Tag, ask.App);
        return call.Accept(new Ask
        {
            Kind = RequestId.Tag,
            App = ask.App!,
            Content = _ => new ImageTagRequested(image!.ToString(), ask.Tags!),
            Image = image!.ToString(),
            Subject = image!.ToString(),
            Fields = ask,
        });
    }
}
