using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>Brings an app's definition into the new form with all defaults, as Marathon answers it whatever it was sent.</summary>
static class AppNormalization
{
    static readonly (string Name, string Json)[] Defaults =
    [
        ("backoffFactor", "1.15"), ("backoffSeconds", "1"), ("cpus", "1"), ("disk", "0"), ("executor", "\"\""),
        ("gpus", "0"), ("instances", "1"), ("labels", "{}"), ("maxLaunchDelaySeconds", "300"), ("mem", "128"),
        ("requirePorts", "false"), ("upgradeStrategy", "{}"), ("killSelection", "\"YOUNGEST_FIRST\""),
        ("unreachableStrategy", """{"inactiveAfterSeconds":0,"expungeAfterSeconds":0}"""), ("role", "\"*\""),
    ];

    static readonly (string Name, string Json)[] HealthCheckDefaults =
    [
        ("protocol", "\"HTTP\""), ("gracePeriodSeconds", "300"), ("intervalSeconds", "60"), ("timeoutSeconds", "20"),
        ("maxConsecutiveFailures", "3"), ("delaySeconds", "15"), ("ignoreHttp1xx", "false"),
    ];

    static readonly string[] LeftOutWhenEmpty =
        ["constraints", "dependencies", "env", "fetch", "healthChecks", "readinessChecks", "secrets", "args", "acceptedResourceRoles"];

