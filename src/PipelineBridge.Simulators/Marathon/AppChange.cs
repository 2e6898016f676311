using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>What is asked to become of the apps: for each id the normalised definition that is wanted.</summary>
/// <param name="Group">The group that the change is told about.</param>
/// <param name="Apply">From the apps as they are to the definitions wanted; what is left out is stopped.</param>
/// <param name="Restart">An app whose tasks are replaced although it is the same.</param>
sealed record AppChange(
    string Group,
    Func<IReadOnlyDictionary<string, AppDefinition>, IReadOnlyDictionary<string, JsonObject>> Apply,
    string? Restart = null)
{
    public static AppChange Set(params IReadOnlyList<JsonObject> bodies) => new(
        bodies.Count == 1 ? bodies[0]["id"]!.GetValue<string>() : "/",
        apps =>
        {
            var wanted = Same(apps);
            foreach (var body in bodies)
            {
                wanted[body["id"]!.GetValue<string>()] = body.DeepClone().AsObject();
            }

            return wanted;
        });

    public static AppChange Remove(params IReadOnlyList<string> ids) => new(
        ids.Count == 1 ? AppId.Parent(ids[0]) : "/",
        apps =>
        {
            var wanted = Same(apps);
            foreach (var id in ids)
            {
                wanted.Remove(id);
            }

            return wanted;
        });

    public static AppChange RestartOf(string id) => new(id, Same, id);

    /// <summary>Takes back what a deployment changed, and nothing else.</summary>
    public static AppChange Back(Deployment deployment) => new("/", apps =>
    {
        var wanted = Same(apps);
        foreach (var id in deployment.AffectedApps)
        {
            if (deployment.Original.TryGetValue(id, out var before))
            {
                wanted[id] = before.Body.DeepClone().AsObject();
            }
            else
            {
                wanted.Remove(id);
            }
        }

        return wanted;
    });

    static Dictionary<string, JsonObject> Same(IReadOnlyDictionary<string, AppDefinition> apps) =>
        apps.ToDictionary(app => app.Key, app => app.Value.Body.DeepClone().AsObject());
}
