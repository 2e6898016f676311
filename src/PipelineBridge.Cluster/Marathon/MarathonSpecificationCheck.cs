using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>Tells before a deployment is accepted what Marathon, or this bridge, would not take of a team's Marathon file.</summary>
public sealed class MarathonSpecificationCheck(IReadOnlyList<MarathonClusterOptions> clusters) : ISpecificationCheck
{
    /// <inheritdoc/>
    public string Format => "marathon";

    /// <inheritdoc/>
    public IReadOnlyList<SpecificationFinding> Check(SpecificationToCheck specification)
    {
        ArgumentNullException.ThrowIfNull(specification);
        JsonNode? json;
        try
        {
            json = MarathonSpecification.Parse(specification.Content);
        }
        catch (JsonException e)
        {
            return [NoJson(e, specification.Content)];
        }
        if (json is not JsonObject app)
        {
            return [Mistake("spec", Kind(json), json is JsonArray { Count: var count }
                ? $"it is a list of {count}; it must be one app, as PUT /v2/apps/ID takes it."
                : "it must be a JSON object: one app, as PUT /v2/apps/ID takes it.")];
        }
        if (app["groups"] is JsonArray || app["apps"] is JsonArray)
        {
            return [Mistake("spec", null, "it is a group of apps; it must be one app, as PUT /v2/apps/ID takes it.")];
        }
        if (app["app"] is JsonObject)
        {
            return [Mistake("spec.app", null, "it is an answer of GET /v2/apps/ID; what stands below \"app\" is the app to write.")];
        }
        return
        [
            .. Id(app, specification),
            .. Kinds(app),
            .. Command(app),
            .. Image(app, specification),
            .. MarathonPlaceholders.Findings(app),
            .. MarathonHealthRules.Findings(app, specification),
            .. MarathonNetworkRules.Findings(app),
            .. Secrets(app),
        ];
    }

    internal static SpecificationFinding Mistake(string field, string? value, string message) => new(true, field, value, message);

    internal static SpecificationFinding Warning(string field, string? value, string message) => new(false, field, value, message);

    static SpecificationFinding NoJson(JsonException e, ReadOnlyMemory<byte> content)
    {
        var bytes = content.Span;
        bytes = bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[3..] : bytes;
        var twice = e.LineNumber is null ? FirstTwice(bytes) : null;
        var line = (int?)e.LineNumber ?? bytes[..(twice ?? 0)].Count((byte)'\n');
        var start = 0;
        for (var i = 0; i < line && bytes[start..].IndexOf((byte)'\n') is var next and >= 0; i++)
        {
            start += next + 1;
        }
        var at = twice ?? Math.Min(bytes.Length, start + (int)(e.BytePositionInLine ?? 0));
        // The reader counts bytes; a person counts characters.
        var column = Encoding.UTF8.GetCharCount(bytes[start..at]) + 1;
        var rest = Encoding.UTF8.GetString(bytes[at..Math.Min(bytes.Length, at + 2)]);
        var before = at > start ? (char)bytes[at - 1] : ' ';
        var why = bytes.Length == 0 ? "It is empty."
            : at >= bytes.Length ? "It ends in the middle."
            : twice is not null ? "A field stands there twice."
            : rest is "{{" or "${" || (before == '{' && rest[0] == '{') || rest[0] is '%' or '@' or '<' ? "A placeholder seems to be left in."
            : rest[0] is '}' or ']' ? "There is a comma too many, or a value missing, before the closing bracket."
            : $"The character {(char.IsControl(rest[0]) ? $"U+{(int)rest[0]:X4}" : rest[0])} must not stand there.";
        return new(true, "spec", null, $"it is no JSON, at line {line + 1}, column {column}. {why}", line + 1, column);
    }

