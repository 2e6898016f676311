using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace PipelineBridge.Tests.Broker;

public class KeyPatternTests
{
    internal static readonly string[] Patterns =
        ["#", "service.*.portal.*", "*.*.*.*", "deployment.#", "#.prod", "#.portal.#", "*.failed.#", "deployment.failed.portal.prod", "#.#", "*.#.-", "deployment.*.#.portal.*"];

    internal static readonly string[] Keys =
        ["deployment.failed.portal.prod", "deployment.failed.portal.-", "service.deployed.portal.prod", "service.deployed.search.prod", "artifact.published.portal.-", "testsuiterun.finished.-.-", "work.ended.prod.portal"];

    [Theory]
    [InlineData("service.*", "has 2")]
    [InlineData("service.*.portal", "has 3")]
    [InlineData("deployment.failed.portal.prod.eu", "has 5")]
    [InlineData("#.a.b.c.d.e", "has 5")]
    [InlineData("service.*.por*.*", "the word por*")]
    [InlineData("service..portal.*", "an empty word")]
    [InlineData("", "an empty word")]
    public void A_pattern_that_no_key_fits_is_refused_with_what_would_be_right(string text, string told)
    {
        KeyPattern.TryParse(text, out var pattern, out var mistake).Should().BeFalse();
        pattern.Should().BeNull();
        mistake.Should().Contain(told);
    }

    [Fact]
    public void A_pattern_longer_than_a_routing_key_may_be_is_refused() =>
        KeyPattern.TryParse("#." + new string('a', 254), out _, out _).Should().BeFalse();

    internal static KeyPattern Parsed(string text) => KeyPattern.TryParse(text, out var pattern, out var mistake) ? pattern : throw new InvalidOperationException(mistake);
}

[Collection(BrokerTests.Name), Trait("Needs", "service")]
public sealed class KeyPatternOnTheBrokerTests(RabbitMqServer broker)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pattern_fits_the_keys_that_the_broker_routes_by_it()
    {
        RabbitMqServer.SkipWhereMissing();
        var options = broker.Options(await broker.NewVirtualHost());
        await using var connection = await BrokerConnection.Open(options, "test", Stop);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Stop);
        foreach (var (text, n) in KeyPatternTests.Patterns.Select((p, n) => (p, n)))
        {
            await channel.ExchangeDeclareAsync($"x{n}", ExchangeType.Topic, cancellationToken: Stop);
            var queue = await channel.QueueDeclareAsync(cancellationToken: Stop);
            await channel.QueueBindAsync(queue.QueueName, $"x{n}", text, cancellationToken: Stop);
            var pattern = KeyPatternTests.Parsed(text);
            foreach (var key in KeyPatternTests.Keys)
            {
                pattern.Fits(key).Should().Be(await Routed($"x{n}", key), "{0} and {1}", text, key);
            }
        }

        async Task<bool> Routed(string exchange, string key)
        {
            try
            {
                await channel.BasicPublishAsync(exchange, key, mandatory: true, new BasicProperties(), "{}"u8.ToArray(), Stop);
                return true;
            }
            catch (PublishException e) when (e.IsReturn)
            {
                return false;
            }
        }
    }
}
