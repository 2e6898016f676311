using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using PipelineBridge.Tests.Broker;
using RabbitMQ.Client;

namespace PipelineBridge.Tests.Bridge.Work;

[Collection(BrokerTests.Name), Trait("Needs", "service")]
public sealed class RelayTests(RabbitMqServer server)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_work_is_in_its_queue_as_the_event_that_stands_in_the_journal()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();

        var message = await scene.Get(Queues.RegistryPush);

        var stored = scene.Bridge.Journal.Read(r => r.Event(EventId.Parse(message.BasicProperties.MessageId!)))!;
        message.Body.ToArray().Should().Equal(stored.Body);
        message.RoutingKey.Should().Be("image.pushrequested.portal.-");
        message.Exchange.Should().Be("pipelinebridge.work");
        message.BasicProperties.Persistent.Should().BeTrue();
        message.BasicProperties.ContentType.Should().Be("application/cloudevents+json; charset=utf-8");
        CdEventReader.Read(message.Body).Custom!.RequestId.Should().Be((string)receipt["id"]!);
    }

    [Fact]
    public async Task A_subscriber_hears_asks_facts_and_ends_and_no_work()
    {
        await using var scene = await BrokerScene.Start(server);
        var mine = await scene.Subscribe("#");
        var receipt = await scene.Deploy();
        // What is published and what is given go ways of their own: the ask is heard before its work is done.
        var heard = new List<string>();
        await Hear();

        await scene.Say((await scene.Work(Queues.RegistryResolve)) is var resolve ? resolve.Done(new ImageResolved("registry.internal/portal:412@" + ScriptedStages.Digest)) : null!);
        await scene.Say(ScriptedStages.Live(await scene.Work(Queues.ClusterDeploy("main"))));
        await scene.Bridge.Until(receipt, "succeeded");

        while (heard[^1] != "deployment.succeeded")
        {
            await Hear();
        }
        heard.Should().Equal("deployment.requested", "image.resolved", "service.deployed", "deployment.succeeded");

        async Task Hear()
        {
            var message = await scene.Get(mine);
            var e = CdEventReader.Read(message.Body);
            message.RoutingKey.Should().Be(e.RoutingKey);
            message.BasicProperties.MessageId.Should().Be(e.Id);
            heard.Add(e.EventType!.ShortName);
        }
    }

    [Fact]
    public async Task What_is_asked_while_the_broker_is_gone_arrives_when_it_is_back()
    {
        await using var scene = await BrokerScene.Start(server);
        var mine = await scene.Subscribe("deployment.#");
        await scene.UntilConnected();
        await server.Stop();
        var push = await scene.Push();
        var deploy = await scene.Deploy();
        await BrokerScene.Until(async () => await scene.Text("/health/ready") is var ready && ready.StartsWith("ready", StringComparison.Ordinal) && ready.Contains("not connected", StringComparison.Ordinal), "it is ready, and says that the broker is gone");

        await server.Start();

        (await scene.Work(Queues.RegistryPush)).RequestId.Should().Be((string)push["id"]!);
        CdEventReader.Read((await scene.Get(mine)).Body).Custom!.RequestId.Should().Be((string)deploy["id"]!);
    }

    [Fact]
    public async Task A_broker_that_is_killed_while_it_takes_events_loses_none_and_keeps_the_order()
    {
        await using var scene = await BrokerScene.Start(server);
        var mine = await scene.Subscribe("pipelinerun.#", new() { ["x-queue-type"] = "quorum" });
        await scene.UntilConnected();
        await server.Settle();
        // As long as it is not killed there are more of them, so that it is killed in the midst of it.
        var (count, killed) = (0, new CancellationTokenSource());
        var writing = Task.Run(async () =>
        {
            while (!killed.IsCancellationRequested && count < 20_000)
            {
                await scene.Bridge.Journal.Write(tx =>
                {
                    for (var n = count; n < count + 500; n++)
                    {
                        tx.Append(Fact($"e{n}", "portal"));
                    }
                    return 0;
                }, Cancellation);
                Interlocked.Add(ref count, 500);
                await Task.Delay(20, Cancellation);
            }
        }, Cancellation);
        await BrokerScene.Until(() => Volatile.Read(ref count) - scene.Bridge.Journal.Read(r => r.CountUnsent()).Count >= 500, "some are sent");
        await server.Kill();
        scene.Bridge.Journal.Read(r => r.CountUnsent()).Count.Should().BePositive("it was killed too late to show anything");
        await killed.CancelAsync();
        await writing;
        await server.Start();
        await BrokerScene.Until(() => scene.Bridge.Journal.Read(r => r.CountUnsent()).Count == 0, "all is sent");

        (await scene.Ids(mine)).Distinct().Should().Equal(Enumerable.Range(0, count).Select(n => Id($"e{n}").ToString()), "each arrived, and the first time of each is in order");
    }

    [Fact]
    public async Task A_row_that_the_broker_does_not_take_holds_back_its_own_app_and_no_other()
    {
        await using var scene = await BrokerScene.Start(server);
        await scene.UntilConnected();
        // Full at once: the broker then refuses what it would have to route there.
        var full = await scene.Subscribe("*.*.full.*", new() { ["x-max-length"] = 0, ["x-overflow"] = "reject-publish" });
        var others = await scene.Subscribe("*.*.other.*");

        await scene.Bridge.Journal.Write(tx => { tx.Append(Fact("full-1", "full")); return 0; }, Cancellation);
        await BrokerScene.Until(() => scene.Bridge.Journal.Read(r => r.Unsent(9, long.MaxValue)) is [{ Attempts: > 0 }], "the first is refused");
        await scene.Bridge.Journal.Write(tx => { tx.Append(Fact("full-2", "full")); tx.Append(Fact("other-1", "other")); return 0; }, Cancellation);

        (await scene.Get(others)).BasicProperties.MessageId.Should().Be(Id("other-1").ToString());
        await BrokerScene.Until(() => scene.Bridge.Journal.Read(r => r.CountUnsent()).Count == 2, "the other app's is marked");
        scene.Bridge.Journal.Read(r => r.Unsent(9, long.MaxValue)).Select(u => u.Event.Id).Should().Equal(Id("full-1"), Id("full-2"));

        await using (var channel = await scene.Channel())
        {
            await channel.QueueDeleteAsync(full, cancellationToken: Cancellation);
        }
        var free = await scene.Subscribe("*.*.full.*");
        (await scene.Get(free)).BasicProperties.MessageId.Should().Be(Id("full-1").ToString());
        (await scene.Get(free)).BasicProperties.MessageId.Should().Be(Id("full-2").ToString());
    }

    [Fact]
    public async Task Of_a_repository_the_next_push_is_given_after_the_end_of_the_one_before_it()
    {
        await using var scene = await BrokerScene.Start(server);
        await scene.Push("registry.internal/portal:1");
        var second = await scene.Push("registry.internal/portal:2");
        await scene.Push("registry.internal/shop:1", "shop");

        var first = await scene.Work(Queues.RegistryPush);
        (await scene.Work(Queues.RegistryPush)).App.Should().Be("shop");
        (await scene.TryGet(Queues.RegistryPush, 1)).Should().BeNull("its repository is being pushed to");
        await scene.Say(BrokerScene.Pushed(first));

        (await scene.Work(Queues.RegistryPush)).RequestId.Should().Be((string)second["id"]!);
    }

    [Fact]
    public async Task A_work_that_was_given_is_not_given_again_when_the_bridge_starts_again()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        var work = await scene.Work(Queues.RegistryPush);
        await scene.UntilGiven(Queues.RegistryPush);
        await scene.Bridge.Stop();
        await scene.Bridge.StartAgain();
        await scene.UntilConnected();

        (await scene.TryGet(Queues.RegistryPush, 1)).Should().BeNull();
        await scene.Say(BrokerScene.Pushed(work));
        await scene.Bridge.Until(receipt, "succeeded");
    }

    [Fact]
    public async Task A_deferred_work_is_given_again_when_its_time_has_come()
    {
        await using var scene = await BrokerScene.Start(server);
        var said = new WaitsSaid(scene.Bridge.Journal);
        var receipt = await scene.Push();
        var work = await scene.Work(Queues.RegistryPush);
        var time = TimeProvider.System.GetUtcNow().AddSeconds(3);

        await scene.Say(work.Deferred(time, FailureCategory.Registry, "The registry answers 503."));

        await said.Until(receipt, "The registry answers 503.");
        var again = await scene.Get(Queues.RegistryPush);
        TimeProvider.System.GetUtcNow().Should().BeOnOrAfter(time);
        again.BasicProperties.MessageId.Should().Be(work.Id.ToString());
        again.BasicProperties.Headers![BrokerMessage.GivenBefore].Should().Be(1L, "whoever has it now knows that somebody had it before");
    }

    internal static EventId Id(string name) => EventId.Derive(1_760_000_000_000, name);

    internal static PipelineBridge.Journal.NewEvent Fact(string name, string app, bool custom = true)
    {
        var id = Id(name);
        var e = new CdEvent
        {
            Id = id.ToString(),
            Source = "/pipelinebridge/bridge",
            Type = EventTypes.Of<PipelineRunStarted>().Name,
            Time = DateTimeOffset.FromUnixTimeMilliseconds(1_760_000_000_000),
            ChainId = id.ToString(),
            SubjectId = app,
            Content = new PipelineRunStarted("portal", "https://jenkins.internal/job/portal/1/"),
            Custom = custom ? new CustomData { App = app } : null,
        };
        return new(id, e.Type, e.ChainId!, e.Time, app, "-", true, CdEventWriter.Write(e), []);
    }
}
