using System.Text.Json.Nodes;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>The mixtures of old and new forms that Marathon answers with 422; each form alone is taken.</summary>
static class MarathonNetworkRules
{
    /// <summary>All of them.</summary>
    public static IEnumerable<SpecificationFinding> Findings(JsonObject app)
    {
        var docker = app["container"].At("docker");
        // What Marathon answers carries empty lists of the forms that are not used.
        var networks = app["networks"] is JsonArray { Count: > 0 } some ? some : null;
        if (networks is not null && docker.At("network") is { } old)
        {
            yield return MarathonSpecificationCheck.Mistake("spec.container.docker.network", old.Text(), "it is the old form of \"networks\", which stands there too; leave one of them out.");
        }
        if (networks is not null && app["ipAddress"] is not null)
        {
            yield return MarathonSpecificationCheck.Mistake("spec.ipAddress", null, "it is the old form of \"networks\", which stands there too; leave one of them out.");
        }
        if (app["uris"] is JsonArray { Count: > 0 } && app["fetch"] is JsonArray { Count: > 0 })
        {
            yield return MarathonSpecificationCheck.Mistake("spec.uris", null, "it is the old form of \"fetch\", which stands there too; leave one of them out.");
        }
        var isHost = docker.At("network").Text() == "HOST" || (networks?.Objects().Any(n => n["mode"].Text() == "host") ?? false);
        foreach (var (field, mappings) in new[]
        {
            ("spec.container.portMappings", app["container"].At("portMappings")),
            ("spec.container.docker.portMappings", docker.At("portMappings")),
        })
        {
            if (isHost && mappings is JsonArray { Count: > 0 })
            {
                yield return MarathonSpecificationCheck.Mistake(field, null, "on the host's network there is nothing to map; use \"portDefinitions\".");
            }
        }
        var readiness = app["readinessChecks"].Objects().ToList();
        if (readiness.Count > 1)
        {
            yield return MarathonSpecificationCheck.Mistake("spec.readinessChecks", null, $"there are {readiness.Count}; Marathon takes one.");
        }
        var names = Ports(app, docker).Select(p => p["name"].Text()).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var port in readiness.Select(r => r["portName"].Text() ?? "http-api").Where(p => !names.Contains(p)).Take(1))
        {
            yield return MarathonSpecificationCheck.Mistake("spec.readinessChecks[0].portName", port, names.Count == 0
                ? "no port has a name; give one to the port that is to be checked."
                : $"no port has this name; there are: {string.Join(", ", names.Order(StringComparer.Ordinal))}.");
        }
    }

    static IEnumerable<JsonObject> Ports(JsonObject app, JsonNode? docker) =>
        app["portDefinitions"].Objects().Concat(app["container"].At("portMappings").Objects()).Concat(docker.At("portMappings").Objects()).Concat(app["ipAddress"].At("discovery").At("ports").Objects());
}
