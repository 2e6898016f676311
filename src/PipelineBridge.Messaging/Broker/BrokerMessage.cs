using PipelineBridge.Events;
using RabbitMQ.Client;

namespace PipelineBridge.Messaging.Broker;

/// <summary>The properties that an event has as a message, beside its body, which is the event's own JSON.</summary>
public static class BrokerMessage
{
    /// <summary>RabbitMQ routes a message also by the keys in this header ("sender-selected distribution").</summary>
    public const string AlsoRouteBy = "CC";

    /// <summary>The header of the W3C Trace Context.</summary>
    public const string TraceParent = "traceparent";

    /// <summary>The properties: persistent, the event's id as the message's, our media type.</summary>
    /// <param name="id">The event's id.</param>
    /// <param name="type">The event's full type.</param>
    /// <param name="queue">The queue that a work is addressed to; null for what is no work.</param>
    /// <param name="traceParent">The trace that it belongs to.</param>
    public static BasicProperties Properties(string id, string type, string? queue = null, string? traceParent = null)
    {
        var properties = new BasicProperties
        {
            Persistent = true,
            MessageId = id,
            Type = type,
            ContentType = CdEvent.ContentTypeHeader,
        };
        if (queue is not null || traceParent is not null)
        {
            properties.Headers = new Dictionary<string, object?>();
            if (queue is not null)
            {
                properties.Headers[AlsoRouteBy] = new List<object> { queue };
            }
            if (traceParent is not null)
            {
                properties.Headers[TraceParent] = traceParent;
            }
        }
        return properties;
    }
}
