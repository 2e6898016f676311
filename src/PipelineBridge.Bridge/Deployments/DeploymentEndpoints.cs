using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Deployments;

/// <summary>An app is to run an image in an environment.</summary>
/// <param name="Image">The image; or <paramref name="After"/>, one of the two.</param>
/// <param name="After">The push whose image is to run: its request id or the key it is posted with.</param>
/// <param name="Spec">The specification: JSON as it is, or a text.</param>
public sealed record DeploymentAsk(string? App, string? Environment, string? Image, string? After, JsonElement? Spec, string? SpecFormat, int? Replicas,
    IReadOnlyList<string>? Hostnames, int? HealthTimeoutSeconds, string? OnFailure, string? ChainId = null, BuildField? Build = null, string? By = null) : IAskFields;

/// <summary>An app is to be removed from an environment; the path names both.</summary>
public sealed record RemovalAsk(string? ChainId = null, BuildField? Build = null, string? By = null) : IAskFields;

/// <summary>An app is to go back to what served before.</summary>
public sealed record RollbackAsk(string? App, string? Environment, string? To, string? ChainId = null, BuildField? Build = null, string? By = null) : IAskFields;

/// <summary><c>POST /v1/deployments</c>, <c>DELETE /v1/deployments/{app}/{environment}</c>, <c>POST /v1/rollbacks</c>.</summary>
static class DeploymentEndpoints
{
    public static void MapDeployments(this IEndpointRouteBuilder app)
    {
        app.MapWrite("POST", "/v1/deployments", Deploy, HttpJson.Default.DeploymentAsk, "Deploy an app");
        app.MapWrite("DELETE", "/v1/deployments/{app}/{environment}", Remove, HttpJson.Default.RemovalAsk, "Remove an app from an environment");
        app.MapWrite("POST", "/v1/rollbacks", RollBack, HttpJson.Default.RollbackAsk, "Go back to what served before");
    }

    static Task Deploy(WriteCall<DeploymentAsk> call) => call.Accept(Checked(call));

    /// <summary>The ask, found right; nothing is written yet.</summary>
    internal static Ask Checked(WriteCall<DeploymentAsk> call)
    {
        var ask = call.Body;
        var checks = new FieldChecks(call.Caller.Demand(Verb.Deploy));
        checks.App(ask.App, call.Options);
        checks.Common(ask);
        var environment = Runnable(checks, ask.Environment, ask.App, call.Options);
        if ((ask.Image is null) == (ask.After is null))
        {
            checks.Add("image", ask.Image, "give image, or after with the push whose image is to run: one of the two.");
        }
        if (ask.Image is not null && checks.Image("image", ask.Image, ask.App, call.Options) is { Tag: null, Digest: null })
        {
            checks.Add("image", ask.Image, "it needs a tag or a digest.");
        }
        checks.Text("after", ask.After, IdempotencyKey.Longest);
        ask = ask with { After = After(checks, call, ask) };
        if (ask.Replicas is < 0 or > 10_000)
        {
            checks.Add("replicas", ask.Replicas.ToString(), "it must be 0 to 10000.");
        }
        if (ask.HealthTimeoutSeconds is { } health && (health < 1 || health > call.Options.LongestHealthTimeoutSeconds))
        {
            checks.Add("healthTimeoutSeconds", health.ToString(System.Globalization.CultureInfo.InvariantCulture), $"it must be 1 to {call.Options.LongestHealthTimeoutSeconds}: half of the time that a broker leaves a message with its consumer, less a minute.");
        }
        if (ask.OnFailure is not (null or OnFailure.Rollback or OnFailure.Keep))
        {
            checks.Add("onFailure", ask.OnFailure, "it must be rollback or keep.");
        }
        foreach (var (hostname, i) in (ask.Hostnames ?? []).Select((h, i) => (h, i)))
        {
            if (Uri.CheckHostName(hostname) != UriHostNameType.Dns)
            {
                checks.Add($"hostnames[{i}]", hostname, "it is no host name, e.g. portal.example.org.");
            }
        }
        checks.Throw();
        call.Caller.Demand(Verb.Deploy, ask.App);
        var services = call.Http.RequestServices;
        var known = services.GetServices<ISpecificationCheck>().ToList();
        var (digest, format, content) = Specification(checks, ask, environment!, call.Options, services.GetRequiredService<EventJournal>(), known);
        checks.Throw();
        var findings = Check(known, ask, environment!, format!, content);
        foreach (var finding in findings.Where(f => f.IsMistake))
        {
            checks.Add(new FieldMistake(finding.Field, finding.Value, finding.Message, finding.Line, finding.Column));
        }
        checks.Throw();
        return new Ask
        {
            Kind = RequestId.Deployment,
            App = ask.App!,
            Environment = ask.Environment,
            Content = _ => new DeploymentRequested
            {
                Image = ask.Image,
                After = ask.After,
                Specification = digest,
                SpecificationFormat = format,
                Replicas = ask.Replicas,
                Hostnames = ask.Hostnames,
                HealthTimeoutSeconds = ask.HealthTimeoutSeconds,
                OnFailure = ask.OnFailure,
            },
            Image = ask.Image,
            Fields = ask,
            Blobs = [BlobRow.Of("application/json", content.ToArray())],
            Warnings = [.. findings.Where(f => !f.IsMistake).Select(f => $"{f.Field}: {f.Message}")],
        };
    }

