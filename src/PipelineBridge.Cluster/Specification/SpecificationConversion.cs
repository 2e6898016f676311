using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Docker.DotNet.Models;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Cluster.Marathon;
using PipelineBridge.Cluster.Swarm;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster.Specification;

/// <summary>Shows what a portable specification becomes on a kind of cluster, as its API takes it.</summary>
public static class SpecificationConversion
{
    /// <summary>The kinds of clusters.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["marathon", "swarm", "engine"];

    static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Converters = { new Nanoseconds(), new RestartPolicies() },
    };

    /// <summary>What it becomes, and what is wrong with it there; nothing when that is a mistake.</summary>
    /// <param name="content">The specification.</param>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="app">The app and environment that its names are made of.</param>
    /// <param name="image">The image; null: what the specification names.</param>
    public static (string? Text, IReadOnlyList<SpecificationFinding> Findings) Convert(ReadOnlyMemory<byte> content, string kind, AppKey app, string? image)
    {
        if (!ServiceReader.Is(content))
        {
            return (null, [new(true, "spec", null, "it is no portable specification: that begins with kind: service. A native Marathon file is taken by Marathon alone, as it is.")]);
        }
        var findings = new ServiceSpecificationCheck(_ => kind).Check(new SpecificationToCheck(app.App, app.Environment, content, [], null, image));
        if (findings.Any(f => f.IsMistake))
        {
            return (null, findings);
        }
        var service = ServiceReader.Read(content);
        var mark = new DeploymentMark("d-" + new string('0', 26), 0, "", image ?? service.Image ?? $"registry.internal/{app.App}");
        var replicas = service.Replicas ?? 1;
        var shown = kind switch
        {
            "marathon" => MarathonService.Of(service with { Image = mark.Image }),
            "swarm" => JsonSerializer.SerializeToNode(ServicePlan.Of(service, "-", app, mark, replicas, Named(service), 0, DateTimeOffset.UnixEpoch), Json),
            "engine" => Containers(service, app, mark, replicas),
            _ => throw new ArgumentException($"There is no kind {kind}.", nameof(kind)),
        };
        return (Bare(shown)!.ToJsonString(Json), findings);
    }

    /// <summary>The container of a task; after that of the task before, in a list, where there is one.</summary>
    static JsonNode? Containers(ServiceSpecification service, AppKey app, DeploymentMark mark, int replicas)
    {
        var task = Container(ContainerPlan.Task(service, "-", app, mark, 1, replicas, ""), service, app);
        return service.BeforeDeploy is null ? task : new JsonArray(Container(ContainerPlan.Before(service, "-", app, mark), service, app), task);
    }

    // It is connected to further networks once it is made, for older engines take one with the call alone: they are shown where newer ones take them.
    static JsonNode? Container(CreateContainerParameters container, ServiceSpecification service, AppKey app)
    {
        foreach (var network in service.Networks.Skip(1))
        {
            container.NetworkingConfig!.EndpointsConfig![network] = new EndpointSettings { Aliases = [app.App] };
        }
        return JsonSerializer.SerializeToNode(container, Json);
    }

    // Who asks has no Swarm at hand: a name stands for its identity.
    static SwarmNames Named(ServiceSpecification service) => new(service.Secrets.Select(s => s.Name).Distinct().ToDictionary(n => n), service.Configs.Select(c => c.Name).Distinct().ToDictionary(n => n));

    /// <summary>Without what says nothing, and without the marks of a deployment, which is not there yet.</summary>
    static JsonNode? Bare(JsonNode? node, string name = "")
    {
        switch (node)
        {
            // A variable may be empty on purpose.
            case JsonObject { Count: > 0 } when name == "env":
                return node;
            case JsonObject fields:
                foreach (var (key, value) in fields.ToList())
                {
                    if (IsMark(key) || Bare(value, key) is null)
                    {
                        fields.Remove(key);
                    }
                }
                // An empty object behind a port says that the port is there.
                return fields.Count == 0 && !name.Contains('/', StringComparison.Ordinal) ? null : fields;
            case JsonArray { Count: 0 }:
                return null;
            case JsonArray list:
                foreach (var item in list.OfType<JsonObject>())
                {
                    Bare(item);
                }
                return list;
            case JsonValue text when text.GetValueKind() == JsonValueKind.String && text.GetValue<string>().Length == 0:
                return null;
            default:
                return node;
        }
    }

    static bool IsMark(string key) => key.StartsWith("pipelinebridge.", StringComparison.Ordinal) && !key.StartsWith("pipelinebridge.health", StringComparison.Ordinal);

    sealed class Nanoseconds : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Ticks * 100);
    }

    sealed class RestartPolicies : JsonConverter<RestartPolicyKind>
    {
        public override RestartPolicyKind Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, RestartPolicyKind value, JsonSerializerOptions options) => writer.WriteStringValue(value switch
        {
            RestartPolicyKind.UnlessStopped => "unless-stopped",
            RestartPolicyKind.OnFailure => "on-failure",
            RestartPolicyKind.Always => "always",
            _ => "no",
        });
    }
}
