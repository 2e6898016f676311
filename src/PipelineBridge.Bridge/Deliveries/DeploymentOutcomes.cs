using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>Decides what the stages' events mean for a lane: a digest found, a rollout that moves, a work that ended. Pure.</summary>
public static class DeploymentOutcomes
{
    /// <summary>An event of a stage that belongs to this lane.</summary>
    public static Decision<DeploymentLane> Happened(DeploymentLane lane, CdEvent e, DeciderContext context)
    {
        var decision = new Decision<DeploymentLane>(lane);
        var workId = e.Custom!.WorkId;
        var open = lane.Open.FirstOrDefault(o => workId is not null && (o.WorkId == workId || o.ResolveId == workId));
        if (open is null)
        {
            // Its request has its end already, or it is a cancel's: nothing follows for the lane.
            return decision;
        }
        if (open.WorkId == workId)
        {
            Rollout(decision, open, e, context);
        }
        else
        {
            Resolved(decision, open, e, context);
        }
        DeploymentDecider.Release(decision, context);
        return decision;
    }

    /// <summary>A stage is about to take a work back.</summary>
    public static Decision<DeploymentLane> TakingBack(DeploymentLane lane, string workId, DeciderContext context)
    {
        var decision = new Decision<DeploymentLane>(lane);
        if (lane.Open.FirstOrDefault(o => o.WorkId == workId && !o.TakingBack) is { } open)
        {
            DeploymentDecider.Replace(decision, open with
            {
                TakingBack = true,
                Document = decision.Moved(open.Document with
                {
                    TakingBackAt = context.Now,
                    Progress = (open.Document.Progress ?? new DeploymentProgressed("", "", 0, 0)) with { Phase = "takingback" },
                }),
            });
        }
        return decision;
    }

    /// <summary>Nobody is there to do a work, or is again.</summary>
    public static Decision<DeploymentLane> Waits(DeploymentLane lane, CdEvent work, string? waitingFor)
    {
        var decision = new Decision<DeploymentLane>(lane);
        if (lane.Open.FirstOrDefault(o => o.WorkId == work.Id || o.ResolveId == work.Id) is { } open && Absence.Moves(open.Document, waitingFor))
        {
            // What it waited for before nobody was there: a digest is still to be found.
            waitingFor ??= work.Content is ImageResolveRequested resolve ? $"the digest of {resolve.Image}" : null;
            DeploymentDecider.Replace(decision, open with { Document = decision.Moved(open.Document with { WaitingFor = waitingFor }) });
        }
        return decision;
    }

    static void Resolved(Decision<DeploymentLane> decision, OpenDeployment open, CdEvent e, DeciderContext context)
    {
        switch (e.Content)
        {
            case ImageResolved resolved when open.Image is null:
                DeploymentDecider.Replace(decision, open with
                {
                    Image = resolved.Image,
                    Document = decision.Moved(open.Document with { Image = resolved.Image, State = RequestState.Accepted, WaitingFor = null }),
                });
                break;
            case WorkEnded ended:
                DeploymentEnds.End(decision, open, new DeploymentRefused(), RequestState.Refused, context, With(open.Document, e.Custom!, ended.Effect));
                break;
            case WorkDeferred deferred:
                DeploymentDecider.Replace(decision, open with { Document = decision.Moved(open.Document with { WaitingFor = Deferral(open.Document.WaitingFor, e.Custom!, deferred) }) });
                break;
        }
    }

    static void Rollout(Decision<DeploymentLane> decision, OpenDeployment open, CdEvent e, DeciderContext context)
    {
        var document = open.Document;
        var custom = e.Custom!;
        switch (e.Content)
        {
            case DeploymentStarted:
                DeploymentDecider.Replace(decision, open with { Started = true, Document = decision.Moved(document with { WaitingFor = null }) });
                break;
            case DeploymentProgressed progressed:
                DeploymentDecider.Replace(decision, open with { Document = decision.Moved(document with { Progress = progressed, WaitingFor = null }) });
                break;
            case WorkDeferred deferred:
                DeploymentDecider.Replace(decision, open with { Document = decision.Moved(document with { WaitingFor = Deferral(null, custom, deferred) }) });
                break;
            case ServiceRemoved:
                decision.State = decision.State with
                {
                    Earlier = decision.State.Live is { } live ? DeploymentEnds.With(decision.State.Earlier, live) : decision.State.Earlier,
                    Live = null,
                    Broken = null,
                };
                Succeeded(decision, open, custom, context, new DeploymentSucceeded { Removed = true, PreviousImage = document.PreviousImage });
                break;
            case ServiceDeployed or ServiceUpgraded:
                var version = new DeployedVersion(open.Image!, open.Ask.Specification, open.Ask.SpecificationFormat, open.Sequence);
                if (version.Sequence >= (decision.State.Live?.Sequence ?? 0))
                {
                    // A good end that comes late never takes the place of a newer one.
                    decision.State = DeploymentEnds.Serving(decision.State, version, open.Ask.Rollback == true, document.ChainId);
                }
                Retirements.Give(decision, open, custom.AlreadyLive == true, context);
                var notRouted = open.Ask.Hostnames is { Count: > 0 } ? true : (bool?)null;
                Succeeded(decision, open, custom, context, new DeploymentSucceeded
                {
                    PreviousImage = document.PreviousImage,
                    Unchecked = custom.Unchecked,
                    AlreadyLive = custom.AlreadyLive,
                    NotRouted = notRouted,
                });
                break;
            case WorkEnded ended:
                Ended(decision, open, ended, custom, context);
                break;
        }
    }