    /// <summary>Where the first field begins that its object has already; the parser does not say it.</summary>
    static int? FirstTwice(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes);
        var objects = new Stack<HashSet<string>>();
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                objects.Push(new HashSet<string>(StringComparer.Ordinal));
            }
            else if (reader.TokenType == JsonTokenType.EndObject)
            {
                objects.Pop();
            }
            else if (reader.TokenType == JsonTokenType.PropertyName && !objects.Peek().Add(reader.GetString()!))
            {
                return (int)reader.TokenStartIndex;
            }
        }
        return null;
    }

    IEnumerable<SpecificationFinding> Id(JsonObject app, SpecificationToCheck specification)
    {
        var key = new AppKey(specification.App, specification.Environment);
        var right = clusters.Select(c => c.IdOf(key)).FirstOrDefault(id => id is not null) ?? $"/{specification.App}";
        var id = app["id"];
        if (id is not null && (id.Text() is not { } text || "/" + text.Trim('/') != right))
        {
            yield return Mistake("spec.id", id.Text(), $"the app {specification.App} in {specification.Environment} has the id {right}; leave the field out, or write that.");
        }
    }

    static IEnumerable<SpecificationFinding> Kinds(JsonObject app)
    {
        if (app["instances"] is { } instances && (instances.Number() is not { } n || n < 0 || n != Math.Floor(n)))
        {
            yield return Mistake("spec.instances", instances.ToJsonString(), "it must be a whole number, 0 or more.");
        }
        foreach (var name in new[] { "cpus", "mem", "disk", "gpus" })
        {
            if (app[name] is { } amount && (amount.Number() is not { } a || a < 0))
            {
                yield return Mistake($"spec.{name}", amount.ToJsonString(), "it must be a number, 0 or more.");
            }
        }
        foreach (var (name, wanted, isRight) in new (string, string, Func<JsonNode, bool>)[]
        {
            ("cmd", "a text", n => n.Text() is not null),
            ("args", "a list of texts", n => n is JsonArray list && list.All(i => i.Text() is not null)),
            ("container", "an object", n => n is JsonObject),
            ("healthChecks", "a list of objects", n => n is JsonArray list && list.All(i => i is JsonObject)),
            ("upgradeStrategy", "an object", n => n is JsonObject),
            ("env", "an object", n => n is JsonObject),
            ("labels", "an object", n => n is JsonObject),
        })
        {
            if (app[name] is { } value && !isRight(value))
            {
                yield return Mistake($"spec.{name}", Kind(value), $"it must be {wanted}.");
            }
        }
        foreach (var (name, value) in app["env"] as JsonObject ?? [])
        {
            if (value is not null && value.Text() is null && value.At("secret").Text() is null)
            {
                yield return Mistake($"spec.env.{name}", Kind(value), "it must be a text, or {\"secret\": NAME}.");
            }
        }
        foreach (var (name, value) in app["labels"] as JsonObject ?? [])
        {
            if (value.Text() is null)
            {
                yield return Mistake($"spec.labels.{name}", Kind(value), "it must be a text.");
            }
        }
    }

    static IEnumerable<SpecificationFinding> Command(JsonObject app)
    {
        if (app["cmd"] is not null && app["args"] is not null and not JsonArray { Count: 0 })
        {
            yield return Mistake("spec.args", null, "cmd and args stand together; Marathon takes one of them: cmd runs in a shell, args go to the image's entry point.");
        }
    }

    static IEnumerable<SpecificationFinding> Image(JsonObject app, SpecificationToCheck specification)
    {
        var docker = app["container"].At("docker");
        var image = docker.At("image").Text();
        if (docker is null)
        {
            yield return Warning("spec.container.docker", null, "there is no Docker container; the deployed image is put into one.");
        }
        // Whatever stands there is replaced, a placeholder too: only a whole name can be another repository's.
        else if (image is not null && specification.Image is { } deployed && !MarathonPlaceholders.IsIn(image)
            && ImageReference.TryParse(deployed, out var right, out _) && ImageReference.TryParse(image, out var written, out _) && written!.Name != right!.Name)
        {
            yield return Warning("spec.container.docker.image", image, $"it names another repository; {right.Name} is deployed in its place.");
        }
    }

    static IEnumerable<SpecificationFinding> Secrets(JsonObject app)
    {
        var defined = (app["secrets"] as JsonObject ?? []).Select(s => s.Key).ToHashSet(StringComparer.Ordinal);
        var used = (app["env"] as JsonObject ?? []).Select(e => (Field: $"spec.env.{e.Key}", Name: e.Value.At("secret").Text()))
            .Concat(app["container"].At("volumes").Objects().Select((v, i) => (Field: $"spec.container.volumes[{i}].secret", Name: v["secret"].Text())))
            .Append((Field: "spec.container.docker.pullConfig.secret", Name: app["container"].At("docker").At("pullConfig").At("secret").Text()));
        foreach (var (field, name) in used)
        {
            if (name is not null && !defined.Contains(name))
            {
                yield return Mistake(field, name, $"there is no secret of this name; define it: \"secrets\": {{\"{name}\": {{\"source\": …}}}}.");
            }
        }
        if (app["container"].At("docker").At("pullConfig") is not null && app["container"].At("type").Text() is null or "DOCKER")
        {
            yield return Mistake("spec.container.docker.pullConfig", null, "only the MESOS containerizer takes it; with DOCKER the registry's credentials come by \"fetch\" of a docker.tar.gz.");
        }
    }

    static string Kind(JsonNode? node) => node?.GetValueKind() switch
    {
        null => "null",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.Number => "a number",
        JsonValueKind.String => "a text",
        _ => "true or false",
    };
}