    static Task Remove(WriteCall<RemovalAsk> call)
    {
        var (app, environment) = (call.Route("app"), call.Route("environment"));
        var checks = new FieldChecks(call.Caller.Demand(Verb.Remove));
        checks.App(app, call.Options);
        checks.Common(call.Body);
        Runnable(checks, environment, app, call.Options);
        checks.Throw();
        call.Caller.Demand(Verb.Remove, app);
        return call.Accept(new Ask
        {
            Kind = RequestId.Deployment,
            App = app,
            Environment = environment,
            Content = _ => new DeploymentRequested { Removal = true },
            Fields = call.Body,
            Refusal = tx => DeploymentRefusals.Removal(Lane(tx, app, environment), app, environment) is { } why ? RefusedException.NotFound(why) : null,
        });
    }

    /// <summary>Goes back to what served before.</summary>
    internal static Task RollBack(WriteCall<RollbackAsk> call)
    {
        var ask = call.Body;
        var checks = new FieldChecks(call.Caller.Demand(Verb.Rollback));
        checks.App(ask.App, call.Options);
        checks.Common(ask);
        Runnable(checks, ask.Environment, ask.App, call.Options);
        checks.Text("to", ask.To, 512);
        checks.Throw();
        call.Caller.Demand(Verb.Rollback, ask.App);
        return call.Accept(new Ask
        {
            Kind = RequestId.Deployment,
            App = ask.App!,
            Environment = ask.Environment,
            Content = _ => new DeploymentRequested { Rollback = true, Image = ask.To },
            Fields = ask,
            Refusal = tx => DeploymentRefusals.Rollback(Lane(tx, ask.App!, ask.Environment!) ?? new DeploymentLane { App = ask.App!, Environment = ask.Environment! }, ask.To) is { } why
                ? RefusedException.Fields(new FieldMistake("to", ask.To, why))
                : null,
        });
    }

    static DeploymentLane? Lane(JournalTransaction tx, string app, string environment) => tx.State(DeploymentLane.Key(app, environment), BridgeJson.Default.DeploymentLane);

    /// <summary>The push that is meant: by its whole name when a name or a prefix was given, else the key as it stands.</summary>
    static string? After(FieldChecks checks, WriteCall<DeploymentAsk> call, DeploymentAsk ask)
    {
        if (ask.After is not { } after || !RequestId.IsPrefix(after) || after[0] != RequestId.Push)
        {
            return ask.After;
        }
        var push = call.Http.RequestServices.GetRequiredService<RequestLookup>().Find(after);
        if (push.App != ask.App)
        {
            checks.Add("after", after, $"it is no push of {ask.App}.");
        }
        return push.Id;
    }