    static void Succeeded(Decision<DeploymentLane> decision, OpenDeployment open, CustomData custom, DeciderContext context, DeploymentSucceeded end)
    {
        var phases = Merge(open.Document.Phases, custom.Phases);
        if (end is { AlreadyLive: null, Removed: null } && phases is not null)
        {
            decision.State = decision.State with { Recent = [.. decision.State.Recent.Append(phases).TakeLast(UsualPhases.Kept)] };
        }
        DeploymentEnds.End(decision, open, end, RequestState.Succeeded, context, open.Document with
        {
            Phases = phases,
            Effect = end.AlreadyLive == true ? WorkEffect.None : WorkEffect.Made,
            Unchecked = end.Unchecked,
            AlreadyLive = end.AlreadyLive,
            NotRouted = end.NotRouted,
            Cause = null,
        });
    }

    static void Ended(Decision<DeploymentLane> decision, OpenDeployment open, WorkEnded ended, CustomData custom, DeciderContext context)
    {
        var document = With(open.Document, custom, ended.Effect);
        if (ended.Effect is WorkEffect.Made or WorkEffect.Unknown && open.Image is not null)
        {
            // However it ended: something of it may stand, and a rollback goes to what served before it.
            decision.State = decision.State with { Broken = new DeployedVersion(open.Image, open.Ask.Specification, open.Ask.SpecificationFormat, open.Sequence) };
        }
        var running = ended.Effect == WorkEffect.TakenBack ? decision.State.Live?.Image : null;
        switch (ended.Result)
        {
            case WorkResult.Superseded:
                // The fence on the cluster may know a newer one that this lane does not name.
                document = document with { SupersededBy = document.SupersededBy ?? decision.State.NewestReleasedId };
                DeploymentEnds.End(decision, open, new DeploymentSuperseded(ended.Effect, document.SupersededBy), RequestState.Superseded, context, document);
                break;
            case WorkResult.Cancelled:
                DeploymentEnds.End(decision, open, new DeploymentCancelled(ended.Effect), RequestState.Cancelled, context,
                    document with { Cause = open.Document.Cause ?? document.Cause, NowRunning = running });
                break;
            case var _ when ended.Effect == WorkEffect.None:
                DeploymentEnds.End(decision, open, new DeploymentRefused(), RequestState.Refused, context, document);
                break;
            default:
                running = ended.Effect == WorkEffect.Made ? open.Image : running;
                DeploymentEnds.End(decision, open, new DeploymentFailed(ended.Effect, running), RequestState.Failed, context, document with { NowRunning = running });
                break;
        }
    }

    static RequestDocument With(RequestDocument document, CustomData custom, string effect) => document with
    {
        Category = custom.Category,
        Cause = custom.Cause,
        Evidence = custom.Evidence,
        Effect = effect,
        Phases = Merge(document.Phases, custom.Phases),
    };

    static string Deferral(string? before, CustomData custom, WorkDeferred deferred)
    {
        var reason = $"{custom.Cause ?? "its stage cannot do it now."} It is tried again at {deferred.Until:HH:mm:ss} UTC.";
        var at = before?.IndexOf(" (", StringComparison.Ordinal) ?? -1;
        return before is null ? reason : $"{(at < 0 ? before : before[..at])} ({reason})";
    }

    static Phases? Merge(Phases? before, Phases? after) => after is null ? before : before is null ? after : new Phases
    {
        WaitedSeconds = after.WaitedSeconds ?? before.WaitedSeconds,
        PushedSeconds = after.PushedSeconds ?? before.PushedSeconds,
        PulledSeconds = after.PulledSeconds ?? before.PulledSeconds,
        HealthySeconds = after.HealthySeconds ?? before.HealthySeconds,
        RoutedSeconds = after.RoutedSeconds ?? before.RoutedSeconds,
    };
}
