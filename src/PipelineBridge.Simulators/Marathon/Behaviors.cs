namespace PipelineBridge.Simulators.Marathon;

/// <summary>The scripted behaviours; of those that match, the one added last holds.</summary>
sealed class Behaviors
{
    static readonly TaskBehavior Usual = new();

    readonly List<TaskBehavior> scripted = [];

    public IReadOnlyList<TaskBehavior> All => [.. scripted];

    public void Add(TaskBehavior behavior)
    {
        if (behavior.Mistakes() is { Count: > 0 } mistakes)
        {
            throw new ArgumentException(string.Join(" ", mistakes), nameof(behavior));
        }

        scripted.Add(behavior);
    }

    /// <summary>Takes away the behaviours of an app; all of them without one.</summary>
    public void Clear(string? app) => scripted.RemoveAll(behavior => app is null || behavior.App == app);

    /// <summary>Why no offer suits an app now; null when one does.</summary>
    public IReadOnlyList<string>? NoOffers(AppDefinition app) =>
        scripted.FindLast(behavior => behavior.Matches(app))?.NoOffers is { Count: > 0 } reasons ? reasons : null;

    /// <summary>The behaviour of a task that starts now.</summary>
    public TaskBehavior Take(AppDefinition app)
    {
        var index = scripted.FindLastIndex(behavior => behavior.Matches(app));
        if (index < 0)
        {
            return Usual;
        }

        var behavior = scripted[index];
        if (behavior.Times == 1)
        {
            scripted.RemoveAt(index);
        }
        else if (behavior.Times is { } times)
        {
            scripted[index] = behavior with { Times = times - 1 };
        }

        return behavior;
    }
}
