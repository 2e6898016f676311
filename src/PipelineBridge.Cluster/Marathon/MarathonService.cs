using System.Text.Json.Nodes;
using PipelineBridge.Cluster.Specification;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>What a Marathon app becomes of a portable specification; the image comes with the deployment.</summary>
static class MarathonService
{
    public static JsonObject Of(ServiceSpecification service)
    {
        var app = new JsonObject();
        if (service.Replicas is { } replicas)
        {
            app["instances"] = replicas;
        }
        if (service.Cpus is { } cpus)
        {
            app["cpus"] = cpus;
        }
        if (service.MemoryMiB is { } memory)
        {
            app["mem"] = memory;
        }
        if (service.Command.Count > 0)
        {
            app["args"] = Texts(service.Command);
        }
        app["env"] = new JsonObject(service.Env.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)e.Value)));
        app["container"] = new JsonObject
        {
            ["type"] = "DOCKER",
            ["docker"] = new JsonObject { ["image"] = service.Image ?? "" },
            ["portMappings"] = new JsonArray([.. service.Ports.Select(p => new JsonObject { ["containerPort"] = p.Container, ["hostPort"] = p.Host ?? 0, ["protocol"] = p.Protocol })]),
            ["volumes"] = new JsonArray([.. service.Volumes.Select(v => new JsonObject { ["hostPath"] = v.Host, ["containerPath"] = v.Path, ["mode"] = v.ReadOnly ? "RO" : "RW" })]),
        };
        app["networks"] = new JsonArray(service.Networks is [var network, ..] ? new JsonObject { ["mode"] = "container", ["name"] = network } : new JsonObject { ["mode"] = "container/bridge" });
        if (service.Health is { } health)
        {
            app["healthChecks"] = new JsonArray(Check(health, service.Ports));
        }
        // New tasks first; where a port of the host can be had once only, there is no room for them beside the old ones.
        app["upgradeStrategy"] = new JsonObject { ["minimumHealthCapacity"] = service.HasFixedPorts ? 0 : 1, ["maximumOverCapacity"] = service.HasFixedPorts ? 0 : 1 };
        app["taskKillGracePeriodSeconds"] = service.StopSeconds;
        return app;
    }

    static JsonObject Check(ServiceHealth health, IReadOnlyList<ServicePort> ports)
    {
        var check = new JsonObject
        {
            ["gracePeriodSeconds"] = health.GraceSeconds,
            ["intervalSeconds"] = health.IntervalSeconds,
            ["timeoutSeconds"] = health.TimeoutSeconds,
            ["maxConsecutiveFailures"] = health.Failures,
        };
        if (health.Path is { } path)
        {
            check["protocol"] = "MESOS_HTTP";
            check["path"] = path;
            check["portIndex"] = Math.Max(0, ports.ToList().FindIndex(p => p.Protocol == "tcp" && (health.Port is null || p.Container == health.Port)));
        }
        else
        {
            check["protocol"] = "COMMAND";
            // Mesos runs it in a shell.
            check["command"] = new JsonObject { ["value"] = string.Join(' ', health.Command.Select(Quoted)) };
        }
        return check;
    }

    static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode?)t)]);

    static string Quoted(string word) => word.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_' or ':' or '=') && word.Length > 0
        ? word
        : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
