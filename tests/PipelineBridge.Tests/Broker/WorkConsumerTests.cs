using System.Text;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Tests.Support;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace PipelineBridge.Tests.Broker;

[Collection(BrokerTests.Name), Trait("Needs", "service")]
public sealed class WorkConsumerTests(RabbitMqServer broker)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static Task<IReadOnlyList<CdEvent>> Done(WorkItem work) =>
        Task.FromResult<IReadOnlyList<CdEvent>>([work.Ended(WorkResult.Failed, WorkEffect.None, FailureCategory.Image, $"Of {work.RequestId}, attempt {work.Attempts}.")]);

    [Fact]
    public async Task What_comes_of_a_work_is_on_the_bus_as_the_bare_event_with_its_derived_id()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        await scene.Worker(Queues.RegistryPush, (work, _) => Done(work));
        var push = WorkerScene.Push(1);
        await scene.Send(push);
        var got = await scene.Next();
        got.BasicProperties.ContentType.Should().Be("application/cloudevents+json; charset=utf-8");
        got.BasicProperties.DeliveryMode.Should().Be(DeliveryModes.Persistent);
        got.RoutingKey.Should().Be("work.ended.portal.-");
        var ended = CdEventReader.Read(got.Body);
        ended.Id.Should().Be(push.Key().Then("end").ToString()).And.Be(got.BasicProperties.MessageId);
        ended.Custom!.Cause.Should().Be("Of p-1, attempt 1.");
        await WorkerScene.Until(async () => await scene.Waiting(Queues.RegistryPush) == 0, "the work is acknowledged");
        (await broker.Control("list_exchanges", "-p", scene.Options.VirtualHost, "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(x => x.Length > 0 && !x.StartsWith("amq.", StringComparison.Ordinal)).Should().BeEquivalentTo(["pipelinebridge.work", "pipelinebridge.events", "pipelinebridge.dead", "registry.push"], "MassTransit declares one with the queue's name");
        (await broker.Control("list_bindings", "-p", scene.Options.VirtualHost, "source_name", "destination_name")).Should().NotContain("registry.push\t", "nothing is bound to it");
        (await broker.Control("list_queues", "-p", scene.Options.VirtualHost, "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Should().BeEquivalentTo(WorkerScene.Topology.All);
    }

    [Fact]
    public async Task An_outcome_that_had_no_place_finds_it_and_its_work_is_not_done_again()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        var handled = 0;
        await scene.Worker(Queues.RegistryPush, (work, _) =>
        {
            Interlocked.Increment(ref handled);
            return Done(work);
        });
        // Without its queue the outcome has no place: published as mandatory it comes back.
        await using var connection = await Messaging.Broker.BrokerConnection.Open(scene.Options, "test", Stop);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Stop);
        await scene.Send(WorkerScene.Push(1));
        await scene.Next();
        foreach (var key in Messaging.Broker.Topology.OutcomeKeys)
        {
            await channel.QueueUnbindAsync(Queues.Outcomes, Messaging.Broker.Topology.EventsExchange, key, cancellationToken: Stop);
        }
        await scene.Send(WorkerScene.Push(2));
        // The publisher declares the topology again by itself, and the same outcome finds its place.
        CdEventReader.Read((await scene.Next()).Body).Custom!.RequestId.Should().Be("p-2");
        handled.Should().Be(2, "the work itself is not done again because its outcome had no place");
    }

    [Fact]
    public async Task A_work_is_acknowledged_only_after_its_outcome_is_confirmed()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        await broker.Control("add_user", "placeless", "placeless");
        try
        {
            // It may bind nothing to the queue of outcomes, so that what it says has no place.
            await broker.Control("set_permissions", "-p", scene.Options.VirtualHost, "placeless", @"^(registry\.push|pipelinebridge\.dead)$", @"^(pipelinebridge\..*|registry\.push)$", ".*");
            await using var connection = await Messaging.Broker.BrokerConnection.Open(scene.Options, "test", Stop);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: Stop);
            foreach (var key in Messaging.Broker.Topology.OutcomeKeys)
            {
                await channel.QueueUnbindAsync(Queues.Outcomes, Messaging.Broker.Topology.EventsExchange, key, cancellationToken: Stop);
            }
            var handled = 0;
            var worker = await scene.Worker(Queues.RegistryPush, (work, _) =>
            {
                Interlocked.Increment(ref handled);
                return Done(work);
            }, options: scene.Options with { Username = "placeless", Password = () => "placeless" });
            await scene.Send(WorkerScene.Push(1));
            await WorkerScene.Until(() => Task.FromResult(Volatile.Read(ref handled) == 1), "it is handled");
            await Task.Delay(TimeSpan.FromSeconds(2), Stop);
            (await scene.Waiting(Queues.RegistryPush)).Should().Be(0u, "the worker holds it");

            await worker.StopAsync(Stop);
            await WorkerScene.Until(async () => await scene.Waiting(Queues.RegistryPush) == 1, "it was never acknowledged, and is given back");
        }
        finally
        {
            await broker.Control("delete_user", "placeless");
        }
        await WorkerScene.Topology.Declare(scene.Options, "test", Stop);
        await scene.Worker(Queues.RegistryPush, (work, _) => Done(work));
        CdEventReader.Read((await scene.Next()).Body).Custom!.Cause.Should().Be("Of p-1, attempt 2.");
    }

    [Fact]
    public async Task Of_two_copies_of_a_work_the_second_is_handled_once_the_first_is_over_and_another_work_goes_on_meanwhile()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        var (now, most, handled) = (0, 0, 0);
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await scene.Worker(Queues.RegistryPush, async (work, _) =>
        {
            if (work.RequestId == "p-2")
            {
                over.SetResult();
                return await Done(work);
            }
            most = Math.Max(most, Interlocked.Increment(ref now));
            // The other work comes after both copies: they could all be at hand now.
            await over.Task.WaitAsync(Patience.Bound, Stop);
            await Task.Delay(200, Stop);
            Interlocked.Decrement(ref now);
            Interlocked.Increment(ref handled);
            return await Done(work);
        });
        await scene.Send(WorkerScene.Push(1));
        await scene.Send(WorkerScene.Push(1));
        await scene.Send(WorkerScene.Push(2));

        await WorkerScene.Until(() => Task.FromResult(Volatile.Read(ref handled) == 2), "both copies are handled");
        most.Should().Be(1);
    }

    [Theory]
    [InlineData("no JSON at all", "it is no JSON")]
    [InlineData("{\"specversion\":\"2.0\"}", "specversion")]
    [InlineData("", "it is no JSON")]
    public async Task What_is_no_event_ends_in_the_dead_queue_with_its_reason_and_holds_nothing_up(string body, string reason)
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        await scene.Worker(Queues.RegistryPush, (work, _) => Done(work));
        await scene.Send(Encoding.UTF8.GetBytes(body), "image.pushrequested.portal.-", Queues.RegistryPush);
        await scene.Send(WorkerScene.Push(1));
        CdEventReader.Read((await scene.Next()).Body).Custom!.RequestId.Should().Be("p-1");
        var dead = await scene.Next(Queues.Dead);
        Encoding.UTF8.GetString(dead.Body.Span).Should().Be(body);
        Header(dead, "MT-Fault-Message").Should().Contain(reason);
        Header(dead, "MT-Fault-InputAddress").Should().EndWith("registry.push");
    }

    [Fact]
    public async Task An_event_that_is_no_work_here_is_dead_at_once_and_ten_megabytes_are_too()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        await scene.Worker(Queues.RegistryPush, (work, _) => Done(work), attempts: 100);
        await scene.Send(WorkerScene.Push(1) with { Type = "dev.cdeventsx.pipelinebridge-image.pushrequested.9.0.0" });
        Header(await scene.Next(Queues.Dead), "MT-Fault-Message").Should().Contain("9.0.0 is no work that this version of registry.push knows");
        await scene.Send(new byte[10 << 20], "image.pushrequested.portal.-", Queues.RegistryPush);
        (await scene.Next(Queues.Dead)).Body.Length.Should().Be(10 << 20);
    }

    [Fact]
    public async Task A_handler_that_throws_is_given_the_work_again_and_then_it_is_dead_with_the_error()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        var seen = new List<int>();
        await scene.Worker(Queues.RegistryPush, (work, _) =>
        {
            lock (seen)
            {
                seen.Add(work.Attempts);
            }
            throw new InvalidOperationException("a mistake of ours");
        }, attempts: 2);
        await scene.Send(WorkerScene.Push(1));
        Header(await scene.Next(Queues.Dead), "MT-Fault-Message").Should().Be("a mistake of ours");
        seen.Should().Equal(1, 2);
        (await scene.Waiting(Queues.Outcomes)).Should().Be(0u);
    }

    [Fact]
    public async Task A_handler_that_hangs_is_left_before_the_broker_loses_patience_and_its_work_is_dead()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        var never = new TaskCompletionSource<IReadOnlyList<CdEvent>>();
        await scene.Worker(Queues.RegistryPush, (_, _) => never.Task, options: scene.Options with { ConsumerTimeoutSeconds = 2 });
        await scene.Send(WorkerScene.Push(1));
        Header(await scene.Next(Queues.Dead), "MT-Fault-Message").Should().Contain("did not finish within 2 seconds");
    }

    [Fact]
    public async Task All_tries_of_a_work_together_end_before_the_broker_loses_patience()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        var tries = 0;
        var cut = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await scene.Worker(Queues.RegistryPush, async (_, cancellation) =>
        {
            var seconds = Interlocked.Increment(ref tries) == 1 ? 1 : 6.5;
            try
            {
                await Task.Delay(TimeSpan.FromSeconds(seconds), cancellation);
            }
            catch (OperationCanceledException)
            {
                cut.SetResult(tries);
                throw;
            }
            throw new InvalidOperationException("a mistake of ours");
        }, options: scene.Options with { ConsumerTimeoutSeconds = 8 });
        await scene.Send(WorkerScene.Push(1));
        // Each try has less than the seven seconds that there are, and both together have more.
        Header(await scene.Next(Queues.Dead), "MT-Fault-Message").Should().Contain("did not finish within 7 seconds");
        (await cut.Task.WaitAsync(Patience.Bound, Stop)).Should().Be(2, "the second try has what the first left");
    }

    [Fact]
    public async Task A_worker_that_stops_leaves_its_work_to_the_next_one()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        var begun = new TaskCompletionSource();
        var first = await scene.Worker(Queues.RegistryPush, async (_, cancellation) =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
            return [];
        });
        await scene.Send(WorkerScene.Push(1));
        await begun.Task.WaitAsync(Stop);
        await first.StopAsync(Stop);
        (await scene.Waiting(Queues.Dead)).Should().Be(0u);
        await scene.Worker(Queues.RegistryPush, (work, _) => Done(work));
        CdEventReader.Read((await scene.Next()).Body).Custom!.Cause.Should().Be("Of p-1, attempt 2.");
    }

    [Fact]
    public async Task A_work_that_the_bridge_gave_before_is_known_for_one_that_may_have_been_begun()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        await scene.Worker(Queues.RegistryPush, (work, _) => Done(work));
        await scene.Send(WorkerScene.Push(1), givenBefore: 3);
        CdEventReader.Read((await scene.Next()).Body).Custom!.Cause.Should().Be("Of p-1, attempt 4.");
    }

    [Theory]
    [InlineData(null, null, false, 0)]
    [InlineData(null, null, true, 1)]
    [InlineData(null, 3L, true, 3)]
    [InlineData(2L, null, false, 2)]
    [InlineData(2L, 3, true, 5)]
    [InlineData(2L, "three", true, 3)]
    public void What_was_given_before_is_counted_whoever_gave_it(object? byTheBridge, object? byTheBroker, bool redelivered, int before)
    {
        var headers = new Dictionary<string, object?> { ["given-before"] = byTheBridge, ["x-delivery-count"] = byTheBroker };
        Messaging.Broker.BrokerMessage.TimesGiven(headers.Where(h => h.Value is not null)!, redelivered).Should().Be(before);
    }

    [Fact]
    public async Task One_worker_at_a_time_has_the_work_of_a_cluster_and_another_takes_over()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        var queue = Queues.ClusterDeploy("main");
        var first = await scene.Worker(queue, (work, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Ended(WorkResult.Failed, WorkEffect.None, "internal", "By the first.")]));
        await scene.Worker(queue, (work, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Ended(WorkResult.Failed, WorkEffect.None, "internal", "By the second.")]));
        for (var i = 1; i <= 10; i++)
        {
            await scene.Send(WorkerScene.Push(i), queue);
            CdEventReader.Read((await scene.Next()).Body).Custom!.Cause.Should().Be("By the first.");
        }
        await first.StopAsync(Stop);
        await scene.Send(WorkerScene.Push(11), queue);
        CdEventReader.Read((await scene.Next()).Body).Custom!.Cause.Should().Be("By the second.");
    }

    static string Header(BasicDeliverEventArgs message, string name) =>
        message.BasicProperties.Headers![name] switch { byte[] bytes => Encoding.UTF8.GetString(bytes), var value => value?.ToString() ?? "" };
}
