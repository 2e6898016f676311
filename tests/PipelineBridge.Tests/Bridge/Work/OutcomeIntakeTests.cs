using System.Text;
using Microsoft.Data.Sqlite;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Tests.Broker;

namespace PipelineBridge.Tests.Bridge.Work;

[Collection(BrokerTests.Name), Trait("Needs", "service")]
public sealed class OutcomeIntakeTests(RabbitMqServer server)
{
    [Fact]
    public async Task An_outcome_ends_its_request_however_often_it_comes()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        var end = BrokerScene.Pushed(await scene.Work(Queues.RegistryPush));

        await scene.Say(end, end, end);
        await scene.Bridge.Until(receipt, "succeeded");

        await BrokerScene.Until(async () => (await scene.Text("/metrics")).Contains("pipelinebridge_outcomes_total 3\n", StringComparison.Ordinal), "all three were read");
        scene.Bridge.Journaled<ArtifactPublished>().Should().ContainSingle();
        scene.DeadLetters().Should().BeEmpty();
        (await scene.Waiting(Queues.Outcomes)).Should().Be(0);
    }

    [Fact]
    public async Task How_far_a_push_is_comes_over_the_broker_too()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        var work = await scene.Work(Queues.RegistryPush);

        await scene.Say(work.Observed(new ImageProgressed(3, 8, 75_000_000, 200_000_000)));

        await BrokerScene.Until(async () => (await scene.Bridge.Request(receipt)).ToJsonString().Contains("75000000", StringComparison.Ordinal), "the request says how far it is");
        scene.DeadLetters().Should().BeEmpty();
    }

    [Fact]
    public async Task A_later_end_that_says_something_else_is_kept_beside_the_first_and_not_told()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        var work = await scene.Work(Queues.RegistryPush);

        await scene.Say(BrokerScene.Pushed(work), work.Ended(WorkResult.Failed, WorkEffect.None, FailureCategory.Registry, "The registry was gone."));

        await BrokerScene.Until(() => scene.Bridge.Journaled<WorkEnded>().Count == 1, "the second is kept");
        ((string?)(await scene.Bridge.Request(receipt))["state"]).Should().Be("succeeded");
    }

    [Fact]
    public async Task What_is_no_outcome_is_a_dead_letter_with_its_reason_and_holds_up_nobody()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        var work = await scene.Work(Queues.RegistryPush);
        var end = BrokerScene.Pushed(work);
        var other = new WorkItem(work.Event with { Id = EventId.Derive(1_760_000_000_000, "of another bridge").ToString() }, 1, "registry", TimeProvider.System);
        const string Key = "work.ended.portal.-";
        byte[][] bad =
        [
            Encoding.UTF8.GetBytes("no JSON"),
            Encoding.UTF8.GetBytes("""{"specversion":"1.0"}"""),
            new byte[10 * 1024 * 1024],
            Changed(end, ".artifact.published.0.3.0", ".artifact.published.0.9.0"),
            Changed(end, ".artifact.published.0.3.0", ".artifact.burnt.0.3.0"),
            Changed(end, "/pipelinebridge/registry", "/jenkins"),
            CdEventWriter.Write(end with { Id = work.Id.Then("another end").ToString() }),
            CdEventWriter.Write(end with { Custom = end.Custom! with { WorkId = null } }),
            CdEventWriter.Write(BrokerScene.Pushed(other)),
            CdEventWriter.Write(work.Event),
        ];
        foreach (var body in bad)
        {
            await scene.Say(Key, body);
        }
        await scene.Say(end);

        await scene.Bridge.Until(receipt, "succeeded");

        string[] reasons =
        [
            "It is no event: (the body): it is no JSON*",
            "It is no event: id: it is missing*",
            "It has 10485760 bytes; an outcome has at most 1048576.",
            "*knows dev.cdevents.artifact.published.0.3.0, and it is dev.cdevents.artifact.published.0.9.0*",
            "This bridge knows no type dev.cdevents.artifact.burnt.0.3.0.",
            "Its source is /jenkins; *",
            "Its id * is not that of the end of work *",
            "*customData.workId is missing*",
            "The journal knows no work *",
            "No stage may say image.pushrequested.",
        ];
        var letters = scene.DeadLetters().Reverse().ToList();
        letters.Should().HaveCount(reasons.Length);
        for (var i = 0; i < reasons.Length; i++)
        {
            letters[i].Reason.Should().Match(reasons[i]);
            letters[i].Queue.Should().Be("bridge.outcomes");
            letters[i].Body.Length.Should().BeLessThanOrEqualTo(64 * 1024);
        }
        (await scene.Waiting(Queues.Outcomes)).Should().Be(0);
        var shown = await scene.Text("/v1/deadletters");
        shown.Should().Contain("no JSON").And.Contain("dev.cdevents.artifact.published.0.9.0");
    }

    [Fact]
    public async Task While_the_journal_cannot_be_written_outcomes_are_held_and_afterwards_taken()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        var end = BrokerScene.Pushed(await scene.Work(Queues.RegistryPush));
        await scene.UntilGiven(Queues.RegistryPush);
        await using (var outside = new SqliteConnection($"Data Source={scene.Bridge.JournalPath};Pooling=False"))
        {
            outside.Open();
            await using var held = outside.BeginTransaction(deferred: false);
            await scene.Say(end);
            await BrokerScene.Until(() => !scene.Bridge.Journal.Writable, "the journal cannot be written");
            // Not acknowledged: whoever stops the bridge now finds it in the broker again.
            await scene.Bridge.Stop();
            await BrokerScene.Until(async () => await scene.Waiting(Queues.Outcomes) == 1, "it is in its queue again");
        }
        await scene.Bridge.StartAgain();
        await scene.Bridge.Until(receipt, "succeeded");
    }

    [Fact]
    public async Task Outcomes_are_taken_in_the_order_in_which_they_were_said_and_in_batches()
    {
        await using var scene = await BrokerScene.Start(server);
        var receipt = await scene.Push();
        var work = await scene.Work(Queues.RegistryPush);
        await scene.UntilGiven(Queues.RegistryPush);
        await scene.Bridge.Stop();
        var seen = Enumerable.Range(0, 500).Select(n => work.Observed(new WorkDeferred(TimeProvider.System.GetUtcNow().AddSeconds(1 + n)), c => c with { Cause = $"{n}" })
            with { Id = work.Id.Then("seen", $"{n}").ToString() }).ToArray();
        await scene.Say(seen);
        await scene.Bridge.StartAgain();
        await scene.Say(BrokerScene.Pushed(work));
        await scene.Bridge.Until(receipt, "succeeded");

        scene.Bridge.Journaled<WorkDeferred>().Select(e => e.Custom!.Cause).Should().Equal(Enumerable.Range(0, 500).Select(n => $"{n}"));
        var metrics = await scene.Text("/metrics");
        var batches = int.Parse(metrics.Split("\npipelinebridge_outcome_batches_total ")[1].Split('\n')[0], System.Globalization.CultureInfo.InvariantCulture);
        batches.Should().BeLessThan(100);
    }

    static byte[] Changed(CdEvent e, string from, string to) =>
        Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(CdEventWriter.Write(e)).Replace(from, to, StringComparison.Ordinal));
}
