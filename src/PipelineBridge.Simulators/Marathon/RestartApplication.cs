namespace PipelineBridge.Simulators.Marathon;

/// <summary>Replaces the instances of older versions: new ones within the capacity, one old one ended for each that is ready.</summary>
/// <remarks>The formulas are those of Marathon's TaskReplaceActor.</remarks>
sealed class RestartApplication(AppDefinition app) : DeploymentAction("RestartApplication", app.Id)
{
    readonly Queue<Instance> toKill = [];
    readonly HashSet<Instance> old = [];
    readonly HashSet<string> ready = [];
    int mostInstances;
    int started;

    public override void Begin(TaskLife tasks)
    {
        var current = tasks.Of(AppId);
        old.UnionWith(current.Where(instance => IsOld(instance) && !instance.GivenUp));
        started = current.Count(instance => !IsOld(instance) && !instance.GivenUp);
        foreach (var instance in old.OrderBy(instance => instance.IsHealthy).ThenBy(instance => instance.Number))
        {
            toKill.Enqueue(instance);
        }

        var healthy = current.Count(instance => !instance.GivenUp && instance.IsHealthy);
        var leastHealthy = (int)Math.Ceiling(app.Instances * app.MinimumHealthCapacity);
        mostInstances = (int)(app.Instances * (1 + app.MaximumOverCapacity));
        var killNow = Math.Max(0, healthy - leastHealthy);
        if (leastHealthy == mostInstances && mostInstances <= healthy)
        {
            // Without room for a new instance beside the old ones nothing could ever start.
            mostInstances++;
        }

        if (app.Instances < current.Count)
        {
            killNow = Math.Max(current.Count - app.Instances, killNow);
        }

        for (; killNow > 0; killNow--)
        {
            KillNextOld(tasks);
        }

        tasks.Queue.Reset(app);
    }

    public override bool Advance(TaskLife tasks)
    {
        var current = tasks.Of(AppId);
        foreach (var lost in old.Where(instance => !instance.HasTask && !instance.GivenUp).ToList())
        {
            // An old one that ended by itself is not started again, a new one takes its place.
            tasks.GiveUp(lost);
        }

        old.RemoveWhere(instance => !tasks.Of(AppId).Contains(instance));
        var fresh = current.Where(instance => !IsOld(instance) && !instance.GivenUp).ToList();
        started = Math.Min(started, fresh.Count);
        ready.RemoveWhere(id => !fresh.Exists(instance => instance.Id == id && instance.HasTask));
        foreach (var instance in fresh.Where(instance => instance.IsReady && ready.Add(instance.Id)))
        {
            KillNextOld(tasks);
        }

        var room = Math.Max(0, mostInstances - old.Count - started);
        var launch = Math.Min(Math.Max(0, app.Instances - started), room);
        started += launch;
        tasks.Add(app, launch);
        return ready.Count == app.Instances && old.Count == 0;
    }

    void KillNextOld(TaskLife tasks)
    {
        while (toKill.TryDequeue(out var next))
        {
            if (!next.GivenUp)
            {
                tasks.GiveUp(next);
                return;
            }
        }
    }

    bool IsOld(Instance instance) => instance.App.Version != app.Version;
}
