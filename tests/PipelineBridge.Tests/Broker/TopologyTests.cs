using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace PipelineBridge.Tests.Broker;

[Collection(BrokerTests.Name), Trait("Needs", "service")]
public sealed class TopologyTests(RabbitMqServer broker)
{
    static readonly Topology Topology = new(["main"], ["team"]);

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_process_declares_the_same_and_no_exchange_is_bound_to_another()
    {
        RabbitMqServer.SkipWhereMissing();
        var options = broker.Options(await broker.NewVirtualHost());
        await Topology.Declare(options, "one", Stop);
        await Topology.Declare(options, "another", Stop);
        var bindings = await broker.Control("list_bindings", "-p", options.VirtualHost, "source_name", "destination_kind", "destination_name", "routing_key");
        bindings.Split('\n').Where(b => b.StartsWith("pipelinebridge.", StringComparison.Ordinal)).Should().NotBeEmpty().And.OnlyContain(b => b.Split('\t')[1] == "queue");
        bindings.Should().Contain("pipelinebridge.work\tqueue\tcluster.main.deploy\tcluster.main.deploy")
            .And.Contain("pipelinebridge.events\tqueue\tbridge.outcomes\twork.ended.*.*")
            .And.NotContain("bridge.outcomes\tdeployment.succeeded");
    }

