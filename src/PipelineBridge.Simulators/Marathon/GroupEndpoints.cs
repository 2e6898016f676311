using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary><c>/v2/groups</c>: apps by their paths, changed together by one deployment.</summary>
/// <remarks>A group is there while it has apps; empty groups, their versions and dependencies between groups are not kept.</remarks>
sealed class GroupEndpoints(DeploymentEngine engine, AppReader reader)
{
    public Answer One(MarathonCall call, string id) => call.Method switch
    {
        "GET" => Answer.Ok(Group(id)),
        "POST" => Put(call, id, isNew: true),
        "PUT" => Put(call, id, isNew: false),
        "DELETE" => Delete(call, id),
        _ => throw MarathonError.Plain(405, "Method Not Allowed"),
    };

    JsonObject Group(string id)
    {
        if (id != "/" && !engine.Apps.Keys.Any(app => AppId.IsBelow(app, id)))
        {
            throw MarathonError.UnknownGroup(id);
        }

        var children = engine.Apps.Keys.Where(app => AppId.IsBelow(app, id) && AppId.Parent(app) != id)
            .Select(app => AppId.Absolute(app[(id == "/" ? 1 : id.Length + 1)..].Split('/')[0], id)).Distinct();
        return new JsonObject
        {
            ["id"] = id,
            ["apps"] = new JsonArray([.. engine.Apps.Values.Where(app => AppId.Parent(app.Id) == id).Select(app => app.ToJson())]),
            ["groups"] = new JsonArray([.. children.Select(Group)]),
            ["pods"] = new JsonArray(),
            ["dependencies"] = new JsonArray(),
            ["version"] = engine.Apps.Values.Select(app => app.Version).Order(StringComparer.Ordinal).LastOrDefault()
                ?? "1970-01-01T00:00:00.000Z",
        };
    }

    Answer Put(MarathonCall call, string id, bool isNew)
    {
        var sent = call.Object();
        if (sent["id"] is { } given)
        {
            var own = AppId.Absolute(given.ToString(), id);
            id = isNew || own == id ? own : throw MarathonError.Invalid("/id", $"must be {id}, the group of the path");
        }

        if (sent["scaleBy"] is { } factor)
        {
            return Scale(call, id, factor.GetValue<double>());
        }

        var bodies = new List<JsonObject>();
        Read(sent, id, bodies);
        var kept = bodies.Select(body => body["id"]!.GetValue<string>()).ToHashSet();

        // What a group's update leaves out is stopped, down to the sub-groups.
        var change = new AppChange(id, apps => AppChange.Set(bodies).Apply(apps)
            .Where(app => !AppId.IsBelow(app.Key, id) || kept.Contains(app.Key))
            .ToDictionary());
        if (call.Flag("dryRun"))
        {
            return Answer.Ok(new JsonObject { ["steps"] = engine.Plan(change).StepsJson() });
        }

        return Answer.Of(engine.Change(change, call.Flag("force")), isNew ? 201 : 200);
    }

    void Read(JsonObject group, string id, List<JsonObject> bodies)
    {
        foreach (var app in (group["apps"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (app["id"] is not { } own)
            {
                throw MarathonError.WrongType("/apps/id", "error.path.missing");
            }

            bodies.Add(reader.Put(app, AppId.Absolute(own.ToString(), id), partial: false, mayCreate: true));
        }

        foreach (var child in (group["groups"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (child["id"] is not { } own)
            {
                throw MarathonError.WrongType("/groups/id", "error.path.missing");
            }

            Read(child, AppId.Absolute(own.ToString(), id), bodies);
        }
    }

    Answer Scale(MarathonCall call, string id, double factor)
    {
        var bodies = engine.Apps.Values.Where(app => AppId.IsBelow(app.Id, id)).Select(app =>
        {
            var body = app.Body.DeepClone().AsObject();
            body["instances"] = (int)Math.Ceiling(app.Instances * factor);
            return body;
        }).ToList();
        return bodies.Count == 0
            ? throw MarathonError.UnknownGroup(id)
            : Answer.Of(engine.Change(AppChange.Set(bodies), call.Flag("force")));
    }

    Answer Delete(MarathonCall call, string id)
    {
        var apps = engine.Apps.Keys.Where(app => AppId.IsBelow(app, id)).ToList();
        return apps.Count == 0
            ? throw MarathonError.UnknownGroup(id)
            : Answer.Of(engine.Change(AppChange.Remove(apps), call.Flag("force")));
    }
}
