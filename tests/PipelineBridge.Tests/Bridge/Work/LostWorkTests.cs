using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using PipelineBridge.Tests.Broker;
using RabbitMQ.Client;

namespace PipelineBridge.Tests.Bridge.Work;

[Collection(BrokerTests.Name), Trait("Needs", "service")]
public sealed class LostWorkTests(RabbitMqServer server)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_queue_that_was_deleted_is_declared_again_and_what_was_in_it_is_given_again()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        await scene.Work(Queues.RegistryPush);
        await scene.UntilGiven(Queues.RegistryPush);
        await using (var channel = await scene.Channel())
        {
            await channel.QueueDeleteAsync(Queues.RegistryPush, cancellationToken: Cancellation);
        }

        var again = await scene.Work(Queues.RegistryPush);
        await scene.Say(BrokerScene.Pushed(again));
        await scene.Bridge.Until(receipt, "succeeded");
    }

    [Fact]
    public async Task A_queue_that_a_worker_declared_again_before_anybody_looked_is_missed_all_the_same()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        await scene.Work(Queues.RegistryPush);
        await BrokerScene.Until(() => scene.Bridge.Journal.Read(r => r.OpenWork(Queues.RegistryPush, 1)) is [{ Attempts: 1 }], "it is marked as given");
        await using (var channel = await scene.Channel())
        {
            await channel.QueueDeleteAsync(Queues.RegistryPush, cancellationToken: Cancellation);
            await scene.Declare();
        }

        await scene.Say(BrokerScene.Pushed(await scene.Work(Queues.RegistryPush)));
        await scene.Bridge.Until(receipt, "succeeded");
    }

    [Fact]
    public async Task After_the_broker_lost_its_data_open_work_is_given_again_even_when_another_process_declared_everything_first()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        await scene.Work(Queues.RegistryPush);
        await scene.UntilGiven(Queues.RegistryPush);
        await scene.Bridge.Stop();
        await server.Kill();
        server.DeleteData();
        await server.Start();
        await server.MakeVirtualHost(scene.VirtualHost);
        await scene.Declare();
        await scene.Bridge.StartAgain();

        await scene.Say(BrokerScene.Pushed(await scene.Work(Queues.RegistryPush)));
        await scene.Bridge.Until(receipt, "succeeded");
    }

    [Fact]
    public async Task A_broker_that_loses_its_data_while_the_bridge_runs_is_made_whole_and_the_delivery_goes_on()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        await scene.Work(Queues.RegistryPush);
        await scene.UntilGiven(Queues.RegistryPush);
        await server.Kill();
        server.DeleteData();
        await server.Start();
        await server.MakeVirtualHost(scene.VirtualHost);

        await scene.Say(BrokerScene.Pushed(await scene.Work(Queues.RegistryPush)));
        await scene.Bridge.Until(receipt, "succeeded");
    }

    [Theory]
    [InlineData(Queues.RegistryPush)]
    [InlineData(Queues.Outcomes)]
    [InlineData(Queues.Dead)]
    public async Task A_queue_that_went_while_the_bridge_was_away_is_missed_though_its_own_start_declared_it(string queue)
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        var work = await scene.Work(Queues.RegistryPush);
        await scene.UntilGiven(Queues.RegistryPush);
        await scene.Bridge.Stop();
        await using (var channel = await scene.Channel())
        {
            await channel.QueueDeleteAsync(queue, cancellationToken: Cancellation);
        }
        // As its start does, and each worker's.
        await scene.Declare();
        await scene.Bridge.StartAgain();

        var again = await scene.Work(Queues.RegistryPush);
        again.Id.Should().Be(work.Id);
        await scene.Say(BrokerScene.Pushed(again));
        await scene.Bridge.Until(receipt, "succeeded");
    }

    [Fact]
    public async Task What_is_missing_and_may_not_be_declared_is_lost_once_and_not_at_each_look()
    {
        await server.Start();
        await server.Control("eval", """
            rabbit_auth_backend_internal:add_user(<<"limited">>, <<"limited">>, <<"tests">>).
            """);
        try
        {
            await using var scene = await BrokerScene.Start(server, user: "limited", before: vhost => server.Control("set_permissions", "-p", vhost, "limited", "bridge.witness", ".*", ".*"));
            await scene.UntilConnected();
            await scene.Push();
            await scene.Work(Queues.RegistryPush);
            await scene.UntilGiven(Queues.RegistryPush);
            await using (var channel = await scene.Channel())
            {
                await channel.QueueDeleteAsync(Queues.Dead, cancellationToken: Cancellation);
            }

            // What came of it may be lost.
            await scene.Get(Queues.RegistryPush);
            (await scene.TryGet(Queues.RegistryPush, 6)).Should().BeNull("it was given again already");
        }
        finally
        {
            await server.Control("delete_user", "limited");
        }
    }

    [Fact]
    public async Task A_work_that_was_given_into_a_queue_which_the_configuration_no_longer_has_ends()
    {
        await using var scene = await BrokerScene.Start(server, p => p with { OverdueSeconds = 2 });
        var receipt = await scene.Deploy();
        var resolve = await scene.Work(Queues.RegistryResolve);
        await scene.Say(resolve.Done(new ImageResolved("registry.internal/portal:412@" + ScriptedStages.Digest)));
        await scene.Work(Queues.ClusterDeploy("main"));
        await scene.UntilGiven(Queues.ClusterDeploy("main"));
        await scene.Bridge.Stop();
        scene.Bridge.Broker = scene.Bridge.Broker! with { Topology = new Topology([], ["team"]) };
        await scene.Bridge.StartAgain();

        var ended = await scene.Bridge.Until(receipt, "failed");
        ((string?)ended["cause"]).Should().Be("Nothing here does the work of cluster.main.deploy; the configuration no longer has it.");
        ((string?)ended["effect"]).Should().Be("unknown");
    }

    [Fact]
    public async Task A_work_whose_end_cannot_be_decided_holds_up_no_other_at_its_bound()
    {
        await using var scene = await BrokerScene.Start(server, options: o => o with { WorkSeconds = 3 });
        await server.Stop();
        await scene.Bridge.Journal.Write(tx =>
        {
            // No event that any version of ours would have written as work: it has no customData.
            var e = RelayTests.Fact("odd", "portal", custom: false);
            tx.OpenWork(new WorkRow(tx.Append(e).Sequence, Queues.RegistryPush, "odd", WorkRowState.Running, 0, 1, null, 0));
            return 0;
        }, Cancellation);
        var receipt = await scene.Push();

        await scene.Bridge.Until(receipt, "failed");
    }

    [Fact]
    public async Task While_the_broker_is_full_requests_say_so_and_afterwards_each_work_is_given_once()
    {
        await using var scene = await BrokerScene.Start(server, p => p with { PatienceSeconds = 1 });
        await scene.UntilConnected();
        var connected = Connected(await scene.Text("/health/ready"));
        JsonObject receipt;
        await server.Control("set_vm_memory_high_watermark", "absolute", "1MB");
        try
        {
            receipt = await scene.Push();
            await BrokerScene.Until(async () => (string?)(await scene.Bridge.Request(receipt))["waitingFor"] == "the broker, which takes nothing for now", "the request says so");
            // Longer than an answer is waited for.
            await Task.Delay(TimeSpan.FromSeconds(14), Cancellation);
            (await scene.Text("/health/ready")).Should().Contain("The broker takes nothing for now: low on memory");
        }
        finally
        {
            await server.Control("set_vm_memory_high_watermark", "0.4");
        }

        await BrokerScene.Until(async () => (string?)(await scene.Bridge.Request(receipt))["waitingFor"] == "a worker of registry; none is running", "it waits for something else now");
        Connected(await scene.Text("/health/ready")).Should().Be(connected, "a broker that is full is waited for and not left");
        await scene.Work(Queues.RegistryPush);
        (await scene.TryGet(Queues.RegistryPush, 2)).Should().BeNull();

        static string Connected(string ready) => ready.Split('\n').Single(l => l.Contains("connected since", StringComparison.Ordinal)).Split(" UTC")[0];
    }

    [Fact]
    public async Task A_work_without_an_outcome_is_given_again_when_its_time_is_over()
    {
        // A quorum queue tells its counts some seconds late: until then a work that was taken seems to stand there still.
        await using var scene = await BrokerScene.Start(server, p => p with { OverdueSeconds = 10 });
        await scene.Push();
        var work = await scene.Work(Queues.RegistryPush);

        (await scene.Work(Queues.RegistryPush)).Id.Should().Be(work.Id);
    }

    [Fact]
    public async Task A_work_that_nobody_takes_says_for_whom_it_waits_and_ends_at_its_bound()
    {
        await using var scene = await BrokerScene.Start(server, p => p with { OverdueSeconds = 10, PatienceSeconds = 1 }, o => o with { WorkSeconds = 14 });
        var said = new WaitsSaid(scene.Bridge.Journal);
        var push = await scene.Push();
        var deploy = await scene.Deploy();
        await said.Until(push, "a worker of registry; none is running");
        await said.Until(deploy, "a worker of registry; none is running");
        // A quorum queue tells its counts some seconds late; what stands in it stays there when its request has its end.
        await BrokerScene.Until(async () => (await scene.Text("/health/ready")).Contains("nobody reads registry.push; 1 wait in it", StringComparison.Ordinal), "readiness says it too");

        var ended = await scene.Bridge.Until(push, "failed");
        ((string?)ended["cause"]).Should().Be("No worker of registry is running; within 14 seconds none took it.");
        ((string?)(await scene.Bridge.Until(deploy, "refused"))["cause"]).Should().StartWith("No worker of registry is running");
        // One message a work, however long it stood there: it was not given again beside itself.
        (await scene.Waiting(Queues.RegistryPush)).Should().Be(1);
        scene.DeadLetters().Should().Contain(l => l.Queue == Queues.RegistryPush);
    }

    [Fact]
    public async Task What_waited_for_a_worker_says_so_no_more_when_there_is_one()
    {
        await using var scene = await BrokerScene.Start(server, p => p with { PatienceSeconds = 1 });
        var receipt = await scene.Push();
        await BrokerScene.Until(async () => (string?)(await scene.Bridge.Request(receipt))["waitingFor"] is not null, "it waits");
        await using var channel = await scene.Channel();
        await channel.BasicQosAsync(0, 1, false, Cancellation);
        await channel.BasicConsumeAsync(Queues.RegistryPush, autoAck: false, "a worker", noLocal: false, exclusive: false, null,
            new RabbitMQ.Client.Events.AsyncEventingBasicConsumer(channel), Cancellation);

        await BrokerScene.Until(async () => (string?)(await scene.Bridge.Request(receipt))["waitingFor"] is null, "it waits no more");
        ((string?)(await scene.Bridge.Request(receipt))["state"]).Should().Be("running");
    }

    [Fact]
    public async Task While_the_broker_is_gone_requests_say_so_and_end_at_their_bound()
    {
        await using var scene = await BrokerScene.Start(server, p => p with { PatienceSeconds = 1 }, o => o with { WorkSeconds = 8 });
        var said = new WaitsSaid(scene.Bridge.Journal);
        await scene.UntilConnected();
        await server.Stop();
        var receipt = await scene.Push();
        await said.Until(receipt, "the broker, which cannot be reached");

        var ended = await scene.Bridge.Until(receipt, "failed");

        ((string?)ended["cause"]).Should().StartWith("It could not be given to registry within 8 seconds. The last reason: The broker at 127.0.0.1:");
        ((string?)ended["effect"]).Should().Be("none");
    }

    [Fact]
    public async Task A_queue_that_is_missing_and_may_not_be_declared_is_told_and_its_work_goes_out_as_soon_as_it_is_there()
    {
        await server.Start();
        await server.Control("eval", """
            rabbit_auth_backend_internal:add_user(<<"limited">>, <<"limited">>, <<"tests">>).
            """);
        try
        {
            await using var scene = await BrokerScene.Start(server, user: "limited", before: vhost => server.Control("set_permissions", "-p", vhost, "limited", "bridge.witness", ".*", ".*"));
            await scene.UntilConnected();
            await using (var channel = await scene.Channel())
            {
                await channel.QueueDeleteAsync(Queues.RegistryPush, cancellationToken: Cancellation);
            }
            var push = await scene.Push();
            var deploy = await scene.Deploy();

            // What can be routed goes on beside it.
            (await scene.Work(Queues.RegistryResolve)).RequestId.Should().Be((string)deploy["id"]!);
            await BrokerScene.Until(async () => (await scene.Text("/health/ready")).Contains("broker: The broker has no queue registry.push", StringComparison.Ordinal), "readiness names the queue");

            await scene.Declare();
            (await scene.Work(Queues.RegistryPush)).RequestId.Should().Be((string)push["id"]!);
            await BrokerScene.Until(async () => !(await scene.Text("/health/ready")).Contains("has no queue", StringComparison.Ordinal), "readiness says it no more");
        }
        finally
        {
            await server.Control("delete_user", "limited");
        }
    }
}