    [Fact]
    public async Task What_stands_under_our_names_with_other_arguments_is_told_whole_and_nothing_is_declared()
    {
        RabbitMqServer.SkipWhereMissing();
        var options = broker.Options(await broker.NewVirtualHost());
        await using (var connection = await BrokerConnection.Open(options, "somebody", Stop))
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: Stop);
            await channel.QueueDeclareAsync(Queues.RegistryPush, durable: true, exclusive: false, autoDelete: false, cancellationToken: Stop);
            await channel.ExchangeDeclareAsync(Topology.EventsExchange, ExchangeType.Direct, durable: true, cancellationToken: Stop);
        }
        var told = (await FluentActions.Awaiting(() => Topology.Declare(options, "test", Stop)).Should().ThrowAsync<BrokerException>()).Which;
        told.WaitingHelps.Should().BeFalse();
        told.Message.Should().Contain("nothing was started").And.Contain("for queue 'registry.push'").And.Contain("pipelinebridge.events").And.Contain("type");
        (await broker.Control("list_queues", "-p", options.VirtualHost, "name")).Trim().Should().Be("registry.push");
    }

    [Fact]
    public void What_a_queue_gives_too_often_goes_to_the_dead_queue_and_the_dead_queue_keeps_what_it_has()
    {
        foreach (var queue in Topology.All.Where(q => q != Queues.Dead))
        {
            Topology.ArgumentsOf(queue).Should().Contain("x-dead-letter-exchange", "pipelinebridge.dead").And.Contain("x-dead-letter-routing-key", queue).And.Contain("x-delivery-limit", 20);
        }
        // RabbitMQ 4 drops after 20 times what says no limit.
        Topology.ArgumentsOf(Queues.Dead).Should().Contain("x-delivery-limit", int.MaxValue).And.NotContainKey("x-dead-letter-exchange");
    }

    [Fact]
    public void One_process_at_a_time_has_what_is_not_the_same_thing_when_it_is_done_twice() =>
        Topology.All.Where(q => Topology.ArgumentsOf(q).ContainsKey("x-single-active-consumer"))
            .Should().BeEquivalentTo(["bridge.outcomes", "cluster.main.deploy", "notify.team"]);

    [Fact]
    public async Task A_broker_that_ends_the_connection_while_somebody_signs_in_has_not_refused_the_password()
    {
        RabbitMqServer.SkipWhereMissing();
        // Its first answer asks who is there; the second would let in.
        await using var link = new SlowLink(broker.Port, TimeSpan.Zero, answers: 1);
        var told = (await FluentActions.Awaiting(() => Topology.Declare(new BrokerOptions(new Uri($"amqp://127.0.0.1:{link.Port}/")), "test", Stop)).Should().ThrowAsync<BrokerException>()).Which;
        told.WaitingHelps.Should().BeTrue();
        told.Message.Should().NotContain("password");
    }

    [Fact]
    public async Task A_wrong_password_a_missing_virtual_host_and_a_broker_that_is_not_there_are_told_apart()
    {
        RabbitMqServer.SkipWhereMissing();
        var good = broker.Options("/");
        var wrong = await Refused(good with { Password = () => "wrong" });
        wrong.WaitingHelps.Should().BeFalse();
        wrong.Message.Should().Contain("refuses guest").And.Contain("broker.password").And.NotContain("wrong\"");
        var nowhere = await Refused(broker.Options("nowhere"));
        nowhere.WaitingHelps.Should().BeFalse();
        nowhere.Message.Should().Contain("vhost nowhere not found");
        var away = await Refused(new BrokerOptions(new Uri("amqp://127.0.0.1:1/")));
        away.WaitingHelps.Should().BeTrue();
        away.Message.Should().Contain("cannot be reached");

        static async Task<BrokerException> Refused(BrokerOptions options) =>
            (await FluentActions.Awaiting(() => Topology.Declare(options, "test", Stop)).Should().ThrowAsync<BrokerException>()).Which;
    }

    [Fact]
    public async Task With_the_definitions_a_stage_declares_everything_writes_outcomes_and_can_write_no_work_and_no_end_of_an_ask()
    {
        RabbitMqServer.SkipWhereMissing();
        var host = await broker.NewVirtualHost();
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Composition.BrokerDefinitions.Of(Topology, host), Stop);
        await broker.Control("import_definitions", file);
        File.Delete(file);
        var options = broker.Options(host) with { Username = "pipelinebridge-registry", Password = () => "of-the-registry" };
        (await FluentActions.Awaiting(() => Topology.Declare(options with { Password = () => "" }, "test", Stop, [])).Should().ThrowAsync<BrokerException>("a user has no password before somebody gives it one"))
            .Which.Message.Should().Contain("refuses pipelinebridge-registry");
        await broker.Control("change_password", "pipelinebridge-registry", "of-the-registry");
        await broker.Control("change_password", "pipelinebridge-bridge", "of-the-bridge");
        var bridge = options with { Username = "pipelinebridge-bridge", Password = () => "of-the-bridge" };
        await Topology.Declare(bridge, "bridge", Stop);
        await using (var its = await BrokerConnection.Open(bridge, "bridge", Stop))
        {
            await using var witness = await its.CreateChannelAsync(cancellationToken: Stop);
            await witness.ExchangeDeclareAsync(Queues.Witness(Queues.RegistryPush), ExchangeType.Fanout, durable: true, autoDelete: true, cancellationToken: Stop);
            await witness.QueueBindAsync(Queues.RegistryPush, Queues.Witness(Queues.RegistryPush), "", cancellationToken: Stop);
        }
        await Topology.Declare(options, "test", Stop, Topology.OfStage("registry"));

        (await Write(options, Topology.WorkExchange, Queues.RegistryPush)).Should().Be(403);
        (await Write(options, "", Queues.RegistryPush)).Should().Be(403);
        (await Write(options, Topology.EventsExchange, "deployment.succeeded.portal.prod")).Should().Be(403);
        (await Write(options, Topology.EventsExchange, "work.ended.portal.prod")).Should().Be(0);
        (await Read(options, Queues.Outcomes)).Should().Be(403);
        (await Read(options, Queues.ClusterDeploy("main"))).Should().Be(403);
        (await Read(options, Queues.RegistryPush)).Should().Be(0);

        (await Bind(options, Queues.RegistryPush, Topology.WorkExchange, Queues.ClusterDeploy("main"))).Should().Be(403);
        (await Bind(options, Queues.RegistryPush, Topology.WorkExchange, "#")).Should().Be(403);

        // What the command warns of, and docs/operations.md.
        await File.WriteAllTextAsync(file, Composition.BrokerDefinitions.Of(Topology, host, new Dictionary<string, string> { ["pipelinebridge-registry"] = "of-the-registry" }), Stop);
        await broker.Control("import_definitions", file);
        File.Delete(file);
        (await Write(options, Topology.EventsExchange, "work.ended.portal.prod")).Should().Be(0);
        await FluentActions.Awaiting(() => Topology.Declare(bridge, "bridge", Stop)).Should().ThrowAsync<BrokerException>("an import without a password takes away the one that was there");

        await broker.Control("change_password", "pipelinebridge-subscriber", "of-the-subscriber");
        var subscriber = options with { Username = "pipelinebridge-subscriber", Password = () => "of-the-subscriber" };
        (await Write(subscriber, Topology.EventsExchange, "work.ended.portal.prod")).Should().Be(403);
        await using var connection = await BrokerConnection.Open(subscriber, "test", Stop);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Stop);
        await channel.QueueDeclareAsync("subscriber.mine", durable: false, exclusive: true, autoDelete: true, cancellationToken: Stop);
        await channel.QueueBindAsync("subscriber.mine", Topology.EventsExchange, "service.*.portal.*", cancellationToken: Stop);
    }

    /// <summary>The code by which the broker refuses to take a message; 0 when it takes it.</summary>
    static async Task<int> Write(BrokerOptions options, string exchange, string key)
    {
        await using var connection = await BrokerConnection.Open(options, "test", Stop);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Stop);
        try
        {
            await channel.BasicPublishAsync(exchange, key, mandatory: true, new BasicProperties(), "{}"u8.ToArray(), Stop);
            return 0;
        }
        catch (Exception e) when (e is OperationInterruptedException or AlreadyClosedException or PublishException)
        {
            return channel.CloseReason?.ReplyCode ?? -1;
        }
    }

    static async Task<int> Bind(BrokerOptions options, string queue, string exchange, string key)
    {
        await using var connection = await BrokerConnection.Open(options, "test", Stop);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Stop);
        try
        {
            await channel.QueueBindAsync(queue, exchange, key, cancellationToken: Stop);
            return 0;
        }
        catch (OperationInterruptedException)
        {
            return channel.CloseReason?.ReplyCode ?? -1;
        }
    }

    static async Task<int> Read(BrokerOptions options, string queue)
    {
        await using var connection = await BrokerConnection.Open(options, "test", Stop);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Stop);
        try
        {
            await channel.BasicGetAsync(queue, autoAck: false, Stop);
            return 0;
        }
        catch (OperationInterruptedException)
        {
            return channel.CloseReason?.ReplyCode ?? -1;
        }
    }
}