    static readonly string[] Archives = [".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".zip"];

    /// <summary>A checked definition, or a merge of one with an update, in the new form.</summary>
    public static JsonObject Normalize(JsonObject given, string id)
    {
        var app = WithoutOldForms(given);
        app["id"] = id;
        foreach (var (name, json) in Defaults)
        {
            app[name] ??= JsonNode.Parse(json);
        }

        var strategy = app["upgradeStrategy"]!.AsObject();
        strategy["minimumHealthCapacity"] ??= 1;
        strategy["maximumOverCapacity"] ??= 1;
        if (app["dependencies"] is JsonArray dependencies)
        {
            app["dependencies"] = new JsonArray(
                [.. dependencies.Select(one => (JsonNode)AppId.Absolute(one!.GetValue<string>(), AppId.Parent(id)))]);
        }

        app["networks"] = Networks(app["networks"] as JsonArray);
        CompletePorts(app);
        CompleteHealthChecks(app);
        foreach (var name in LeftOutWhenEmpty.Where(name => app[name] is JsonArray { Count: 0 } or JsonObject { Count: 0 }))
        {
            app.Remove(name);
        }

        return AppDefinition.Reread(app);
    }

    /// <summary>The fields of a definition or an update in the new form, nulls and what Marathon computes itself left out.</summary>
    public static JsonObject WithoutOldForms(JsonObject given)
    {
        var app = new JsonObject();
        foreach (var (name, value) in given.Where(field => field.Value is not null && AppFields.Stored.Contains(field.Key)))
        {
            app[name] = value!.DeepClone();
        }

        if (given["uris"] is JsonArray { Count: > 0 } uris)
        {
            app["fetch"] = new JsonArray([.. uris.Select(uri => Fetch(uri!.GetValue<string>()))]);
        }

        if (given["ports"] is JsonArray ports && !app.ContainsKey("portDefinitions"))
        {
            app["portDefinitions"] = new JsonArray([.. ports.Select(port => new JsonObject { ["port"] = port!.DeepClone() })]);
        }

        var address = given["ipAddress"] as JsonObject;
        if (OldNetwork(address, given["container"]?["docker"]?["network"]?.GetValue<string>()) is { } network)
        {
            app["networks"] = new JsonArray(network);
        }

        if (address is not null && !app.ContainsKey("container"))
        {
            app["container"] = new JsonObject { ["type"] = "MESOS" };
        }

        if (app["container"] is JsonObject container)
        {
            MovePortMappings(container, address);
        }

        return app;
    }

    static void MovePortMappings(JsonObject container, JsonObject? address)
    {
        if (container["docker"] is JsonObject docker)
        {
            if (docker["portMappings"] is JsonArray mappings && container["portMappings"] is not JsonArray { Count: > 0 })
            {
                container["portMappings"] = mappings.DeepClone();
            }

            docker.Remove("portMappings");
            docker.Remove("network");
        }

        if (address?["discovery"]?["ports"] is JsonArray { Count: > 0 } ports)
        {
            container["portMappings"] = new JsonArray([.. ports.Cast<JsonObject>().Select(port => new JsonObject
            {
                ["containerPort"] = port["number"]?.DeepClone(),
                ["name"] = port["name"]?.DeepClone(),
                ["protocol"] = port["protocol"]?.DeepClone() ?? "tcp",
            })]);
        }
    }

    static JsonObject? OldNetwork(JsonObject? address, string? docker)
    {
        if (address is null && docker is null)
        {
            return null;
        }

        var network = new JsonObject
        {
            ["mode"] = docker switch
            {
                "HOST" => "host",
                "BRIDGE" => "container/bridge",
                _ => "container",
            },
        };
        if (docker is null or "USER" && address?["networkName"] is { } name)
        {
            network["name"] = name.DeepClone();
        }

        if (docker is not "HOST" && address?["labels"] is JsonObject { Count: > 0 } labels)
        {
            network["labels"] = labels.DeepClone();
        }

        return network;
    }

    static JsonArray Networks(JsonArray? given)
    {
        if (given is not { Count: > 0 })
        {
            return [new JsonObject { ["mode"] = "host" }];
        }

        return new JsonArray([.. given.Cast<JsonObject>().Select(network =>
        {
            var copy = network.DeepClone().AsObject();
            copy["mode"] ??= "container";
            return copy;
        })]);
    }

    static void CompletePorts(JsonObject app)
    {
        var mode = app["networks"]![0]!["mode"]!.GetValue<string>();
        var container = app["container"] as JsonObject;
        if (container?["docker"] is JsonObject docker)
        {
            docker["forcePullImage"] ??= false;
            docker["privileged"] ??= false;
            docker["parameters"] ??= new JsonArray();
        }

        if (container is not null)
        {
            container["type"] ??= container["docker"] is null ? "MESOS" : "DOCKER";
            container["volumes"] ??= new JsonArray();
        }

        if (mode == "host")
        {
            container?.Remove("portMappings");
            app["portDefinitions"] ??= new JsonArray(new JsonObject { ["port"] = 0 });
            foreach (var definition in app["portDefinitions"]!.AsArray().Cast<JsonObject>())
            {
                definition["port"] ??= 0;
                definition["protocol"] ??= "tcp";
            }

            return;
        }

        app["requirePorts"] = false;
        if (container is null)
        {
            container = new JsonObject { ["type"] = "MESOS", ["volumes"] = new JsonArray() };
            app["container"] = container;
        }

        var mappings = container["portMappings"] as JsonArray ?? [new JsonObject { ["containerPort"] = 0 }];
        container["portMappings"] = mappings.DeepClone();
        var asked = (app["portDefinitions"] as JsonArray)?.Count ?? 0;
        for (var count = mappings.Count; count < asked && mappings.Count > 0; count++)
        {
            container["portMappings"]!.AsArray().Add(new JsonObject { ["containerPort"] = 0 });
        }

        app.Remove("portDefinitions");
        foreach (var mapping in container["portMappings"]!.AsArray().Cast<JsonObject>())
        {
            mapping["containerPort"] ??= 0;
            mapping["protocol"] ??= "tcp";
            mapping["labels"] ??= new JsonObject();
            mapping["servicePort"] ??= 0;
            if (mode == "container/bridge")
            {
                mapping["hostPort"] ??= 0;
            }
        }
    }

    static void CompleteHealthChecks(JsonObject app)
    {
        foreach (var check in (app["healthChecks"] as JsonArray ?? []).Cast<JsonObject>())
        {
            foreach (var (name, json) in HealthCheckDefaults)
            {
                check[name] ??= JsonNode.Parse(json);
            }

            if (check["protocol"]!.GetValue<string>() != "COMMAND" && check["port"] is null)
            {
                check["portIndex"] ??= 0;
            }
        }
    }

    static JsonObject Fetch(string uri) => new()
    {
        ["uri"] = uri,
        ["extract"] = Archives.Any(end => uri.EndsWith(end, StringComparison.Ordinal)),
        ["executable"] = false,
        ["cache"] = false,
    };
}
