using System.Text.Json.Nodes;

namespace PipelineBridge.Tests.Events;

/// <summary>The schemas of <c>docs/schemas</c> as they are written.</summary>
static class OwnSchemas
{
    public static JsonObject Read(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(EventSchemas.Folder, name + ".json")))!.AsObject();

    public static IReadOnlyList<string> Names { get; } = [.. Directory.EnumerateFiles(EventSchemas.Folder).Select(f => Path.GetFileName(f))];

    public static IReadOnlyList<string> Required(string name) => [.. (Read(name)["required"]?.AsArray() ?? []).Select(r => r!.GetValue<string>())];

    /// <summary>Every property with its path, as in <c>tasks[].host</c>, and its schema.</summary>
    public static IEnumerable<(string Path, JsonObject Schema)> Properties(JsonObject schema, string at = "")
    {
        foreach (var (name, value) in schema["properties"]?.AsObject() ?? [])
        {
            var property = value!.AsObject();
            var path = at + name;
            yield return (path, property);
            var inner = property["items"] is JsonObject items ? Properties(items, path + "[].") : Properties(property, path + ".");
            foreach (var p in inner)
            {
                yield return p;
            }
        }
    }

    /// <summary>The words of an enumeration, or the examples of one that may grow.</summary>
    public static IEnumerable<string> Words(JsonObject schema) => (schema["enum"] ?? schema["examples"])!.AsArray().Select(w => w!.GetValue<string>());
}