    static EnvironmentOptions? Runnable(FieldChecks checks, string? name, string? app, BridgeOptions options)
    {
        var environment = checks.Environment(name, app, options);
        if (environment is { Cluster: null })
        {
            checks.Add("environment", name, $"it has no cluster. Write one into bridge.yaml: clusters: {{ main: {{ marathon: {{ url: http://marathon.internal:8080 }} }} }} and environments: {{ {name}: {{ zone: {environment.Zone}, cluster: main }} }}.");
        }
        return environment;
    }

    /// <summary>The specification that the ask brings, else the last deployment's, else the app's own in the configuration.</summary>
    static (string? Digest, string? Format, ReadOnlyMemory<byte> Content) Specification(FieldChecks checks, DeploymentAsk ask, EnvironmentOptions environment, BridgeOptions options, EventJournal journal,
        IReadOnlyList<ISpecificationCheck> known)
    {
        var format = ask.SpecFormat;
        var given = ask.Spec switch
        {
            null or { ValueKind: JsonValueKind.Null } => null,
            { ValueKind: JsonValueKind.String } text => Encoding.UTF8.GetBytes(text.GetString()!),
            { } json => Encoding.UTF8.GetBytes(json.GetRawText()),
        };
        // Said outright: a conversion makes an empty memory of a null, also in a conditional expression.
        ReadOnlyMemory<byte>? content = null;
        if (given is not null)
        {
            content = given;
        }
        if (content is null)
        {
            var last = journal.Read(r => r.State(DeploymentLane.Key(ask.App!, ask.Environment!), BridgeJson.Default.DeploymentLane) is { Specification: { } digest } lane
                && r.Blob(digest) is { Bytes: { } kept } ? (lane.SpecificationFormat, kept) : default((string?, byte[])?));
            if (last is { } l)
            {
                (format, content) = (ask.SpecFormat ?? l.Item1, l.Item2);
            }
            else if (options.Apps is { } apps && apps.TryGetValue(ask.App!, out var app) && app.Specification is { } own)
            {
                content = own;
            }
        }
        if (content is null)
        {
            checks.Add("spec", null, $"there is none: the ask brings none, {ask.App} was never deployed to {ask.Environment}, and apps.{ask.App}.spec is not in bridge.yaml. Give the {format ?? environment.SpecificationFormat ?? environment.ClusterKind} file of the app.");
            return default;
        }
        format ??= known.FirstOrDefault(c => c.Recognizes(content.Value))?.Format ?? environment.SpecificationFormat ?? environment.ClusterKind;
        return ("sha256:" + Convert.ToHexStringLower(SHA256.HashData(content.Value.Span)), format, content.Value);
    }

    static IReadOnlyList<SpecificationFinding> Check(IReadOnlyList<ISpecificationCheck> known, DeploymentAsk ask, EnvironmentOptions environment, string format, ReadOnlyMemory<byte> content)
    {
        if (known.FirstOrDefault(c => c.Format == format) is not { } check)
        {
            return [new SpecificationFinding(true, "specFormat", format, $"it is not known here. {FieldChecks.Known(known.Select(c => c.Format))}")];
        }
        // A cluster with files of its own kind takes the portable ones too; one without takes these alone.
        if (environment.SpecificationFormat is { } only && only != environment.ClusterKind && only != format)
        {
            var takes = $"{ask.Environment} runs on {environment.ClusterKind}, which takes a specification of format {only} alone";
            return [ask.SpecFormat is not null
                ? new SpecificationFinding(true, "specFormat", format, $"{takes}.")
                : new SpecificationFinding(true, "spec", null, $"there is none, and that of the last deployment is of format {format}: {takes}. Give one.")];
        }
        return check.Check(new SpecificationToCheck(ask.App!, ask.Environment!, content, ask.Hostnames ?? [], ask.Replicas, ask.Image, ask.HealthTimeoutSeconds));
    }
}
