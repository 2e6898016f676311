namespace PipelineBridge.Simulators.Marathon;

/// <summary>One part of a deployment's step: what is done with one app.</summary>
abstract class DeploymentAction(string name, string appId)
{
    /// <summary>Marathon's name of the action, such as RestartApplication.</summary>
    public string Name { get; } = name;

    public string AppId { get; } = appId;

    /// <summary>Called once when the action's step begins.</summary>
    public virtual void Begin(TaskLife tasks)
    {
    }

    /// <summary>Takes the action as far as it can go now; true when it is done.</summary>
    public abstract bool Advance(TaskLife tasks);
}

/// <summary>Makes a new app known; a later step gives it its instances.</summary>
sealed class StartApplication(string app) : DeploymentAction("StartApplication", app)
{
    public override bool Advance(TaskLife tasks) => true;
}

/// <summary>Ends all instances of an app that is no more.</summary>
sealed class StopApplication(string app) : DeploymentAction("StopApplication", app)
{
    public override void Begin(TaskLife tasks)
    {
        foreach (var instance in tasks.Of(AppId))
        {
            tasks.GiveUp(instance);
        }
    }

    public override bool Advance(TaskLife tasks) => tasks.Of(AppId).Count == 0;
}

/// <summary>Brings an app to its number of instances; those it adds must become ready.</summary>
sealed class ScaleApplication(AppDefinition app, IReadOnlyList<string> toKill) : DeploymentAction("ScaleApplication", app.Id)
{
    readonly HashSet<string> given = [];
    IReadOnlyList<Instance> added = [];

    public override void Begin(TaskLife tasks)
    {
        var instances = tasks.Of(AppId).Where(instance => !instance.GivenUp).ToList();
        var extra = instances.Count - app.Instances;
        // Marathon's default killSelection is YOUNGEST_FIRST; those named by the caller come first.
        foreach (var instance in instances
            .OrderByDescending(instance => toKill.Contains(instance.Id))
            .ThenByDescending(instance => instance.Number)
            .Take(Math.Max(0, extra)))
        {
            given.Add(instance.Id);
            tasks.GiveUp(instance);
        }

        added = tasks.Add(app, Math.Max(0, -extra));
    }

    public override bool Advance(TaskLife tasks)
    {
        var instances = tasks.Of(AppId);
        var missing = added.Count(instance => !instances.Contains(instance));
        if (missing > 0)
        {
            added = [.. added.Where(instances.Contains), .. tasks.Add(app, missing)];
        }

        return added.All(instance => instance.IsReady) && !instances.Any(instance => given.Contains(instance.Id));
    }
}

/// <summary>A deployment of somebody else: it locks the app and does nothing with it.</summary>
sealed class ForeignLock(string app) : DeploymentAction("RestartApplication", app)
{
    public bool Released { get; set; }

    public override bool Advance(TaskLife tasks) => Released;
}
