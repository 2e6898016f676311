using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster;

/// <summary>Tells how a rollout moves: each change, at most two a second.</summary>
sealed class ProgressTeller(WorkItem work, IBridgeClient bridge, string cluster, TimeProvider clock)
{
    static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);

    DeploymentProgressed? told;
    long toldAt;

    /// <summary>How long until something that changed may be told.</summary>
    public TimeSpan UntilNext => told is null ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Max(0, (Between - clock.GetElapsedTime(toldAt)).Ticks));

    /// <summary>Tells what was seen, if that is new; false when it is new and must wait.</summary>
    public async Task<bool> Tell(string phase, AppSnapshot? now, string? waiting, CancellationToken cancellation)
    {
        var tasks = now?.NewTasks.Select(t => new TaskProgress(t.Id, t.State, t.Host, t.Port)).OrderBy(t => t.Id, StringComparer.Ordinal).ToList() ?? [];
        var seen = new DeploymentProgressed(cluster, phase, now?.Good ?? 0, now?.Wanted ?? 0, tasks, waiting);
        if (told is not null && (told with { Tasks = null }) == (seen with { Tasks = null }) && told.Tasks!.SequenceEqual(tasks))
        {
            return true;
        }
        if (UntilNext > TimeSpan.Zero)
        {
            return false;
        }
        (told, toldAt) = (seen, clock.GetTimestamp());
        await bridge.Tell(work.Observed(seen), cancellation);
        return true;
    }
}
