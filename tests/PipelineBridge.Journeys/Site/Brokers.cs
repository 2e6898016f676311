using PipelineBridge.Tests.Broker;

namespace PipelineBridge.Journeys.Site;

/// <summary>The journeys that share one RabbitMQ, each with a virtual host of its own.</summary>
[CollectionDefinition(Name)]
public sealed class SharedBroker : ICollectionFixture<RabbitMqServer>
{
    public const string Name = "shared broker";
}
