using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary><c>/v2/tasks</c> and <c>/v2/apps/…/tasks</c>: reads tasks and kills them.</summary>
sealed class TaskEndpoints(DeploymentEngine engine, TaskLife tasks, AppInfo info)
{
    public Answer All(MarathonCall call)
    {
        var wanted = call.Query["status"].Concat(call.Query["status[]"]).ToList();
        var found = tasks.All.Where(instance => wanted.Count == 0 || wanted.Contains(instance.MesosState[5..].ToLowerInvariant()));
        return Answer.Ok(new JsonObject { ["tasks"] = info.Tasks(found) });
    }

    public Answer OfApp(MarathonCall call, string id)
    {
        var app = Known(id);
        return call.Method switch
        {
            "GET" => Answer.Ok(new JsonObject { ["tasks"] = info.Tasks(tasks.Of(app.Id)) }),
            "DELETE" => Kill(call, OnHost(tasks.Of(app.Id), call.Query["host"].FirstOrDefault()), app),
            _ => throw MarathonError.Plain(405, "Method Not Allowed"),
        };
    }

    public Answer One(MarathonCall call, string id, string task)
    {
        var app = Known(id);
        if (call.Method != "DELETE")
        {
            throw MarathonError.Plain(405, "Method Not Allowed");
        }

        var found = tasks.Of(app.Id).Where(instance => instance.HasTask && instance.TaskId == task).ToList();
        var answer = Kill(call, found, app);
        if (call.Flag("scale"))
        {
            return answer;
        }

        return found.Count == 0
            ? throw MarathonError.UnknownTask(task)
            : Answer.Ok(new JsonObject { ["task"] = answer.Body!["tasks"]![0]!.DeepClone() });
    }

    /// <summary><c>POST /v2/tasks/delete</c> with the ids of tasks of any apps.</summary>
    public Answer Many(MarathonCall call)
    {
        if (call.Object()["ids"] is not JsonArray ids)
        {
            throw MarathonError.WrongType("/ids", "error.path.missing");
        }

        RefuseScaleAndWipe(call);
        var wanted = ids.Select(id => id?.ToString()).ToHashSet();
        var found = tasks.All.Where(instance => instance.HasTask && wanted.Contains(instance.TaskId)).ToList();
        if (call.Flag("scale"))
        {
            var bodies = found.GroupBy(instance => instance.App.Id)
                .Where(group => engine.Apps.ContainsKey(group.Key))
                .Select(group => Fewer(engine.Apps[group.Key], group.Count())).ToList();
            return Answer.Of(engine.Change(AppChange.Set(bodies), call.Flag("force"), [.. found.Select(instance => instance.Id)]));
        }

        return KillNow(found);
    }

    Answer Kill(MarathonCall call, IReadOnlyList<Instance> found, AppDefinition app)
    {
        RefuseScaleAndWipe(call);
        return call.Flag("scale")
            ? Answer.Of(engine.Change(
                AppChange.Set(Fewer(app, found.Count)), call.Flag("force"), [.. found.Select(instance => instance.Id)]))
            : KillNow(found);
    }

    Answer KillNow(IReadOnlyList<Instance> found)
    {
        var json = info.Tasks(found);
        foreach (var instance in found)
        {
            tasks.Kill(instance);
        }

        return Answer.Ok(new JsonObject { ["tasks"] = json });
    }

    AppDefinition Known(string id) => engine.Apps.GetValueOrDefault(id) ?? throw MarathonError.UnknownApp(id);

    static void RefuseScaleAndWipe(MarathonCall call)
    {
        if (call.Flag("scale") && call.Flag("wipe"))
        {
            throw MarathonError.Plain(400, "You cannot use scale and wipe at the same time.");
        }
    }

    static JsonObject Fewer(AppDefinition app, int count)
    {
        var body = app.Body.DeepClone().AsObject();
        body["instances"] = Math.Max(0, app.Instances - count);
        return body;
    }

    static IReadOnlyList<Instance> OnHost(IReadOnlyList<Instance> found, string? host) =>
        [.. found.Where(instance => instance.HasTask && (host is null or "*" || instance.Host == host))];
}
