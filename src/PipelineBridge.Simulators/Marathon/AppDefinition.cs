using System.Text.Json;
using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>One version of an app: its normalised definition, and when it was scaled and changed last.</summary>
/// <param name="Id">The absolute id.</param>
/// <param name="Body">The definition in the new form, without version; never changed after construction.</param>
/// <param name="Version">The time of the last change of any kind, in milliseconds; tasks carry the one they were started with.</param>
/// <param name="LastScalingAt">The version of the last change of the instances alone.</param>
/// <param name="LastConfigChangeAt">The version of the last change that restarts tasks.</param>
sealed record AppDefinition(string Id, JsonObject Body, string Version, string LastScalingAt, string LastConfigChangeAt)
{
    public int Instances => Body["instances"]!.GetValue<int>();

    public string? Image => Body["container"]?["docker"]?["image"]?.GetValue<string>();

    public bool HasHealthChecks => HealthChecks.Count > 0;

    public IReadOnlyList<JsonObject> HealthChecks =>
        Body["healthChecks"] is JsonArray checks ? [.. checks.Cast<JsonObject>()] : [];

    public double MinimumHealthCapacity => Body["upgradeStrategy"]!["minimumHealthCapacity"]!.GetValue<double>();

    public double MaximumOverCapacity => Body["upgradeStrategy"]!["maximumOverCapacity"]!.GetValue<double>();

    public double BackoffSeconds => Body["backoffSeconds"]!.GetValue<double>();

    public double BackoffFactor => Body["backoffFactor"]!.GetValue<double>();

    public double MaxLaunchDelaySeconds => Body["maxLaunchDelaySeconds"]!.GetValue<double>();

    public bool OnHostNetwork => Body["networks"]![0]!["mode"]!.GetValue<string>() == "host";

    public IReadOnlyList<string> Dependencies =>
        Body["dependencies"] is JsonArray ids ? [.. ids.Select(id => id!.GetValue<string>())] : [];

    public string Role => Body["role"]!.GetValue<string>();

    /// <summary>The entries that ask for ports: definitions on the host's network, mappings on others.</summary>
    public JsonArray? PortEntries => EntriesOf(Body);

    public static string ServicePortKey(JsonObject body) =>
        body["networks"]![0]!["mode"]!.GetValue<string>() == "host" ? "port" : "servicePort";

    public static JsonArray? EntriesOf(JsonObject body) => ServicePortKey(body) == "port"
        ? body["portDefinitions"] as JsonArray
        : body["container"]?["portMappings"] as JsonArray;

    public IReadOnlyList<int> ServicePorts => PortsOf(Body);

    public static IReadOnlyList<int> PortsOf(JsonObject body) =>
        EntriesOf(body) is { } entries
            ? [.. entries.Select(entry => entry![ServicePortKey(body)]?.GetValue<int>() ?? 0)]
            : [];

    /// <summary>Whether a change from this to the other restarts tasks: anything but the number of instances differs.</summary>
    public bool IsUpgrade(JsonObject other) => !JsonNode.DeepEquals(WithoutInstances(Body), WithoutInstances(other));

    /// <summary>The definition as it is read back, with version and versionInfo.</summary>
    public JsonObject ToJson()
    {
        var json = Body.DeepClone().AsObject();
        json["version"] = Version;
        json["versionInfo"] = new JsonObject
        {
            ["lastScalingAt"] = LastScalingAt,
            ["lastConfigChangeAt"] = LastConfigChangeAt,
        };
        return json;
    }

    /// <summary>The same values, all read from text, so that comparing them does not depend on how they were made.</summary>
    public static JsonObject Reread(JsonObject body) => JsonNode.Parse(body.ToJsonString(JsonText))!.AsObject();

    public static readonly JsonSerializerOptions JsonText =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static JsonObject WithoutInstances(JsonObject body)
    {
        var copy = body.DeepClone().AsObject();
        copy.Remove("instances");
        return copy;
    }
}
