using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>Apps and tasks as they are read: definitions with counts, deployments, tasks and the last failure.</summary>
sealed class AppInfo(DeploymentEngine engine, TaskLife tasks)
{
    /// <summary>An app in a list: counts and deployments.</summary>
    public JsonObject Brief(AppDefinition app)
    {
        var json = app.ToJson();
        var instances = tasks.Of(app.Id);
        json["tasksStaged"] = instances.Count(instance => instance.Condition == Condition.Staging);
        json["tasksRunning"] = instances.Count(instance => instance.Condition == Condition.Running);
        json["tasksHealthy"] = instances.Count(instance => instance.Health is { Alive: true });
        json["tasksUnhealthy"] = instances.Count(instance => instance.Health is { Alive: false });
        json["deployments"] = new JsonArray([.. engine.Listed
            .Where(deployment => deployment.AffectedApps.Contains(app.Id))
            .Select(deployment => new JsonObject { ["id"] = deployment.Id })]);
        return json;
    }

    /// <summary>An app read alone: its tasks and its last failure too.</summary>
    public JsonObject Whole(AppDefinition app)
    {
        var json = Brief(app);
        json["tasks"] = Tasks(tasks.Of(app.Id));
        if (tasks.LastFailure(app.Id) is { } failure)
        {
            json["lastTaskFailure"] = new JsonObject
            {
                ["appId"] = failure.AppId,
                ["host"] = failure.Host,
                ["message"] = failure.Message,
                ["state"] = failure.State,
                ["taskId"] = failure.TaskId,
                ["timestamp"] = Names.Text(failure.Time),
                ["version"] = failure.Version,
                ["slaveId"] = failure.Agent,
            };
        }

        return json;
    }

    public JsonArray Tasks(IEnumerable<Instance> instances) =>
        new([.. instances.Where(instance => instance.HasTask).Select(Task)]);

    public JsonObject Task(Instance instance)
    {
        var json = new JsonObject
        {
            ["appId"] = instance.App.Id,
            ["id"] = instance.TaskId,
            ["host"] = instance.Host,
            ["ipAddresses"] = MarathonEvents.IpAddresses(instance),
            ["ports"] = Numbers(instance.Ports),
            ["servicePorts"] = Numbers(engine.Apps.GetValueOrDefault(instance.App.Id, instance.App).ServicePorts),
            ["slaveId"] = MarathonEvents.AgentId(instance),
            ["state"] = instance.MesosState,
            ["stagedAt"] = Time(instance.StagedAt),
            ["version"] = instance.App.Version,
            ["localVolumes"] = new JsonArray(),
            ["role"] = instance.App.Role,
        };
        if (instance.StartedAt is not null)
        {
            json["startedAt"] = Time(instance.StartedAt);
        }

        if (instance.Health is { } health)
        {
            json["healthCheckResults"] = new JsonArray([.. instance.App.HealthChecks.Select(_ => Health(instance, health))]);
        }

        return json;
    }

    static JsonObject Health(Instance instance, TaskHealth health)
    {
        var json = new JsonObject
        {
            ["alive"] = health.Alive,
            ["consecutiveFailures"] = health.ConsecutiveFailures,
            ["instanceId"] = instance.Id,
        };
        foreach (var (name, time) in new[]
        {
            ("firstSuccess", health.FirstSuccess), ("lastSuccess", health.LastSuccess), ("lastFailure", health.LastFailure),
        })
        {
            if (time is not null)
            {
                json[name] = Time(time);
            }
        }

        if (health.LastFailureCause is { } cause)
        {
            json["lastFailureCause"] = cause;
        }

        return json;
    }

    static JsonNode? Time(DateTimeOffset? time) => time is { } known ? Names.Text(known) : null;

    static JsonArray Numbers(IEnumerable<int> numbers) => new([.. numbers.Select(number => (JsonNode)number)]);
}
