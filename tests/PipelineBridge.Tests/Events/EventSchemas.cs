using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Events;

/// <summary>
/// What an event of ours has to satisfy: CloudEvents, CDEvents, and our own schemas of <c>docs/schemas</c>. Those are
/// open, so that a field may be added under a subscriber that validates; here they are closed, so that none is added undocumented.
/// </summary>
static class EventSchemas
{
    static readonly EvaluationOptions Strict = new() { OutputFormat = OutputFormat.List, RequireFormatValidation = true };
    static readonly Lazy<JsonSchema> CloudEvent = new(() => JsonSchema.FromFile(Vendor.PathOf("cloudevents.schema.json")));
    static readonly Lazy<Dictionary<string, JsonSchema>> CdEvents = new(ReadCdEvents);
    static readonly Lazy<Dictionary<string, JsonSchema>> Ours = new(() => Directory.EnumerateFiles(Folder, "*.json").ToDictionary(
        f => Path.GetFileNameWithoutExtension(f), f => JsonSchema.FromText(Closed(JsonNode.Parse(File.ReadAllText(f)))!.ToJsonString(), new BuildOptions { SchemaRegistry = new SchemaRegistry() })));

    const string AnyCustomType = "custom";

    public static string Folder => Repository.PathOf("docs", "schemas");

    /// <summary>All that is wrong with a document of ours; nothing when it is as documented.</summary>
    public static IReadOnlyList<string> Mistakes(ReadOnlyMemory<byte> document)
    {
        using var json = JsonDocument.Parse(document);
        var root = json.RootElement;
        var data = root.GetProperty("data");
        var type = EventTypes.Find(root.GetProperty("type").GetString()!)!;
        List<string> mistakes =
        [
            .. Mistakes("CloudEvents", CloudEvent.Value, root),
            .. Mistakes("CDEvents", CdEventsSchema(type.Name), data),
            .. data.TryGetProperty("customData", out var custom) ? Mistakes("customdata.json", Ours.Value["customdata"], custom) : ["customData is missing"],
        ];
        if (type.IsOurs)
        {
            mistakes.AddRange(Mistakes(type.ShortName + ".json", Ours.Value[type.ShortName], data.GetProperty("subject").GetProperty("content")));
        }
        return mistakes;
    }

    /// <summary>What is wrong with a CDEvents document of anybody's.</summary>
    public static IReadOnlyList<string> CdEventMistakes(JsonElement data) =>
        Mistakes("CDEvents", CdEventsSchema(data.GetProperty("context").GetProperty("type").GetString()!), data);

    static JsonSchema CdEventsSchema(string type) => CdEvents.Value[type.StartsWith(EventTypes.StandardPrefix, StringComparison.Ordinal) ? type : AnyCustomType];

    static List<string> Mistakes(string name, JsonSchema schema, JsonElement json)
    {
        var results = schema.Evaluate(json, Strict);
        if (results.IsValid)
        {
            return [];
        }
        var told = (results.Details ?? []).Where(d => d.Errors is { Count: > 0 })
            .SelectMany(d => d.Errors!.Select(e => $"{name} {d.InstanceLocation}: {e.Value}")).ToList();
        return told.Count > 0 ? told : [$"{name}: not valid"];
    }

    static Dictionary<string, JsonSchema> ReadCdEvents()
    {
        var options = new BuildOptions { SchemaRegistry = new SchemaRegistry() };
        // The events' schemas refer to those of the links, which have to be known first, and the list of links last among them.
        foreach (var file in Directory.EnumerateFiles(Vendor.PathOf(Vendor.CdEvents, "schemas", "links")).OrderBy(f => f.EndsWith("array.json", StringComparison.Ordinal)))
        {
            JsonSchema.FromFile(file, options);
        }
        var schemas = new Dictionary<string, JsonSchema> { [AnyCustomType] = JsonSchema.FromFile(Vendor.PathOf(Vendor.CdEvents, "custom", "schema.json"), options) };
        foreach (var file in Directory.EnumerateFiles(Vendor.PathOf(Vendor.CdEvents, "schemas")))
        {
            var type = JsonNode.Parse(File.ReadAllText(file))!["properties"]!["context"]!["properties"]!["type"]!["enum"]![0]!.GetValue<string>();
            schemas[type] = JsonSchema.FromFile(file, options);
        }
        return schemas;
    }

    static JsonNode? Closed(JsonNode? schema)
    {
        if (schema is JsonObject o)
        {
            if (o["properties"] is JsonObject properties)
            {
                o["additionalProperties"] = false;
                foreach (var property in properties)
                {
                    Closed(property.Value);
                }
            }
            Closed(o["items"]);
        }
        return schema;
    }
}
