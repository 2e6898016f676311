namespace PipelineBridge.Tests.Broker;

/// <summary>The tests that share one broker. They run one after the other; each takes a virtual host of its own.</summary>
[CollectionDefinition(Name)]
public sealed class BrokerTests : ICollectionFixture<RabbitMqServer>
{
    public const string Name = "broker";
}

[Collection(BrokerTests.Name), Trait("Needs", "service")]
public sealed class RabbitMqServerTests(RabbitMqServer broker)
{
    [Fact]
    public async Task A_stopped_broker_keeps_its_data_and_a_deleted_one_does_not()
    {
        RabbitMqServer.SkipWhereMissing();
        var host = await broker.NewVirtualHost();
        await broker.Stop();
        await broker.Start();
        (await broker.Control("list_vhosts")).Should().Contain(host);
        await broker.Kill();
        broker.DeleteData();
        await broker.Start();
        (await broker.Control("list_vhosts")).Should().NotContain(host);
    }
}
