using PipelineBridge.Events;
using RabbitMQ.Client;

namespace PipelineBridge.Messaging.Broker;

/// <summary>The properties that an event has as a message, beside its body, which is the event's own JSON.</summary>
public static class BrokerMessage
{
    /// <summary>RabbitMQ routes a message also by the keys in this header ("sender-selected distribution").</summary>
    public const string AlsoRouteBy = "CC";

    /// <summary>How often the bridge gave a work before; what the broker itself gives again it counts in <c>x-delivery-count</c>.</summary>
    public const string GivenBefore = "given-before";

    /// <summary>The header of the W3C Trace Context.</summary>
    public const string TraceParent = "traceparent";

    /// <summary>The properties: persistent, the event's id as the message's, our media type.</summary>
    /// <param name="id">The event's id.</param>
    /// <param name="type">The event's full type.</param>
    /// <param name="queue">The queue that a work is addressed to; null for what is no work.</param>
    /// <param name="traceParent">The trace that it belongs to.</param>
    /// <param name="givenBefore">How often the bridge gave a work before.</param>
    public static BasicProperties Properties(string id, string type, string? queue = null, string? traceParent = null, int givenBefore = 0)
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
                properties.Headers[GivenBefore] = (long)givenBefore;
            }
            if (traceParent is not null)
            {
                properties.Headers[TraceParent] = traceParent;
            }
        }
        return properties;
    }

    /// <summary>
    /// How often a message was given before, by the bridge and by the broker. From RabbitMQ 4.3 on the broker's count is of
    /// refusals alone; that a worker died with it stands in the mark of a redelivery.
    /// </summary>
    /// <param name="headers">Its headers; a number in them is no text, and reading it as one would throw and poison the message.</param>
    /// <param name="redelivered">That mark.</param>
    public static int TimesGiven(IEnumerable<KeyValuePair<string, object>> headers, bool redelivered)
    {
        long byTheBridge = 0, byTheBroker = redelivered ? 1 : 0;
        foreach (var (name, value) in headers)
        {
            var number = value switch { long l => l, int i => i, _ => 0 };
            byTheBridge = name == GivenBefore ? Math.Max(byTheBridge, number) : byTheBridge;
            byTheBroker = name == "x-delivery-count" ? Math.Max(byTheBroker, number) : byTheBroker;
        }
        return (int)Math.Min(byTheBridge + byTheBroker, short.MaxValue);
    }
}
