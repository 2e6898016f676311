using System.Text.Json;
using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>Which fields an app has and of which JSON type they are.</summary>
static class AppFields
{
    static readonly Dictionary<string, JsonValueKind> Types = new()
    {
        ["id"] = JsonValueKind.String, ["acceptedResourceRoles"] = JsonValueKind.Array, ["args"] = JsonValueKind.Array,
        ["backoffFactor"] = JsonValueKind.Number, ["backoffSeconds"] = JsonValueKind.Number, ["check"] = JsonValueKind.Object,
        ["cmd"] = JsonValueKind.String, ["constraints"] = JsonValueKind.Array, ["container"] = JsonValueKind.Object,
        ["cpus"] = JsonValueKind.Number, ["dependencies"] = JsonValueKind.Array, ["disk"] = JsonValueKind.Number,
        ["env"] = JsonValueKind.Object, ["executor"] = JsonValueKind.String, ["executorResources"] = JsonValueKind.Object,
        ["fetch"] = JsonValueKind.Array, ["gpus"] = JsonValueKind.Number, ["healthChecks"] = JsonValueKind.Array,
        ["instances"] = JsonValueKind.Number, ["killSelection"] = JsonValueKind.String, ["labels"] = JsonValueKind.Object,
        ["maxLaunchDelaySeconds"] = JsonValueKind.Number, ["mem"] = JsonValueKind.Number, ["networks"] = JsonValueKind.Array,
        ["portDefinitions"] = JsonValueKind.Array, ["readinessChecks"] = JsonValueKind.Array,
        ["requirePorts"] = JsonValueKind.True, ["residency"] = JsonValueKind.Object, ["resourceLimits"] = JsonValueKind.Object,
        ["role"] = JsonValueKind.String, ["secrets"] = JsonValueKind.Object, ["taskKillGracePeriodSeconds"] = JsonValueKind.Number,
        ["tty"] = JsonValueKind.True, ["unreachableStrategy"] = JsonValueKind.Undefined,
        ["upgradeStrategy"] = JsonValueKind.Object, ["user"] = JsonValueKind.String,
        ["ipAddress"] = JsonValueKind.Object, ["ports"] = JsonValueKind.Array, ["uris"] = JsonValueKind.Array,
        ["version"] = JsonValueKind.String,
    };

    static readonly string[] OldOrComputed = ["ipAddress", "ports", "uris", "version"];

    /// <summary>The fields an app is stored with; everything else that was sent is left out in silence.</summary>
    public static IReadOnlySet<string> Stored { get; } = Types.Keys.Except(OldOrComputed).ToHashSet();

    public static void CheckTypes(JsonObject app, string at = "")
    {
        foreach (var (name, value) in app)
        {
            if (value is not null && Types.TryGetValue(name, out var wanted))
            {
                Check($"{at}/{name}", value, wanted);
            }
        }

        if (app["instances"] is { } instances && !instances.AsValue().TryGetValue<int>(out _))
        {
            throw MarathonError.WrongType($"{at}/instances", "error.expected.int");
        }

        if (app["container"]?["docker"] is JsonObject docker)
        {
            CheckNested(docker, $"{at}/container/docker", ("image", JsonValueKind.String), ("network", JsonValueKind.String),
                ("portMappings", JsonValueKind.Array), ("parameters", JsonValueKind.Array), ("forcePullImage", JsonValueKind.True));
        }

        foreach (var (name, value) in app["labels"] as JsonObject ?? [])
        {
            Check($"{at}/labels/{name}", value, JsonValueKind.String);
        }

        foreach (var list in new[] { "healthChecks", "networks", "portDefinitions", "readinessChecks" })
        {
            CheckObjects(app[list] as JsonArray, $"{at}/{list}");
        }

        CheckObjects(app["container"]?["portMappings"] as JsonArray, $"{at}/container/portMappings");
        CheckObjects(app["container"]?["docker"]?["portMappings"] as JsonArray, $"{at}/container/docker/portMappings");
        if (app["upgradeStrategy"] is JsonObject strategy)
        {
            CheckNested(strategy, $"{at}/upgradeStrategy",
                ("minimumHealthCapacity", JsonValueKind.Number), ("maximumOverCapacity", JsonValueKind.Number));
        }
    }

    static void CheckObjects(JsonArray? items, string at)
    {
        for (var index = 0; index < (items?.Count ?? 0); index++)
        {
            Check($"{at}({index})", items![index], JsonValueKind.Object);
        }
    }

    static void CheckNested(JsonObject owner, string at, params IReadOnlyList<(string Name, JsonValueKind Type)> fields)
    {
        foreach (var (name, type) in fields)
        {
            if (owner[name] is { } value)
            {
                Check($"{at}/{name}", value, type);
            }
        }
    }

    static void Check(string path, JsonNode? value, JsonValueKind wanted)
    {
        var kind = value?.GetValueKind() ?? JsonValueKind.Null;
        var right = wanted switch
        {
            JsonValueKind.Undefined => true,
            JsonValueKind.True => kind is JsonValueKind.True or JsonValueKind.False,
            _ => kind == wanted,
        };
        if (!right)
        {
            throw MarathonError.WrongType(path, wanted switch
            {
                JsonValueKind.Number => "error.expected.jsnumber",
                JsonValueKind.Array => "error.expected.jsarray",
                JsonValueKind.Object => "error.expected.jsobject",
                JsonValueKind.True => "error.expected.jsboolean",
                _ => "error.expected.jsstring",
            });
        }
    }
}
