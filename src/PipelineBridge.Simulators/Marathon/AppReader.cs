using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>Makes the wanted definition of an app out of what a client sent and what is there.</summary>
sealed class AppReader(DeploymentEngine engine)
{
    /// <summary>A whole definition; what it leaves out becomes the default, instances too.</summary>
    public static JsonObject Whole(JsonObject sent, string id) => Guarded(() =>
    {
        AppValidation.CheckGiven(sent);
        var app = AppNormalization.Normalize(sent, id);
        AppValidation.CheckNormal(app);
        return app;
    });

    /// <summary>An update: fields at the top level replace those of the app, all others stay; a version goes back to it.</summary>
    public JsonObject Update(JsonObject sent, AppDefinition before) => Guarded(() =>
    {
        if (sent["version"] is { } version)
        {
            return Back(sent, before.Id, version.GetValue<string>());
        }

        AppValidation.CheckGiven(sent);
        var merged = before.Body.DeepClone().AsObject();

        // Marathon reads these two from the update alone (raml/AppConversion).
        merged.Remove("executorResources");
        merged.Remove("resourceLimits");
        foreach (var (name, value) in AppNormalization.WithoutOldForms(sent))
        {
            merged[name] = value!.DeepClone();
        }

        var app = AppNormalization.Normalize(merged, before.Id);
        AppValidation.CheckNormal(app);
        return app;
    });

    /// <summary>What a PUT makes of an app: a new one, an update or a replacement.</summary>
    public JsonObject Put(JsonObject sent, string id, bool partial, bool mayCreate)
    {
        if (!engine.Apps.TryGetValue(id, out var before))
        {
            return mayCreate ? Whole(sent, id) : throw MarathonError.UnknownApp(id);
        }

        return partial ? Update(sent, before) : Whole(sent, id);
    }

    JsonObject Back(JsonObject sent, string id, string version)
    {
        var others = sent.Where(field => field.Value is not null && field.Key is not ("id" or "version")).ToList();
        if (others.Count > 0)
        {
            throw MarathonError.Invalid("/version", "The 'version' field may only be combined with the 'id' field.");
        }

        return (engine.Versions.Find(id, version) ?? throw MarathonError.UnknownApp(id)).Body.DeepClone().AsObject();
    }

    // A wrong type deep inside is found only when it is read.
    static JsonObject Guarded(Func<JsonObject> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is InvalidOperationException or FormatException or ArgumentException)
        {
            throw MarathonError.WrongType("", exception.Message);
        }
    }
}
