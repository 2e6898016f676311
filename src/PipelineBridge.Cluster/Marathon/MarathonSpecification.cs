using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PipelineBridge.Cluster.Specification;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>A team's Marathon file, and what is written to Marathon of it.</summary>
static class MarathonSpecification
{
    // What GET answers besides the definition; a file that was taken from there carries it.
    static readonly string[] ReadOnly =
    [
        "version", "versionInfo", "tasks", "tasksStaged", "tasksRunning", "tasksHealthy", "tasksUnhealthy", "deployments", "lastTaskFailure", "readinessCheckResults", "taskStats",
    ];

    static readonly string[] Compared = ["cmd", "args", "env", "cpus", "mem", "disk"];

    /// <summary>Reads a file as strict JSON, without a byte order mark.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static JsonNode? Parse(ReadOnlyMemory<byte> content)
    {
        var bytes = content.Span;
        return JsonNode.Parse(bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[3..] : bytes, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
    }

    /// <summary>The app to write: the team's own file with the image pinned, the id of its environment, our labels.</summary>
    /// <param name="replicas">How many instances were asked for; null: what the file says, else what runs.</param>
    /// <param name="live">The app as it is; null when there is none.</param>
    public static JsonObject ToWrite(ReadOnlyMemory<byte> content, string id, AppKey app, DeploymentMark mark, int? replicas, JsonObject? live)
    {
        JsonObject file;
        try
        {
            file = (ServiceReader.Is(content) ? MarathonService.Of(ServiceReader.Read(content)) : Parse(content)) as JsonObject ?? throw new ClusterRefusedException(Events.FailureCategory.Configuration, "The specification is no JSON object.");
        }
        catch (JsonException)
        {
            throw new ClusterRefusedException(Events.FailureCategory.Configuration, "The specification is no JSON.");
        }
        foreach (var name in ReadOnly)
        {
            file.Remove(name);
        }
        file["id"] = id;
        var container = Within(file, "container");
        container["type"] ??= "DOCKER";
        Within(container, "docker")["image"] = mark.Image;
        var instances = replicas ?? (int?)file["instances"].Number() ?? (int?)live?["instances"].Number() ?? 1;
        file["instances"] = instances;
        var labels = Within(file, "labels");
        labels[MarathonLabels.Request] = mark.Request;
        labels[MarathonLabels.Sequence] = mark.Sequence.ToString(CultureInfo.InvariantCulture);
        labels[MarathonLabels.Specification] = mark.Specification;
        labels[MarathonLabels.App] = app.App;
        labels[MarathonLabels.Environment] = app.Environment;
        labels[MarathonLabels.Image] = mark.Image;
        labels[MarathonLabels.Instances] = instances.ToString(CultureInfo.InvariantCulture);
        labels.Remove(MarathonLabels.Replaced);
        labels.Remove(MarathonLabels.TakesBack);
        if (live?["version"].Text() is { } replaced)
        {
            labels[MarathonLabels.Replaced] = replaced;
        }
        if (mark.TakesBack)
        {
            labels[MarathonLabels.TakesBack] = "true";
        }
        return file;
    }

    /// <summary>
    /// Whether the app as it is does what would be written, as far as Marathon answers it in the words of the file;
    /// somebody else's change of these fields makes a difference that the labels do not show.
    /// </summary>
    public static bool IsLike(JsonObject written, JsonObject live)
    {
        // As it goes over the wire: a number that was made here compares as its own kind alone.
        var sent = JsonNode.Parse(written.ToJsonString())!;
        return sent["instances"].Number() == live["instances"].Number() && Array.TrueForAll(Compared, name => IsEmpty(sent[name]) ? IsEmpty(live[name]) || sent[name] is null : Same(sent[name], live[name]));
    }

    static bool Same(JsonNode? a, JsonNode? b) => a.Number() is { } number ? number == b.Number() : JsonNode.DeepEquals(a, b);

    // What is empty may be left out of an answer.
    static bool IsEmpty(JsonNode? node) => node is null or JsonObject { Count: 0 } or JsonArray { Count: 0 };

    static JsonObject Within(JsonObject parent, string name)
    {
        if (parent[name] is JsonObject there)
        {
            return there;
        }
        var made = new JsonObject();
        parent[name] = made;
        return made;
    }
}
