using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Tests.Broker;

[Collection(BrokerTests.Name), Trait("Needs", "service")]
public sealed class OutcomePublisherTests(RabbitMqServer broker)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_a_stage_may_say_finds_its_place()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        await using var publisher = Publisher(scene.Options);
        foreach (var type in EventTypes.All.Where(t => t.FromStage))
        {
            await publisher.Publish(Events.EventExamples.ByType[type.ShortName].Full, Stop).WaitAsync(TimeSpan.FromSeconds(120), Stop);
            CdEventReader.Read((await scene.Next()).Body).EventType.Should().Be(type);
        }
    }

    [Fact]
    public async Task An_outcome_arrives_over_a_way_of_300_milliseconds_there_and_back()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        await using var link = new SlowLink(broker.Port, TimeSpan.FromMilliseconds(150));
        await using var publisher = Publisher(scene.Options with { Url = new UriBuilder(scene.Options.Url) { Port = link.Port }.Uri });
        var since = Stopwatch.GetTimestamp();

        await publisher.Publish(Outcome(), Stop).WaitAsync(TimeSpan.FromSeconds(120), Stop);

        Stopwatch.GetElapsedTime(since).Should().BeGreaterThan(TimeSpan.FromSeconds(1), "otherwise the way was short");
        (await scene.Waiting(Queues.Outcomes)).Should().Be(1);
    }

    [Fact]
    public async Task While_the_broker_is_full_an_outcome_waits_and_arrives_once()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await WorkerScene.Make(broker);
        await using var publisher = Publisher(scene.Options);
        Task publishing;
        await broker.Control("set_vm_memory_high_watermark", "absolute", "1MB");
        try
        {
            publishing = publisher.Publish(Outcome(), Stop);
            // Longer than a broker that says nothing at all is waited for.
            await Task.Delay(TimeSpan.FromSeconds(14), Stop);
            publishing.IsCompleted.Should().BeFalse("the broker takes nothing");
        }
        finally
        {
            await broker.Control("set_vm_memory_high_watermark", "0.4");
        }
        await publishing.WaitAsync(TimeSpan.FromSeconds(120), Stop);

        await scene.Next();
        await Task.Delay(TimeSpan.FromSeconds(1), Stop);
        (await scene.Waiting(Queues.Outcomes)).Should().Be(0);
        scene.Arrived(Queues.Outcomes).Should().Be(0, "it was published once");
    }

    static CdEvent Outcome() => Events.EventExamples.ByType["work.ended"].Full;

    static OutcomePublisher Publisher(BrokerOptions options) => new(options, WorkerScene.Topology, "test", TimeProvider.System, NullLogger<OutcomePublisher>.Instance);
}
