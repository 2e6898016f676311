using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.DeadLetters;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Images;
using PipelineBridge.Bridge.Timeline;
using PipelineBridge.Registry.Retention;

namespace PipelineBridge.CommandLine;

/// <summary>How answers of a bridge are read; what a newer bridge says besides is left alone.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Receipt))]
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(RequestDocument))]
[JsonSerializable(typeof(ServicesAnswer))]
[JsonSerializable(typeof(ChainAnswer))]
[JsonSerializable(typeof(TimelineAnswer))]
[JsonSerializable(typeof(DeploymentsAnswer))]
[JsonSerializable(typeof(DeadLettersAnswer))]
[JsonSerializable(typeof(EventsAnswer))]
[JsonSerializable(typeof(KeptImagesAnswer))]
[JsonSerializable(typeof(List<RetentionPlan>))]
[JsonSerializable(typeof(JsonObject))]
sealed partial class CommandJson : JsonSerializerContext;
