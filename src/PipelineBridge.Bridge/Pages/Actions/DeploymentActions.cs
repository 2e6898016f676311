using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Deployments;
using PipelineBridge.Bridge.Holds;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;

namespace PipelineBridge.Bridge.Pages.Actions;

/// <summary>The buttons of a delivery: roll back, cancel, hold, lift.</summary>
static class DeploymentActions
{
    /// <summary>Goes back to what served before.</summary>
    public static PageAction Rollback { get; } = new("rollback", call =>
    {
        var (app, environment) = Place(call, Verb.Rollback);
        var lane = Lane(call, app, environment);
        if (DeploymentRefusals.Rollback(lane, null) is { } why)
        {
            throw RefusedException.Conflict(why);
        }
        var target = DeploymentRefusals.RollbackTarget(lane, null)!;
        var now = lane.Broken ?? lane.Live;
        return new Confirmation($"Roll back {app} → {environment}?", Html.Of($"""
            <p>From <strong>{DeliveryMessage.Version(now?.Image)}</strong> to <strong>{DeliveryMessage.Version(target.Image)}</strong>, with the specification of that time.</p>
            <p class="mono">{target.Image}</p>
            {Html.If(lane.Open.Count > 0, () => Html.Of($"<p>It takes the place of what is on its way: {PageWords.Linked(string.Join(", ", lane.Open.Select(o => o.Document.Id)))}.</p>"))}
            """), "Roll back", Back(call)) { Carried = [("app", app), ("environment", environment), ("to", target.Image)] };
    }, async call =>
    {
        var (app, environment) = Place(call, Verb.Rollback);
        // To what the page said, not to what would be the one before by now: a click does what was read.
        var ask = new RollbackAsk(app, environment, call.Field("to") is { Length: > 0 } to ? to : null, By: call.Viewer.Session?.Person);
        return ActionCall.PageOf(await call.Ask(ask, DeploymentEndpoints.RollBack));
    });

    /// <summary>Takes a request back that has no end yet.</summary>
    public static PageAction Cancel { get; } = new("cancel", call =>
    {
        var d = Request(call);
        if (d.Environment is null || d.Kind is "push" or "tag" or "notification" or "fact")
        {
            throw RefusedException.Conflict(RequestEndpoints.NoCancel(d, call.Service<BridgeOptions>().WorkSeconds));
        }
        if (DeploymentRefusals.Cancel(Lane(call, d.App, d.Environment), d.Id) is { } why)
        {
            throw RefusedException.Conflict(why);
        }
        return new Confirmation($"Cancel this {d.Kind}?", Html.Of($"""
            <p>{PageWords.Where(d)}, {PageWords.Link(d.Id)}: {PageWords.Stands(d)}</p>
            <p>{(d.State == RequestState.Running ? "The cluster is told to stop it, and what runs before it is brought back." : "Nothing was changed yet; it ends at once.")}</p>
            """), "Cancel it", $"/{d.Id}") { Carried = [("request", d.Id)] };
    }, async call =>
    {
        var d = Request(call);
        var ask = new CancelAsk(By: call.Viewer.Session?.Person);
        return ActionCall.PageOf(await call.Ask(ask, c => RequestEndpoints.Cancel(c, d.Id)));
    });

    /// <summary>Holds the deployments of an app.</summary>
    public static PageAction Hold { get; } = new("hold", call =>
    {
        var (app, environment) = Place(call, Verb.Hold);
        return new Confirmation($"Hold {app} → {environment}?", Html.Of($"""
            <p>Later deployments wait and say why; a rollback passes, and what rolls goes on. At its end the newest waiting one is released.</p>
            """), "Hold", Back(call))
        {
            Carried = [("app", app), ("environment", environment)],
            Inputs = Html.Of($"""
                <label for="reason">Reason</label><input id="reason" name="reason" required maxlength="512" value="{call.Field("reason")}">
                <label for="hours">For so many hours</label><input id="hours" name="hours" type="number" min="0.1" max="{MostHours}" step="any" required value="{(call.Field("hours") is { Length: > 0 } hours ? hours : "4")}">
                """),
        };
    }, async call =>
    {
        var (app, environment) = Place(call, Verb.Hold);
        var text = call.Field("hours");
        if (!double.TryParse(text, System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out var hours) || hours is <= 0 or > MostHours)
        {
            throw RefusedException.Fields(new FieldMistake("hours", text, $"it must be a number from 0.1 to {MostHours}."));
        }
        var ask = new HoldAsk(call.Field("reason"), call.Service<TimeProvider>().GetUtcNow().AddHours(hours), By: call.Viewer.Session?.Person);
        return ActionCall.PageOf(await call.Ask(ask, c => HoldEndpoints.Put(c, app, environment)));
    });

    /// <summary>Lifts a hold.</summary>
    public static PageAction Lift { get; } = new("lift", call =>
    {
        var (app, environment) = Place(call, Verb.Hold);
        var lane = Lane(call, app, environment);
        var hold = lane.Hold ?? throw RefusedException.NotFound($"Nothing holds {app} on {environment}.");
        return new Confirmation($"Lift the hold on {app} → {environment}?", Html.Of($"""
            <p>It would end at {PageWords.Full(hold.Until)}: {hold.Reason}</p><p>{(lane.Open.LastOrDefault(DeploymentDecider.IsToBeReleased) is { } next ? Html.Of($"The newest deployment that waits is released at once: {PageWords.Link(next.Document.Id)}.") : Html.Of($"No deployment waits for it."))}</p>
            """), "Lift", Back(call)) { Carried = [("app", app), ("environment", environment)] };
    }, async call =>
    {
        var (app, environment) = Place(call, Verb.Hold);
        var ask = new HoldLiftAsk(By: call.Viewer.Session?.Person);
        return ActionCall.PageOf(await call.Ask(ask, c => HoldEndpoints.Lift(c, app, environment)));
    });

    const int MostHours = 24 * 31;

    static (string App, string Environment) Place(ActionCall call, string verb)
    {
        var (app, environment) = (call.Field("app"), call.Field("environment"));
        call.Demand(verb, app);
        return (app, environment);
    }

    static RequestDocument Request(ActionCall call)
    {
        call.Caller.Demand(Verb.Cancel);
        var d = call.Service<RequestLookup>().Find(call.Field("request"));
        call.Demand(Verb.Cancel, d.App);
        return d;
    }

    static DeploymentLane Lane(ActionCall call, string app, string environment) =>
        call.Journal.Read(r => r.State(DeploymentLane.Key(app, environment), BridgeJson.Default.DeploymentLane)) ?? new DeploymentLane { App = app, Environment = environment };

    static string Back(ActionCall call) => SignInEndpoints.Local(call.Field("back"));
}
