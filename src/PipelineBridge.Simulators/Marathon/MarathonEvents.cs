using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>The payloads of the event stream; the hub adds the time.</summary>
static class MarathonEvents
{
    public static JsonObject Attached(string address) => Of("event_stream_attached", ("remoteAddress", address));

    public static JsonObject Detached(string address) => Of("event_stream_detached", ("remoteAddress", address));

    public static JsonObject ApiPost(string address, string uri, AppDefinition app) => Of(
        "api_post_event", ("clientIp", address), ("uri", uri), ("appDefinition", app.ToJson()));

    public static JsonObject GroupChanged(string group, string version) =>
        Of("group_change_success", ("groupId", group), ("version", version));

    public static JsonObject GroupChangeFailed(string group, string version, string reason) =>
        Of("group_change_failed", ("groupId", group), ("version", version), ("reason", reason));

    public static JsonObject DeploymentSucceeded(Deployment deployment) =>
        Of("deployment_success", ("id", deployment.Id), ("plan", deployment.PlanJson()));

    public static JsonObject DeploymentFailed(Deployment deployment, string reason)
    {
        var json = Of("deployment_failed", ("id", deployment.Id), ("plan", deployment.PlanJson()));
        json["reason"] = reason;
        return json;
    }

    public static JsonObject DeploymentStep(string type, Deployment deployment) =>
        Of(type, ("plan", deployment.PlanJson()), ("currentStep", deployment.CurrentStepJson()));

    public static JsonObject AppTerminated(string app) => Of("app_terminated_event", ("appId", app));

    public static JsonObject StatusUpdate(Instance instance, string state, string message) => Of(
        "status_update_event",
        ("slaveId", AgentId(instance)),
        ("taskId", instance.TaskId),
        ("taskStatus", state),
        ("message", message),
        ("appId", instance.App.Id),
        ("host", instance.Host),
        ("ipAddresses", IpAddresses(instance)),
        ("ports", new JsonArray([.. instance.Ports.Select(port => (JsonNode)port)])),
        ("version", instance.App.Version));

    public static JsonObject InstanceChanged(Instance instance, string condition) => Of(
        "instance_changed_event",
        ("instanceId", instance.Id),
        ("condition", condition),
        ("runSpecId", instance.App.Id),
        ("agentId", instance.HasTask ? AgentId(instance) : null),
        ("host", instance.HasTask ? instance.Host : null),
        ("runSpecVersion", instance.App.Version));

    public static JsonObject InstanceHealthChanged(Instance instance, bool healthy) => Of(
        "instance_health_changed_event",
        ("instanceId", instance.Id),
        ("runSpecId", instance.App.Id),
        ("healthy", healthy),
        ("runSpecVersion", instance.App.Version));

    public static JsonObject HealthStatusChanged(Instance instance, bool alive) => Of(
        "health_status_changed_event",
        ("appId", instance.App.Id),
        ("instanceId", instance.Id),
        ("version", instance.App.Version),
        ("alive", alive));

    public static JsonObject FailedHealthCheck(Instance instance, JsonObject check) => Of(
        "failed_health_check_event",
        ("appId", instance.App.Id),
        ("healthCheck", check.DeepClone()),
        ("taskId", instance.Id));

    public static JsonObject UnhealthyKill(Instance instance, string reason) => Of(
        "unhealthy_instance_kill_event",
        ("appId", instance.App.Id),
        ("taskId", instance.TaskId),
        ("instanceId", instance.Id),
        ("version", instance.App.Version),
        ("reason", reason),
        ("host", instance.Host),
        ("slaveId", AgentId(instance)));

    public static string AgentId(Instance instance) => $"51a5b3c0-7d7b-4a0e-9d8f-5f0c9c3a1b2d-S{instance.Agent}";

    public static JsonArray IpAddresses(Instance instance) => !instance.HasTask
        ? []
        : [new JsonObject
        {
            ["ipAddress"] = instance.App.OnHostNetwork ? instance.Host : $"172.17.{(instance.Number >> 8) & 255}.{instance.Number & 255}",
            ["protocol"] = "IPv4",
        }];

    /// <summary>Marathon's name for the condition behind a Mesos state, such as Failed for TASK_FAILED.</summary>
    public static string ConditionName(string state)
    {
        var words = state["TASK_".Length..].Split('_');
        return string.Concat(words.Select(word => word[0] + word[1..].ToLowerInvariant()));
    }

    static JsonObject Of(string type, params IReadOnlyList<(string Name, JsonNode? Value)> fields)
    {
        var json = new JsonObject();
        foreach (var (name, value) in fields)
        {
            json[name] = value;
        }

        json["eventType"] = type;
        return json;
    }
}
