using System.Text.Json;
using System.Text.Json.Serialization;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.Builds;
using PipelineBridge.Bridge.DeadLetters;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Deployments;
using PipelineBridge.Bridge.Holds;
using PipelineBridge.Bridge.Images;
using PipelineBridge.Bridge.Notifications;
using PipelineBridge.Bridge.Timeline;
using PipelineBridge.Bridge.Work;

namespace PipelineBridge.Bridge.Http;

/// <summary>How requests and answers are written; what a request's shape does not know is refused.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(Receipt))]
[JsonSerializable(typeof(BuildReport))]
[JsonSerializable(typeof(PushAsk))]
[JsonSerializable(typeof(TagAsk))]
[JsonSerializable(typeof(DeploymentAsk))]
[JsonSerializable(typeof(RemovalAsk))]
[JsonSerializable(typeof(RollbackAsk))]
[JsonSerializable(typeof(CancelAsk))]
[JsonSerializable(typeof(HoldAsk))]
[JsonSerializable(typeof(HoldLiftAsk))]
[JsonSerializable(typeof(NotificationAsk))]
[JsonSerializable(typeof(PhaseReport))]
[JsonSerializable(typeof(RequestDocument))]
[JsonSerializable(typeof(EventsAnswer))]
[JsonSerializable(typeof(ChainAnswer))]
[JsonSerializable(typeof(TimelineAnswer))]
[JsonSerializable(typeof(DeploymentsAnswer))]
[JsonSerializable(typeof(ServicesAnswer))]
[JsonSerializable(typeof(KeptImagesAnswer))]
[JsonSerializable(typeof(DeadLettersAnswer))]
[JsonSerializable(typeof(WorkAnswer))]
[JsonSerializable(typeof(Messaging.ExpectedDeployment))]
[JsonSerializable(typeof(BlobAnswer))]
[JsonSerializable(typeof(JsonElement))]
sealed partial class HttpJson : JsonSerializerContext;
