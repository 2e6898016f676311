using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>A change of apps that is carried out in steps; it never ends by failing, only by success or by being cancelled.</summary>
sealed class Deployment(
    string id,
    string version,
    IReadOnlyDictionary<string, AppDefinition> original,
    IReadOnlyDictionary<string, AppDefinition> target,
    IReadOnlyList<IReadOnlyList<DeploymentAction>> steps)
{
    public string Id { get; } = id;

    public string Version { get; } = version;

    /// <summary>All apps before the change.</summary>
    public IReadOnlyDictionary<string, AppDefinition> Original { get; } = original;

    /// <summary>All apps after the change.</summary>
    public IReadOnlyDictionary<string, AppDefinition> Target { get; } = target;

    public IReadOnlyList<IReadOnlyList<DeploymentAction>> Steps { get; } = steps;

    /// <summary>The step that runs, from 1; 0 before the first.</summary>
    public int CurrentStep { get; set; }

    /// <summary>Whether the deployment is in the list; it locks its apps before that too.</summary>
    public bool Listed { get; set; }

    public IReadOnlyList<string> AffectedApps { get; } =
        [.. steps.SelectMany(step => step).Select(action => action.AppId).Distinct()];

    public IReadOnlyList<DeploymentAction> CurrentActions => CurrentStep == 0 ? [] : Steps[CurrentStep - 1];

    /// <summary>The plan as events carry it.</summary>
    public JsonObject PlanJson() => new() { ["id"] = Id, ["steps"] = StepsJson(), ["version"] = Version };

    public JsonArray StepsJson() => new([.. Steps.Select(step => new JsonObject { ["actions"] = Actions(step) })]);

    public JsonObject CurrentStepJson() => new() { ["actions"] = Actions(CurrentActions) };

    /// <summary>The deployment as the list shows it.</summary>
    public JsonObject ToJson() => new()
    {
        ["id"] = Id,
        ["version"] = Version,
        ["affectedApps"] = new JsonArray([.. AffectedApps.Select(app => (JsonNode)app)]),
        ["affectedPods"] = new JsonArray(),
        ["steps"] = StepsJson(),
        ["currentActions"] = new JsonArray([.. CurrentActions.Select(action =>
        {
            var json = Action(action);
            json["readinessCheckResults"] = new JsonArray();
            return json;
        })]),
        ["currentStep"] = CurrentStep,
        ["totalSteps"] = Steps.Count,
    };

    static JsonArray Actions(IReadOnlyList<DeploymentAction> actions) => new([.. actions.Select(Action)]);

    static JsonObject Action(DeploymentAction action) => new() { ["action"] = action.Name, ["app"] = action.AppId };
}
