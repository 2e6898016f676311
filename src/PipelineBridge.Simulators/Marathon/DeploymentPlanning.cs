namespace PipelineBridge.Simulators.Marathon;

/// <summary>Which steps lead from the apps before to the apps after: stop, start, then by dependency scale or restart.</summary>
static class DeploymentPlanning
{
    public static IReadOnlyList<IReadOnlyList<DeploymentAction>> Steps(
        IReadOnlyDictionary<string, AppDefinition> original,
        IReadOnlyDictionary<string, AppDefinition> target,
        IReadOnlyList<string> toKill)
    {
        var steps = new List<IReadOnlyList<DeploymentAction>>
        {
            original.Keys.Where(id => !target.ContainsKey(id)).Select(id => new StopApplication(id)).ToList(),
            target.Keys.Where(id => !original.ContainsKey(id)).Select(id => new StartApplication(id)).ToList(),
        };
        var changed = target.Values
            .Where(app => !original.TryGetValue(app.Id, out var before) || before.Version != app.Version)
            .GroupBy(app => Depth(app, target, []))
            .OrderBy(level => level.Key);
        foreach (var level in changed)
        {
            steps.Add(level.Select(app => Change(original.GetValueOrDefault(app.Id), app, toKill)).ToList());
        }

        return [.. steps.Where(step => step.Count > 0)];
    }

    static DeploymentAction Change(AppDefinition? before, AppDefinition after, IReadOnlyList<string> toKill) =>
        before is null || before.LastConfigChangeAt == after.LastConfigChangeAt || after.Instances == 0
            ? new ScaleApplication(after, toKill)
            : new RestartApplication(after);

    static int Depth(AppDefinition app, IReadOnlyDictionary<string, AppDefinition> all, HashSet<string> on)
    {
        if (!on.Add(app.Id))
        {
            throw MarathonError.Invalid("/", "Dependency graph has cyclic dependencies.");
        }

        var deepest = app.Dependencies
            .SelectMany(id => all.Values.Where(other => other.Id == id || AppId.IsBelow(other.Id, id)))
            .Where(other => other.Id != app.Id)
            .Select(other => Depth(other, all, on))
            .DefaultIfEmpty(0)
            .Max();
        on.Remove(app.Id);
        return deepest + 1;
    }
}
