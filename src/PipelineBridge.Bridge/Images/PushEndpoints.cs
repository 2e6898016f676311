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

/// <summary><c>POST /v1/pushes</c>, <c>POST /v1/pushes/check</c> and <c>POST /v1/tags</c>.</summary>
static class PushEndpoints
{
    public static void MapImages(this IEndpointRouteBuilder app)
    {
        app.MapWrite("POST", "/v1/pushes", call => call.Accept(Push(call)), HttpJson.Default.PushAsk, "Push an image");
        app.MapCheck("/v1/pushes/check", call => Push(call), HttpJson.Default.PushAsk, "Whether a push would be accepted, before its image is brought to the registry");
        app.MapWrite("POST", "/v1/tags", Tag, HttpJson.Default.TagAsk, "Set tags on an image");
    }

    static Ask Push(WriteCall<PushAsk> call)
    {
        var ask = call.Body;
        var checks = new FieldChecks(call.Caller.Demand(Verb.Push));
        checks.App(ask.App, call.Options);
        checks.Common(ask);
        var image = checks.Image("image", ask.Image, ask.App, call.Options);
        InARegistry(checks, "image", image, ask.Image, call.Options);
        checks.Tags("tags", ask.Tags);
        var (source, path, engine) = Source(ask, call.Options, checks);
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
        return new Ask
        {
            Kind = RequestId.Push,
            App = ask.App!,
            Content = _ => new ImagePushRequested(image!.ToString(), ask.Tags ?? [], source, path, engine, ask.ImageId),
            Image = image!.ToString(),
            Subject = image!.ToString(),
            Fields = ask,
        };
    }

    /// <summary>Where the image comes from: as the ask says, else as the configuration says of its app.</summary>
    static (string Source, string? Path, string? Engine) Source(PushAsk ask, BridgeOptions options, FieldChecks checks)
    {
        if (ask.Source is null)
        {
            return ask.App is not null && options.Apps?.GetValueOrDefault(ask.App)?.Engine is { } usual ? (PushSource.Engine, null, usual) : (PushSource.Registry, null, null);
        }
        var (kind, rest) = ask.Source.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? (ask.Source[..colon], ask.Source[(colon + 1)..].Trim()) : (ask.Source, null);
        switch (kind, rest)
        {
            case (PushSource.Registry, null):
                return (kind, null, null);
            case (PushSource.OciLayout or PushSource.Archive, not null):
                var root = rest.Split('/')[0];
                if (!options.Layouts.Contains(root))
                {
                    checks.Add("source", ask.Source, $"\"{root}\" is no root of layouts in bridge.yaml. {FieldChecks.Known(options.Layouts)}");
                }
                return (kind, rest, null);
            case (PushSource.Engine, not null):
                if (!options.Engines.Contains(rest))
                {
                    checks.Add("source", ask.Source, $"\"{rest}\" is no engine of bridge.yaml. {FieldChecks.Known(options.Engines)}");
                }
                return (kind, null, rest);
            default:
                checks.Add("source", ask.Source, "it must be registry, oci-layout: or archive: and a path below a root of bridge.yaml, or engine: and the name of an engine of bridge.yaml.");
                return (PushSource.Registry, null, null);
        }
    }

    /// <summary>An image of the engine's own is in no registry: its push would be tried in vain until its bound.</summary>
    static void InARegistry(FieldChecks checks, string field, ImageReference? image, string? value, BridgeOptions options)
    {
        if (image is not null && image.Registry == options.EngineRegistry)
        {
            checks.Add(field, value, $"{image.Registry}/… names an image of this machine's engine, which no registry has: no push is needed, deploy it.");
        }
    }

    static Task Tag(WriteCall<TagAsk> call)
    {
        var ask = call.Body;
        var checks = new FieldChecks(call.Caller.Demand(Verb.Tag));
        checks.App(ask.App, call.Options);
        checks.Common(ask);
        var image = checks.Image("from", ask.From, ask.App, call.Options);
        InARegistry(checks, "from", image, ask.From, call.Options);
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
