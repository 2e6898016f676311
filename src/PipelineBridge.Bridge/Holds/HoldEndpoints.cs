using Microsoft.AspNetCore.Routing;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Holds;

/// <summary>Deployments of an app to an environment are to wait.</summary>
public sealed record HoldAsk(string? Reason, DateTimeOffset? Until, string? ChainId = null, BuildField? Build = null, string? By = null) : IAskFields;

/// <summary>A hold is to end.</summary>
public sealed record HoldLiftAsk(string? ChainId = null, BuildField? Build = null, string? By = null) : IAskFields;

/// <summary><c>PUT</c> and <c>DELETE /v1/holds/{app}/{environment}</c>.</summary>
static class HoldEndpoints
{
    public static void MapHolds(this IEndpointRouteBuilder app)
    {
        app.MapWrite("PUT", "/v1/holds/{app}/{environment}", Put, HttpJson.Default.HoldAsk, "Hold the deployments of an app");
        app.MapWrite("DELETE", "/v1/holds/{app}/{environment}", Lift, HttpJson.Default.HoldLiftAsk, "Lift a hold");
    }

    static Task Put(WriteCall<HoldAsk> call) => Put(call, call.Route("app"), call.Route("environment"));

    /// <summary>Holds the deployments of an app.</summary>
    internal static Task Put(WriteCall<HoldAsk> call, string app, string environment)
    {
        var ask = call.Body;
        var checks = new FieldChecks(call.Caller.Demand(Verb.Hold));
        checks.App(app, call.Options);
        checks.Environment(environment, app, call.Options);
        checks.Common(ask);
        checks.Text("reason", ask.Reason ?? "", 512);
        if (ask.Until is null)
        {
            checks.Add("until", null, "it is missing: a hold ends by itself at a time, e.g. 2026-11-25T08:00:00Z.");
        }
        checks.Throw();
        call.Caller.Demand(Verb.Hold, app);
        return call.Accept(new Ask
        {
            Kind = RequestId.Fact,
            App = app,
            Environment = environment,
            Content = _ => new DeploymentHeld(ask.Reason!, ask.Until!.Value),
            Fields = ask,
            // At the moment of writing: a repeated one with the same key joins the first, also when its time is over.
            Refusal = tx => ask.Until <= tx.Now
                ? RefusedException.Fields(new FieldMistake("until", ask.Until.Value.ToString("O"), "it has passed; give a time to come."))
                : null,
        });
    }

    static Task Lift(WriteCall<HoldLiftAsk> call) => Lift(call, call.Route("app"), call.Route("environment"));

    /// <summary>Lifts a hold.</summary>
    internal static Task Lift(WriteCall<HoldLiftAsk> call, string app, string environment)
    {
        var checks = new FieldChecks(call.Caller.Demand(Verb.Hold));
        checks.App(app, call.Options);
        checks.Environment(environment, app, call.Options);
        checks.Common(call.Body);
        checks.Throw();
        call.Caller.Demand(Verb.Hold, app);
        return call.Accept(new Ask
        {
            Kind = RequestId.Fact,
            App = app,
            Environment = environment,
            Content = _ => new DeploymentHoldLifted("lifted"),
            Fields = call.Body,
            Refusal = tx => tx.State(DeploymentLane.Key(app, environment), BridgeJson.Default.DeploymentLane)?.Hold is null
                ? RefusedException.NotFound($"Nothing holds {app} on {environment}.")
                : null,
        });
    }
}
