using System.Text.Json.Serialization;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;

namespace PipelineBridge.Bridge;

/// <summary>How the bridge writes its own documents and states: camel case, nothing for what is absent.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RequestDocument))]
[JsonSerializable(typeof(DeploymentLane))]
[JsonSerializable(typeof(TagLane))]
[JsonSerializable(typeof(TellingLane))]
[JsonSerializable(typeof(ServiceDocument))]
[JsonSerializable(typeof(OpenIncidents))]
[JsonSerializable(typeof(TargetRefusal))]
[JsonSerializable(typeof(Waiters))]
[JsonSerializable(typeof(DeploymentRequested))]
[JsonSerializable(typeof(DeploymentProgressed))]
[JsonSerializable(typeof(ImageProgressed))]
sealed partial class BridgeJson : JsonSerializerContext;
