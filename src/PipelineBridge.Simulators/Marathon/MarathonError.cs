using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>A refusal, with the status and body that Marathon's exception mapper gives it.</summary>
sealed class MarathonError(int status, JsonObject body) : Exception(body["message"]?.GetValue<string>())
{
    public Answer Answer { get; } = new(status, body);

    public static MarathonError Plain(int status, string message) => new(status, new JsonObject { ["message"] = message });

    public static MarathonError UnknownApp(string id, string? version = null) =>
        Plain(404, version is null ? $"App '{id}' does not exist" : $"App '{id}' does not exist in version {version}");

    public static MarathonError UnknownGroup(string id) => Plain(404, $"Group '{id}' does not exist");

    public static MarathonError UnknownTask(string id) => Plain(404, $"Task '{id}' does not exist");

    // A path that no resource takes is an internal error in Marathon, not a 404.
    public static MarathonError UnknownUri() => Plain(500, "URI not found");

    public static MarathonError Unparsable(string details) =>
        new(400, new JsonObject { ["message"] = "Invalid JSON", ["details"] = details });

    /// <summary>A value of the wrong JSON type.</summary>
    public static MarathonError WrongType(string path, string error) => WithDetails("Invalid JSON", path, error);

    /// <summary>A value that breaks a rule.</summary>
    public static MarathonError Invalid(string path, string error) => WithDetails("Object is not valid", path, error);

    public static MarathonError Locked(IEnumerable<string> deploymentIds) => new(409, new JsonObject
    {
        ["message"] = LockedMessage,
        ["deployments"] = new JsonArray([.. deploymentIds.Select(id => new JsonObject { ["id"] = id })]),
    });

    public const string LockedMessage =
        "App is locked by one or more deployments. Override with the option '?force=true'. "
        + "View details at '/v2/deployments/<DEPLOYMENT_ID>'.";

    public static MarathonError TooManyDeployments(int most) => Plain(403,
        $"Max number ({most}) of running deployments is achieved. Wait for existing deployments to complete or cancel one"
        + "using force=true parameter. You can increase max deployment number by using --max_running_deployments parameter "
        + "but be advised that this can have negative effects on the performance.");

    static MarathonError WithDetails(string message, string path, string error) => new(422, new JsonObject
    {
        ["message"] = message,
        ["details"] = new JsonArray(new JsonObject { ["path"] = path, ["errors"] = new JsonArray(error) }),
    });
}
