using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>Decides the deployments that come after a push: they wait for it within a bound, take its digest, or are refused with its cause. Pure.</summary>
public static class PushWaits
{
    /// <summary>A push came to its end, or came to be known, for which a deployment of this lane waits.</summary>
    public static Decision<DeploymentLane> Moved(DeploymentLane lane, string askId, PushStanding push, DeciderContext context)
    {
        var decision = new Decision<DeploymentLane>(lane);
        if (lane.Open.FirstOrDefault(o => o.AskId == askId && !o.Released) is { } open)
        {
            Wait(decision, open, push, context);
            DeploymentDecider.Release(decision, context);
        }
        return decision;
    }

    /// <summary>The bound passed within which a deployment waits for a push that nobody knows.</summary>
    public static Decision<DeploymentLane> NeverCame(DeploymentLane lane, string askId, DeciderContext context)
    {
        var decision = new Decision<DeploymentLane>(lane);
        if (lane.Open.FirstOrDefault(o => o.AskId == askId && o is { Released: false, Image: null, ResolveId: null, PushId: null }) is { } open)
        {
            DeploymentEnds.End(decision, open, new DeploymentRefused(), RequestState.Refused, context, open.Document with
            {
                Category = FailureCategory.Image,
                Cause = $"The push that it was to come after was not asked for within {context.Options.AfterSeconds} seconds.",
            });
            DeploymentDecider.Release(decision, context);
        }
        return decision;
    }

    internal static void Wait(Decision<DeploymentLane> decision, OpenDeployment open, PushStanding push, DeciderContext context)
    {
        switch (push)
        {
            case { Ended: true, Image: { } image }:
                // The push ended with a digest: the very image, no need to look again.
                DeploymentDecider.Replace(decision, open with { Image = image, PushId = null, Document = decision.Moved(open.Document with { Image = image }) });
                break;
            case { Ended: true }:
                DeploymentEnds.End(decision, open, new DeploymentRefused(), RequestState.Refused, context, open.Document with
                {
                    Category = push.Category ?? FailureCategory.Image,
                    Cause = $"The push {push.Name} that it was to come after did not succeed: {push.Cause ?? "it has no image"}",
                    Evidence = push.Evidence,
                });
                break;
            case { Known: true }:
                DeploymentDecider.Replace(decision, open with { PushId = push.AskId });
                DeploymentDecider.Wait(decision, decision.State.Open.First(o => o.AskId == open.AskId), $"the push {push.Name}");
                break;
            default:
                DeploymentDecider.Wait(decision, open, $"a push {push.Name} that is not known yet");
                decision.Timers.Add(new Timer(open.Sequence, context.Now.AddSeconds(context.Options.AfterSeconds)));
                break;
        }
    }
}

/// <summary>How a push stands for a deployment that comes after it.</summary>
/// <param name="Name">The push as the ask named it, or its whole name once it is known.</param>
/// <param name="Known">Whether it was asked for.</param>
/// <param name="AskId">The id of its ask's event, once it is known.</param>
/// <param name="Ended">Whether it came to its end.</param>
/// <param name="Image">Its image with digest, when the end was the good one.</param>
public sealed record PushStanding(string Name, bool Known, string? AskId = null, bool Ended = false, string? Image = null, string? Category = null, string? Cause = null, IReadOnlyList<Evidence>? Evidence = null);
