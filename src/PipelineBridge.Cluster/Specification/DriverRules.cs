using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster.Specification;

/// <summary>What of a portable specification has no meaning on a kind of cluster, or another one than people may think.</summary>
static class DriverRules
{
    /// <summary>All of them.</summary>
    /// <param name="asked">How many tasks the ask itself says.</param>
    public static IEnumerable<SpecificationFinding> Findings(ServiceSpecification service, string kind, int? asked) => kind switch
    {
        "engine" => Engine(service, asked),
        "swarm" => Swarm(service),
        "marathon" => Marathon(service),
        _ => [],
    };

    static IEnumerable<SpecificationFinding> Engine(ServiceSpecification service, int? asked)
    {
        if ((asked ?? service.Replicas) == 0)
        {
            yield return new(true, asked is null ? "spec.replicas" : "replicas", "0", "it has no meaning here: on a Docker engine an app is its tasks. Give 1 or more, or remove the app.");
        }
        foreach (var own in service.Networks.Where(n => n is "bridge" or "host" or "none"))
        {
            yield return new(true, "spec.networks", own, $"it has no meaning here: an engine's own network {own} has no names, or no ports. Leave it out for the bridge, or name a network that was made: docker network create NAME.");
        }
        if (service.Health is { Path: not null, IntervalSeconds: var interval and < 5 })
        {
            yield return new(false, "spec.health.intervalSeconds", $"{interval}", "a task that is live is asked over HTTP every 5 s at most. Until it is live it is asked more often than that.");
        }
        if (service.Secrets.Count > 0)
        {
            yield return Nothing("secrets", "a Docker engine", "keeps no secrets. Mount a file of the host: volumes: [{host: /run/secrets/NAME, path: /run/secrets/NAME, readOnly: true}]");
        }
        if (service.Configs.Count > 0)
        {
            yield return Nothing("configs", "a Docker engine", "keeps no configs. Mount a file of the host: volumes: [{host: /etc/NAME, path: /etc/NAME, readOnly: true}]");
        }
        if (service.HasFixedPorts)
        {
            yield return new(false, "spec.ports", null, "a port of the host can be had by one task only: an old task on that host is stopped before its new one starts, and for a moment nothing answers. Leave host out to keep the old one until the new one is healthy.");
        }
    }

    static IEnumerable<SpecificationFinding> Swarm(ServiceSpecification service)
    {
        if (service.BeforeDeploy is not null)
        {
            yield return Nothing("beforeDeploy", "Swarm", "runs no task before an update. Run it in the pipeline, or on an engine of its own");
        }
        if (service.HasFixedPorts)
        {
            yield return new(false, "spec.ports", null, "a port of the host can be had by one task of a node only: an old task is stopped before its new one starts, and for a moment its node does not answer.");
        }
        if (service.Health?.Path is not null)
        {
            yield return new(false, "spec.health.path", service.Health.Path, "Swarm checks by a command in the task: the image must have wget or curl, and a shell.");
        }
    }

    static IEnumerable<SpecificationFinding> Marathon(ServiceSpecification service)
    {
        if (service.BeforeDeploy is not null)
        {
            yield return Nothing("beforeDeploy", "Marathon", "runs no task before a deployment. Run it in the pipeline");
        }
        if (service.Secrets.Count > 0)
        {
            yield return Nothing("secrets", "Marathon", "needs a source for each. Give a native Marathon file");
        }
        if (service.Configs.Count > 0)
        {
            yield return Nothing("configs", "Marathon", "has no configs. Give them in env, or fetch them by a native Marathon file");
        }
        if (service.Restart != RestartWhen.Always)
        {
            yield return Nothing("restart", "Marathon", "always starts a task again that ended. Leave it out, or write always");
        }
        if (service.Volumes.Any(v => v.Name is not null))
        {
            yield return Nothing("volumes", "Marathon", "keeps a named volume by reservations of its own. Give directories of the host, or a native Marathon file");
        }
        if (service.Networks.Count > 1)
        {
            yield return Nothing("networks", "Marathon", "puts a Docker task into one network. Name one");
        }
    }

    static SpecificationFinding Nothing(string field, string cluster, string why) => new(true, $"spec.{field}", null, $"it has no meaning here: {cluster} {why}.");
}
