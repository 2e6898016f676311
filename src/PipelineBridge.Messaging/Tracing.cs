using System.Diagnostics;
using MassTransit;

namespace PipelineBridge.Messaging;

/// <summary>The spans of the product's own: one trace from the call to the last effect.</summary>
public static class Tracing
{
    /// <summary>The name to listen to.</summary>
    public const string SourceName = "PipelineBridge";

    /// <summary>Where our spans begin.</summary>
    public static ActivitySource Source { get; } = new(SourceName);

    /// <summary>A span that continues the trace of a message; null when nobody listens.</summary>
    internal static Activity? Continue(Headers headers, string name, WorkItem work)
    {
        var parent = headers.TryGetHeader(Broker.BrokerMessage.TraceParent, out var value)
            ? value switch { string text => text, byte[] bytes => System.Text.Encoding.ASCII.GetString(bytes), _ => null }
            : null;
        var activity = Source.StartActivity(name, ActivityKind.Consumer, parent);
        activity?.SetTag("pipelinebridge.request", work.RequestId).SetTag("pipelinebridge.app", work.App).SetTag("pipelinebridge.environment", work.Environment);
        return activity;
    }
}
