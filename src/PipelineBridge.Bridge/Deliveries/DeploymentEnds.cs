using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>Ends a deployment: the one event that tells it, and what the lane serves after it.</summary>
static class DeploymentEnds
{
    /// <summary>How many versions that served before are kept to go back to.</summary>
    const int Kept = 20;

    public static void End(Decision<DeploymentLane> decision, OpenDeployment open, IEventContent end, string state, DeciderContext context, RequestDocument document)
    {
        document = decision.Moved(document with { State = state, WaitingFor = null, EndedAt = context.Now, Progress = null });
        decision.Events.Add(new Decided(BridgeEvents.Make(DeploymentDecider.Ask(open).Then("end"), end, context.Now, document.ChainId,
            DeploymentDecider.Ask(open), DeploymentDecider.Custom(decision.State, open) with
            {
                Image = document.Image,
                By = document.By,
                Category = document.Category,
                Cause = document.Cause,
                Evidence = document.Evidence,
                Phases = document.Phases,
            })));
        decision.State = decision.State with { Open = [.. decision.State.Open.Where(o => o.AskId != open.AskId)] };
    }

    /// <summary>The lane once this version serves.</summary>
    public static DeploymentLane Serving(DeploymentLane lane, DeployedVersion version, bool rollback, string chainId)
    {
        var earlier = lane.Earlier;
        if (rollback)
        {
            // Back to one of the earlier ones: what came after it is not gone back to by itself again.
            var at = IndexOf(earlier, version);
            earlier = at < 0 ? earlier : [.. earlier.Take(at)];
        }
        else if (lane.Live is { } live && !Same(live, version))
        {
            earlier = With(earlier, live);
        }
        else if (lane.Live is null && earlier is [.., var removed] && Same(removed, version))
        {
            // Deployed again after its removal: it is what runs, and not what served before.
            earlier = [.. earlier.SkipLast(1)];
        }
        return lane with { Live = version, Earlier = earlier, Broken = null, LiveChainId = chainId };
    }

    /// <summary>What can be gone back to, with the newest: as much as is kept.</summary>
    public static IReadOnlyList<DeployedVersion> With(IReadOnlyList<DeployedVersion> earlier, DeployedVersion newest) => [.. earlier.Append(newest).TakeLast(Kept)];

    public static bool Same(DeployedVersion a, DeployedVersion b) =>
        ImageReference.Parse(a.Image).Digest == ImageReference.Parse(b.Image).Digest && a.Specification == b.Specification;

    static int IndexOf(IReadOnlyList<DeployedVersion> list, DeployedVersion version)
    {
        for (var i = list.Count - 1; i >= 0; i--)
        {
            if (Same(list[i], version))
            {
                return i;
            }
        }
        return -1;
    }
}
