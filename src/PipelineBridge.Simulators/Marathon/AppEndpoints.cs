using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary><c>/v2/apps</c>: apps, their versions, their restart.</summary>
sealed class AppEndpoints(DeploymentEngine engine, AppInfo info, AppReader reader, EventHub events)
{
    public Answer All(MarathonCall call) => call.Method switch
    {
        "GET" => List(call),
        "POST" => Create(call),
        "PUT" => PutMany(call, call.Flag("partialUpdate", otherwise: true), mayCreate: true),
        "PATCH" => PutMany(call, partial: true, mayCreate: false),
        _ => throw MarathonError.Plain(405, "Method Not Allowed"),
    };

    public Answer One(MarathonCall call, string id) => call.Method switch
    {
        "GET" when id == "/*" || id.EndsWith("/*", StringComparison.Ordinal) => Below(AppId.Absolute(id[..^1])),
        "GET" => Answer.Ok(new JsonObject { ["app"] = info.Whole(Known(id)) }),
        "PUT" => Put(call, id, call.Flag("partialUpdate", otherwise: true), mayCreate: true),
        "PATCH" => Put(call, id, partial: true, mayCreate: false),
        "DELETE" => Delete(call, Known(id)),
        _ => throw MarathonError.Plain(405, "Method Not Allowed"),
    };

    public Answer Restart(MarathonCall call, string id) =>
        Answer.Of(engine.Change(AppChange.RestartOf(Known(id).Id), call.Flag("force")));

    public Answer Versions(string id)
    {
        var versions = engine.Versions.Of(Known(id).Id);
        return Answer.Ok(new JsonObject { ["versions"] = new JsonArray([.. versions.Select(version => (JsonNode)version)]) });
    }

    public Answer Version(string id, string version) =>
        Answer.Ok((engine.Versions.Find(id, version) ?? throw MarathonError.UnknownApp(id, version)).ToJson());

    public AppDefinition Known(string id) => engine.Apps.GetValueOrDefault(id) ?? throw MarathonError.UnknownApp(id);

    Answer List(MarathonCall call)
    {
        var apps = engine.Apps.Values.Where(app =>
            Has(app.Id, call.Query["id"]) && Has(app.Body["cmd"]?.GetValue<string>() ?? "", call.Query["cmd"])
            && LabelSelector.Matches(app, call.Query["label"].FirstOrDefault()));
        return Answer.Ok(new JsonObject { ["apps"] = new JsonArray([.. apps.Select(info.Brief)]) });
    }

    Answer Below(string group)
    {
        var apps = engine.Apps.Values.Where(app => AppId.IsBelow(app.Id, group)).ToList();
        return apps.Count == 0 && group != "/"
            ? throw MarathonError.UnknownGroup(group)
            : Answer.Ok(new JsonObject { ["*"] = new JsonArray([.. apps.Select(info.Whole)]) });
    }

    Answer Create(MarathonCall call)
    {
        var sent = call.Object();
        var id = IdOf(sent, "");
        var app = AppReader.Whole(sent, id);
        if (engine.Apps.ContainsKey(id))
        {
            throw MarathonError.Plain(409, $"An app with id [{id}] already exists.");
        }

        var deployment = engine.Change(AppChange.Set(app), call.Flag("force"));
        PublishPost(call, id);
        var json = engine.Apps[id].ToJson();
        foreach (var count in new[] { "tasksStaged", "tasksRunning", "tasksHealthy", "tasksUnhealthy" })
        {
            json[count] = 0;
        }

        json["deployments"] = new JsonArray(new JsonObject { ["id"] = deployment.Id });
        return new Answer(201, json).With("Location", id).With("Marathon-Deployment-Id", deployment.Id);
    }

    Answer Put(MarathonCall call, string id, bool partial, bool mayCreate)
    {
        var isNew = !engine.Apps.ContainsKey(id);
        var app = reader.Put(call.Object(), id, partial, mayCreate);
        var deployment = engine.Change(AppChange.Set(app), call.Flag("force"));
        PublishPost(call, id);
        return isNew
            ? Answer.Of(deployment, 201).With("Location", id)
            : Answer.Of(deployment);
    }

    Answer PutMany(MarathonCall call, bool partial, bool mayCreate)
    {
        var sent = call.Objects();
        var apps = sent.Select((app, index) => reader.Put(app, IdOf(app, $"({index})"), partial, mayCreate)).ToList();
        return Answer.Of(engine.Change(AppChange.Set(apps), call.Flag("force")));
    }

    Answer Delete(MarathonCall call, AppDefinition app) =>
        Answer.Of(engine.Change(AppChange.Remove(app.Id), call.Flag("force", otherwise: true)));

    void PublishPost(MarathonCall call, string id) =>
        events.Publish(MarathonEvents.ApiPost(call.Address, call.Path, engine.Apps[id]));

    static string IdOf(JsonObject sent, string at) => sent["id"] switch
    {
        null => throw MarathonError.WrongType($"{at}/id", "error.path.missing"),
        JsonValue value when value.TryGetValue<string>(out var id) => AppId.Absolute(id),
        _ => throw MarathonError.WrongType($"{at}/id", "error.expected.jsstring"),
    };

    static bool Has(string value, string? part) =>
        part is null || value.Contains(part, StringComparison.OrdinalIgnoreCase);
}
