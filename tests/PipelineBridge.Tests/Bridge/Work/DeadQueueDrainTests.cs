using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using PipelineBridge.Tests.Broker;
using RabbitMQ.Client;

namespace PipelineBridge.Tests.Bridge.Work;

[Collection(BrokerTests.Name), Trait("Needs", "service")]
public sealed class DeadQueueDrainTests(RabbitMqServer server)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_work_whose_worker_dies_each_time_ends_failed_with_its_reason_and_can_be_replayed()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        for (var given = 0; given <= Topology.DeliveryLimit; given++)
        {
            await using var channel = await scene.Channel();
            await BrokerScene.Until(async () => await channel.BasicGetAsync(Queues.RegistryPush, autoAck: false, Cancellation) is not null, "it is given again");
            // The channel ends with the message in its hands, as it does when a worker dies.
        }

        var ended = await scene.Bridge.Until(receipt, "failed");

        ((string?)ended["category"]).Should().Be("internal");
        ((string?)ended["effect"]).Should().Be("unknown");
        var letter = scene.DeadLetters().Should().ContainSingle().Which;
        letter.Queue.Should().Be("registry.push");
        letter.Reason.Should().StartWith("It was given too often without an acknowledgement");
        (await scene.Waiting(Queues.Dead)).Should().Be(0);
        using var replay = await scene.Bridge.Send(HttpMethod.Post, $"/v1/deadletters/{letter.Id}/replay");
        var again = JsonNode.Parse(await replay.Content.ReadAsStringAsync(Cancellation))!.AsObject();
        await scene.Say(BrokerScene.Pushed(await scene.Work(Queues.RegistryPush)));
        await scene.Bridge.Until(again, "succeeded");
    }

    [Fact]
    public async Task What_a_consumer_could_not_handle_carries_its_exception()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        var message = await scene.Get(Queues.RegistryPush);
        await Bury(scene, message.Body, new()
        {
            ["MT-Fault-Message"] = "Its handler did not finish within 1620 seconds.",
            ["MT-Fault-ExceptionType"] = "PipelineBridge.Messaging.Broker.NotWorkException",
            ["MT-Fault-InputAddress"] = "rabbitmq://127.0.0.1:5672/vhost/registry.push?type=quorum",
        });

        await scene.Bridge.Until(receipt, "failed");

        scene.DeadLetters().Should().ContainSingle().Which.Reason.Should().Be("NotWorkException: Its handler did not finish within 1620 seconds.");
    }

    [Fact]
    public async Task A_work_that_has_its_end_and_dies_afterwards_is_not_told_again()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        var message = await scene.Get(Queues.RegistryPush);
        await scene.Say(BrokerScene.Pushed(new WorkItem(CdEventReader.Read(message.Body), 1, "registry", TimeProvider.System)));
        await scene.Bridge.Until(receipt, "succeeded");

        await Bury(scene, message.Body, new() { ["MT-Fault-Message"] = "late", ["MT-Fault-InputAddress"] = "registry.push" });
        await BrokerScene.Until(async () => (await scene.Text("/metrics")).Contains("pipelinebridge_dead_messages_total 1\n", StringComparison.Ordinal), "it is drained");

        scene.DeadLetters().Should().BeEmpty();
        ((string?)(await scene.Bridge.Request(receipt))["state"]).Should().Be("succeeded");
    }

    [Fact]
    public async Task An_outcome_that_only_came_to_its_last_delivery_is_journaled_after_all()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        var end = BrokerScene.Pushed(await scene.Work(Queues.RegistryPush));
        await Bury(scene, CdEventWriter.Write(end), Death(Queues.Outcomes, "delivery_limit"));

        await scene.Bridge.Until(receipt, "succeeded");
        scene.DeadLetters().Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_no_event_is_kept_shown_and_can_only_be_dropped()
    {
        await using var scene = await BrokerScene.Start(server);
        await Bury(scene, Encoding.UTF8.GetBytes("<xml>\u0007</xml>"), Death(Queues.RegistryTag, "delivery_limit"));
        await Bury(scene, new byte[10 * 1024 * 1024], []);
        await BrokerScene.Until(() => scene.DeadLetters().Count == 2, "both are kept");

        var letters = scene.DeadLetters();
        letters[1].Queue.Should().Be("registry.tag");
        letters[0].Body.Should().HaveCount(64 * 1024);
        letters[0].Reason.Should().Be("It stood in the dead queue without a word of who put it there.");
        var shown = JsonNode.Parse(await scene.Text("/v1/deadletters"))!["deadLetters"]!.AsArray();
        ((string?)shown[1]!["body"]).Should().Be("<xml>\ufffd</xml>");
        using var replay = await scene.Bridge.Send(HttpMethod.Post, $"/v1/deadletters/{letters[1].Id}/replay");
        ((int)replay.StatusCode).Should().Be(409);
        using var drop = await scene.Bridge.Send(HttpMethod.Post, $"/v1/deadletters/{letters[1].Id}/drop");
        ((int)drop.StatusCode).Should().Be(204);
    }

    static Dictionary<string, object?> Death(string queue, string reason) => new()
    {
        ["x-death"] = new List<object> { new Dictionary<string, object?> { ["queue"] = queue, ["reason"] = reason, ["count"] = 1L } },
    };

    static async Task Bury(BrokerScene scene, ReadOnlyMemory<byte> body, Dictionary<string, object?> headers)
    {
        await using var channel = await scene.Channel();
        await channel.BasicPublishAsync("", Queues.Dead, mandatory: true, new BasicProperties { Persistent = true, Headers = headers }, body, Cancellation);
    }
}
