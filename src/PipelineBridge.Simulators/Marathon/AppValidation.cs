using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>The rules a definition must keep; the first one broken is a 422 that names its path.</summary>
static class AppValidation
{
    /// <summary>Checks what was sent, before old forms are translated.</summary>
    public static void CheckGiven(JsonObject app)
    {
        AppFields.CheckTypes(app);
        var old = app["container"]?["docker"]?["network"];
        if (app["networks"] is JsonArray { Count: > 0 } && old is not null)
        {
            throw MarathonError.Invalid("/container/docker/network", "must be empty");
        }

        if (app["networks"] is JsonArray { Count: > 0 } && app["ipAddress"] is not null)
        {
            throw MarathonError.Invalid("/ipAddress", "must be empty");
        }

        if (old is not null && old.GetValue<string>() is not ("BRIDGE" or "HOST" or "USER" or "NONE"))
        {
            throw MarathonError.WrongType("/container/docker/network", "error.unknown.enum.literal");
        }

        if (app["uris"] is JsonArray { Count: > 0 } && app["fetch"] is JsonArray { Count: > 0 })
        {
            throw MarathonError.Invalid("/uris", "must be empty");
        }

        if (app["container"]?["docker"]?["portMappings"] is JsonArray { Count: > 0 }
            && app["container"]?["portMappings"] is JsonArray { Count: > 0 })
        {
            throw MarathonError.Invalid("/container/docker/portMappings", "must be empty");
        }

        var host = (app["networks"] as JsonArray)?.Any(one => one?["mode"]?.GetValue<string>() == "host") ?? false;
        if (host && app["container"]?["portMappings"] is JsonArray { Count: > 0 })
        {
            throw MarathonError.Invalid("/container/portMappings", "must be empty");
        }
    }

    /// <summary>Checks the definition in its new form.</summary>
    public static void CheckNormal(JsonObject app)
    {
        AppId.Check(app["id"]!.GetValue<string>());
        var image = app["container"]?["docker"]?["image"]?.GetValue<string>();
        if (app["container"]?["type"]?.GetValue<string>() == "DOCKER" && string.IsNullOrEmpty(image))
        {
            throw MarathonError.Invalid("/container/docker/image", "must not be empty");
        }

        if ((app["cmd"] is not null && app["args"] is not null)
            || (app["cmd"] is null && app["args"] is null && image is null))
        {
            throw MarathonError.Invalid("/", "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.");
        }

        Between(app, "instances", 0, int.MaxValue);
        Between(app, "cpus", 0.001, double.MaxValue);
        Between(app, "mem", 0, double.MaxValue);
        Between(app, "disk", 0, double.MaxValue);
        Between(app, "backoffFactor", 1, double.MaxValue);
        Between(app["upgradeStrategy"]!.AsObject(), "minimumHealthCapacity", 0, 1, "/upgradeStrategy");
        Between(app["upgradeStrategy"]!.AsObject(), "maximumOverCapacity", 0, 1, "/upgradeStrategy");
        CheckNetworks(app);
        CheckReadiness(app);
        CheckHealthPorts(app);
    }

    static void CheckNetworks(JsonObject app)
    {
        var networks = app["networks"]!.AsArray().Cast<JsonObject>().ToList();
        for (var index = 0; index < networks.Count; index++)
        {
            var mode = networks[index]["mode"]!.GetValue<string>();
            if (mode is not ("host" or "container" or "container/bridge"))
            {
                throw MarathonError.WrongType($"/networks({index})/mode", "error.unknown.enum.literal");
            }

            if (mode == "container" && networks[index]["name"] is null)
            {
                throw MarathonError.Invalid($"/networks({index})",
                    "the network name must be specified, since no default network name is configured");
            }
        }

        if (networks.Select(network => network["mode"]!.GetValue<string>()).Distinct().Count() > 1)
        {
            throw MarathonError.Invalid("/networks", "Must not mix different network modes.");
        }
    }

    static void CheckReadiness(JsonObject app)
    {
        if (app["readinessChecks"] is not JsonArray { Count: > 0 } checks)
        {
            return;
        }

        if (checks.Count > 1)
        {
            throw MarathonError.Invalid("/readinessChecks", "may not contain more than 1 entry");
        }

        var names = (AppDefinition.EntriesOf(app) ?? []).Select(entry => entry!["name"]?.GetValue<string>());
        var port = checks[0]!["portName"]?.GetValue<string>() ?? "http-api";
        if (!names.Contains(port))
        {
            throw MarathonError.Invalid("/readinessChecks(0)/portName", $"No port definition reference for portName {port}");
        }
    }

    static void CheckHealthPorts(JsonObject app)
    {
        var ports = AppDefinition.EntriesOf(app)?.Count ?? 0;
        var checks = app["healthChecks"] as JsonArray ?? [];
        for (var index = 0; index < checks.Count; index++)
        {
            if (checks[index]!["portIndex"] is { } port && (port.GetValue<int>() < 0 || port.GetValue<int>() >= ports))
            {
                throw MarathonError.Invalid($"/healthChecks({index})", $"Health check port indices must address an element of the ports array or container port mappings.");
            }
        }
    }

    static void Between(JsonObject owner, string name, double least, double most, string at = "")
    {
        var value = owner[name]!.GetValue<double>();
        if (value < least || value > most)
        {
            throw MarathonError.Invalid($"{at}/{name}", most == double.MaxValue || most == int.MaxValue
                ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"got {value}, expected {least} or more")
                : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"got {value}, expected between {least:0.0} and {most:0.0}"));
        }
    }
}
