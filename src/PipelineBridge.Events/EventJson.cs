using System.Text.Json;
using System.Text.Json.Serialization;

namespace PipelineBridge.Events;

/// <summary>How contents are written: camel case, nothing for what is absent. What a record demands must be there when it is read.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(Rfc3339)])]
[JsonSerializable(typeof(CustomData))]
[JsonSerializable(typeof(IReadOnlyList<EventLink>))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(PipelineRunQueued))]
[JsonSerializable(typeof(PipelineRunStarted))]
[JsonSerializable(typeof(PipelineRunFinished))]
[JsonSerializable(typeof(ImagePushRequested))]
[JsonSerializable(typeof(ImageProgressed))]
[JsonSerializable(typeof(ImageTagRequested))]
[JsonSerializable(typeof(ImageResolveRequested))]
[JsonSerializable(typeof(ImageResolved))]
[JsonSerializable(typeof(ArtifactPublished))]
[JsonSerializable(typeof(DeploymentRequested))]
[JsonSerializable(typeof(DeploymentRolloutRequested))]
[JsonSerializable(typeof(DeploymentCancelRequested))]
[JsonSerializable(typeof(DeploymentRetireRequested))]
[JsonSerializable(typeof(DeploymentRetired))]
[JsonSerializable(typeof(DeploymentStarted))]
[JsonSerializable(typeof(DeploymentProgressed))]
[JsonSerializable(typeof(DeploymentSucceeded))]
[JsonSerializable(typeof(DeploymentFailed))]
[JsonSerializable(typeof(DeploymentSuperseded))]
[JsonSerializable(typeof(DeploymentRefused))]
[JsonSerializable(typeof(DeploymentCancelled))]
[JsonSerializable(typeof(DeploymentHeld))]
[JsonSerializable(typeof(DeploymentHoldLifted))]
[JsonSerializable(typeof(ServiceDeployed))]
[JsonSerializable(typeof(ServiceUpgraded))]
[JsonSerializable(typeof(ServiceRolledBack))]
[JsonSerializable(typeof(ServiceRemoved))]
[JsonSerializable(typeof(EndpointsChanged))]
[JsonSerializable(typeof(IncidentDetected))]
[JsonSerializable(typeof(IncidentResolved))]
[JsonSerializable(typeof(NotificationRequested))]
[JsonSerializable(typeof(NotificationDelivered))]
[JsonSerializable(typeof(WorkEnded))]
[JsonSerializable(typeof(WorkDeferred))]
sealed partial class EventJson : JsonSerializerContext;
