using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>
/// Decides the deployments of one app in one environment: what an ask waits for, when it is released, what it
/// supersedes. Pure: (lane, event) → decision; how works end is in <see cref="DeploymentOutcomes"/>.
/// </summary>
public static class DeploymentDecider
{
    /// <summary>Somebody asked. What a refusal would say before anything is journaled is <see cref="DeploymentRefusals"/>'s.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="ask">The ask's event.</param>
    /// <param name="sequence">The sequence by which it wins or loses; a replay's is that of its original.</param>
    /// <param name="push">How the push stands that it waits for; null when it names none.</param>
    /// <param name="context">Time and configuration.</param>
    public static Decision<DeploymentLane> Asked(DeploymentLane lane, CdEvent ask, long sequence, PushStanding? push, DeciderContext context)
    {
        var decision = new Decision<DeploymentLane>(lane);
        var content = ask.Read<DeploymentRequested>();
        var custom = ask.Custom!;
        if (content.Rollback == true && DeploymentRefusals.RollbackTarget(lane, content.Image) is { } target)
        {
            content = content with { Image = target.Image, Specification = target.Specification, SpecificationFormat = target.SpecificationFormat };
        }
        var open = new OpenDeployment
        {
            AskId = ask.Id,
            Ask = content,
            Image = content.Rollback == true ? content.Image : null,
            Document = new RequestDocument
            {
                Id = custom.RequestId!,
                Kind = content.Removal == true ? "removal" : content.Rollback == true ? "rollback" : "deployment",
                App = lane.App,
                Environment = lane.Environment,
                ChainId = ask.ChainId!,
                Sequence = sequence,
                State = RequestState.Accepted,
                Image = content.Image,
                PreviousImage = lane.Live?.Image,
                AskedAt = ask.Time,
                By = custom.By,
                Build = custom.Build,
            },
        };
        decision.Moved(open.Document);
        decision.State = lane with
        {
            Open = [.. lane.Open.Where(o => o.Sequence < sequence), open, .. lane.Open.Where(o => o.Sequence > sequence)],
        };
        if (push is not null)
        {
            PushWaits.Wait(decision, open, push, context);
        }
        else if (content.Rollback != true && content.Removal != true)
        {
            // With a digest too: one that is not there is told before anything changes.
            Resolve(decision, open, content.Image!, context);
        }
        Release(decision, context);
        return decision;
    }

    /// <summary>Somebody takes a request back. <see cref="DeploymentRefusals.Cancel"/> says beforehand whether that can be.</summary>
    public static Decision<DeploymentLane> Cancelled(DeploymentLane lane, string requestId, Actor? by, DeciderContext context)
    {
        var decision = new Decision<DeploymentLane>(lane);
        var open = lane.Open.FirstOrDefault(o => o.Document.Id == requestId);
        if (open is null || open.Stopping is not null)
        {
            return decision;
        }
        if (!open.Released)
        {
            DeploymentEnds.End(decision, open, new DeploymentCancelled(WorkEffect.None), RequestState.Cancelled, context,
                open.Document with { Cause = $"Taken back by {by?.Person ?? by?.Key ?? "somebody"} before it began.", Effect = WorkEffect.None });
            Release(decision, context);
            return decision;
        }
        // A cluster that the configuration lost: its queue has no stage, and the sweep ends the work, told.
        var cluster = Cluster(lane, context) ?? "-";
        var work = BridgeEvents.Make(Ask(open).Then("work", EventTypes.Of<DeploymentCancelRequested>().Name), new DeploymentCancelRequested(cluster, open.WorkId!),
            context.Now, open.Document.ChainId, Ask(open), Custom(lane, open) with { By = by });
        decision.Events.Add(new Decided(work, Queues.ClusterDeploy(cluster), Partition(lane)));
        Replace(decision, open with
        {
            Stopping = WorkResult.Cancelled,
            Document = decision.Moved(open.Document with { Cause = $"Taken back by {by?.Person ?? by?.Key ?? "somebody"}." }),
        });
        return decision;
    }

    /// <summary>A hold was put, changed or taken away (null).</summary>
    public static Decision<DeploymentLane> HoldChanged(DeploymentLane lane, Hold? hold, DeciderContext context)
    {
        var decision = new Decision<DeploymentLane>(lane with { Hold = hold });
        Release(decision, context);
        return decision;
    }

