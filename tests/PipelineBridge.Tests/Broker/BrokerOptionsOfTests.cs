using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Tests.Broker;

static class BrokerOptionsOfTests
{
    /// <summary>How a virtual host of the tests' broker is reached.</summary>
    public static BrokerOptions Options(this RabbitMqServer broker, string virtualHost) =>
        new(new Uri($"amqp://127.0.0.1:{broker.Port}/{Uri.EscapeDataString(virtualHost)}")) { Username = RabbitMqServer.User, Password = () => RabbitMqServer.Password };
}
