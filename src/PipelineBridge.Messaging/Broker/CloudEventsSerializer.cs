using System.Net.Mime;
using MassTransit;
using MassTransit.Serialization;
using PipelineBridge.Events;

namespace PipelineBridge.Messaging.Broker;

/// <summary>A message as the consumer gets it. MassTransit knows messages by their type; ours all have this one.</summary>
/// <param name="Event">The event that it carries.</param>
public sealed record ReceivedWork(CdEvent Event);

/// <summary>
/// Reads messages as the bare structured CloudEvents that they are, for MassTransit, without its envelope. It writes
/// nothing: outcomes are published by <see cref="OutcomePublisher"/>.
/// </summary>
sealed class CloudEventsSerializer : ISerializerFactory, IMessageDeserializer, IMessageSerializer
{
    /// <inheritdoc cref="ISerializerFactory.ContentType"/>
    public ContentType ContentType { get; } = new(CdEvent.MediaType);

    public IMessageSerializer CreateSerializer() => this;

    public IMessageDeserializer CreateDeserializer() => this;

    public void Probe(ProbeContext context) => context.CreateScope("cloudevents").Add("contentType", CdEvent.MediaType);

    public ConsumeContext Deserialize(ReceiveContext receiveContext) =>
        new BodyConsumeContext(receiveContext, Deserialize(receiveContext.Body, receiveContext.TransportHeaders, receiveContext.InputAddress));

    public SerializerContext Deserialize(MessageBody body, Headers headers, Uri? destinationAddress = null)
    {
        try
        {
            return new Read(new ReceivedWork(CdEventReader.Read(body.GetBytes())), new RawMessageContext(headers, destinationAddress, RawSerializerOptions.AnyMessageType));
        }
        catch (EventFormatException e)
        {
            throw new System.Runtime.Serialization.SerializationException($"It is no CloudEvent as docs/events.md has it: {e.Message}", e);
        }
    }

    public MessageBody GetMessageBody(string? text) => new StringMessageBody(text ?? "");

    public MessageBody GetMessageBody<T>(SendContext<T> context) where T : class => throw new NotSupportedException("Nothing is sent by MassTransit here.");

    sealed class Read(ReceivedWork work, MessageContext context)
        : BaseSerializerContext(SystemTextJsonMessageSerializer.Instance, context, [MessageUrn.ForTypeString<ReceivedWork>()])
    {
        public override bool TryGetMessage<T>(out T? message) where T : class => (message = work as T) is not null;

        public override bool TryGetMessage(Type messageType, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out object? message) => (message = messageType.IsInstanceOfType(work) ? work : null) is not null;

        public override IMessageSerializer GetMessageSerializer() => throw new NotSupportedException();

        public override IMessageSerializer GetMessageSerializer(object message, string[] messageTypes) => throw new NotSupportedException();

        public override IMessageSerializer GetMessageSerializer<T>(MessageEnvelope envelope, T message) => throw new NotSupportedException();

        public override Dictionary<string, object> ToDictionary<T>(T? message) where T : class => [];
    }
}