    /// <summary>Releases what can be: the newest that knows its digest and is not held. It supersedes every older one.</summary>
    internal static void Release(Decision<DeploymentLane> decision, DeciderContext context)
    {
        var lane = decision.State;
        var held = lane.Hold is { } hold && hold.Until > context.Now ? hold : null;
        foreach (var open in lane.Open.Where(o => !o.Released))
        {
            if (open.Sequence < lane.NewestReleased)
            {
                Overtaken(decision, open, lane.NewestReleasedId!, context);
            }
            else if (IsReady(open) && held is not null && open.Ask.Rollback != true)
            {
                Wait(decision, open, $"the hold until {held.Until:yyyy-MM-dd HH:mm 'UTC'}: {held.Reason}");
            }
        }
        var next = decision.State.Open.LastOrDefault(o => IsToBeReleased(o) && (held is null || o.Ask.Rollback == true));
        if (next is null)
        {
            return;
        }
        if (Cluster(lane, context) is null)
        {
            DeploymentEnds.End(decision, next, new DeploymentRefused(), RequestState.Refused, context, next.Document with
            {
                Category = FailureCategory.Configuration,
                Cause = $"The configuration no longer has the environment {lane.Environment}, or no cluster for it; nothing was changed.",
            });
            Release(decision, context);
            return;
        }
        foreach (var older in decision.State.Open.Where(o => o.Sequence < next.Sequence).ToList())
        {
            if (!older.Released)
            {
                Overtaken(decision, older, next.Document.Id, context);
            }
            else if (older.Stopping is null)
            {
                // Its stage sees the newer work and stops it; the document waits for that end.
                Replace(decision, older with { Stopping = WorkResult.Superseded, Document = decision.Moved(older.Document with { SupersededBy = next.Document.Id }) });
            }
        }
        var work = Work(decision.State, next, context, out var queue);
        decision.Events.Add(new Decided(work, queue, Partition(lane)));
        var image = next.Image ?? next.Document.Image;
        Replace(decision, next with
        {
            Released = true,
            WorkId = work.Id,
            Document = decision.Moved(next.Document with
            {
                State = RequestState.Running,
                WaitingFor = null,
                Image = image,
                ReleasedAt = context.Now,
                Usual = UsualPhases.Of(lane.Recent),
                Phases = new Phases { WaitedSeconds = Math.Round((context.Now - next.Document.AskedAt).TotalSeconds, 3) },
            }),
        });
        decision.State = decision.State with
        {
            NewestReleased = next.Sequence,
            NewestReleasedId = next.Document.Id,
            // Of what was released, never of an ask that lost: the next one that brings none takes it.
            Specification = next.Ask.Specification ?? lane.Specification,
            SpecificationFormat = next.Ask.Specification is null ? lane.SpecificationFormat : next.Ask.SpecificationFormat,
        };
    }

    internal static EventId Ask(OpenDeployment open) => EventId.Parse(open.AskId);

    internal static CustomData Custom(DeploymentLane lane, OpenDeployment open) => new()
    {
        App = lane.App,
        Environment = lane.Environment,
        RequestId = open.Document.Id,
        Sequence = open.Sequence,
        Image = open.Image ?? open.Document.Image,
        Build = open.Document.Build,
    };

    internal static void Replace(Decision<DeploymentLane> decision, OpenDeployment open) =>
        decision.State = decision.State with { Open = [.. decision.State.Open.Select(o => o.AskId == open.AskId ? open : o)] };

    internal static string? Cluster(DeploymentLane lane, DeciderContext context) =>
        context.Options.Environments.TryGetValue(lane.Environment, out var environment) ? environment.Cluster : null;

    internal static string Partition(DeploymentLane lane) => $"{lane.App}/{lane.Environment}";

    /// <summary>Whether nothing but a hold keeps it from its stage.</summary>
    internal static bool IsToBeReleased(OpenDeployment open) => !open.Released && IsReady(open);

    static bool IsReady(OpenDeployment open) => open.Image is not null || open.Ask.Removal == true;

    static void Overtaken(Decision<DeploymentLane> decision, OpenDeployment open, string by, DeciderContext context) =>
        DeploymentEnds.End(decision, open, new DeploymentSuperseded(WorkEffect.None, by), RequestState.Superseded, context,
            open.Document with { SupersededBy = by, Effect = WorkEffect.None, Cause = "A newer deployment was released first; nothing of this one was changed." });

    internal static void Wait(Decision<DeploymentLane> decision, OpenDeployment open, string waitingFor)
    {
        if (open.Document.WaitingFor != waitingFor)
        {
            Replace(decision, open with { Document = decision.Moved(open.Document with { State = RequestState.Waiting, WaitingFor = waitingFor }) });
        }
    }

    static void Resolve(Decision<DeploymentLane> decision, OpenDeployment open, string image, DeciderContext context)
    {
        var work = BridgeEvents.Make(Ask(open).Then("work", EventTypes.Of<ImageResolveRequested>().Name), new ImageResolveRequested(image),
            context.Now, open.Document.ChainId, Ask(open), Custom(decision.State, open));
        decision.Events.Add(new Decided(work, Queues.RegistryResolve, ImageReference.Parse(image).Name));
        Replace(decision, open with { ResolveId = work.Id });
        Wait(decision, decision.State.Open.First(o => o.AskId == open.AskId), $"the digest of {image}");
    }

    static CdEvent Work(DeploymentLane lane, OpenDeployment open, DeciderContext context, out string queue)
    {
        var environment = context.Options.Environments[lane.Environment];
        var cluster = environment.Cluster!;
        queue = Queues.ClusterDeploy(cluster);
        IEventContent content = open.Ask.Removal == true
            ? new DeploymentRetireRequested(cluster, DeploymentRetireRequested.All)
            : new DeploymentRolloutRequested
            {
                Cluster = cluster,
                Image = open.Image!,
                Specification = open.Ask.Specification!,
                SpecificationFormat = open.Ask.SpecificationFormat!,
                Replicas = open.Ask.Replicas,
                Hostnames = open.Ask.Hostnames,
                HealthTimeoutSeconds = open.Ask.HealthTimeoutSeconds ?? environment.HealthTimeoutSeconds,
                OnFailure = open.Ask.OnFailure ?? environment.OnFailure,
                First = lane.Live is null,
                Previous = lane.Live,
                Rollback = open.Ask.Rollback,
                Supersedes = lane.Open.LastOrDefault(o => o.Released && o.Sequence < open.Sequence)?.Document.Id,
            };
        return BridgeEvents.Make(Ask(open).Then("work", EventTypes.Of(content).Name), content, context.Now, open.Document.ChainId, Ask(open), Custom(lane, open));
    }
}
