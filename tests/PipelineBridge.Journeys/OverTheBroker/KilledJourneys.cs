using PipelineBridge.Journeys.Site;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Tests.Broker;

namespace PipelineBridge.Journeys.OverTheBroker;

/// <summary>kill -9 of each process at each step: the delivery goes on, has one end and one effect.</summary>
[Collection(SharedBroker.Name), Trait("Needs", "service")]
public sealed class KilledJourneys(RabbitMqServer broker)
{
    /// <summary>The steps of a delivery after each of which a process dies.</summary>
    static readonly string[] Steps = ["image.pushrequested", "artifact.published", "deployment.rolloutrequested", "deployment.started", "deployment.progressed", "deployment.succeeded", "notification.delivered"];

    [Fact]
    public async Task Each_process_is_killed_at_each_step_of_a_delivery_that_works()
    {
        await using var site = await BrokerSite.Start(broker);
        var number = 0;
        foreach (var victim in site.Processes)
        {
            foreach (var step in Steps)
            {
                var tag = $"{++number}";
                var messages = site.Slack.Messages("deploys").Count;
                var push = await site.Push(tag);
                var deployment = await site.Deploy(tag, after: (string)push["id"]!);
                await site.UntilStep(push, deployment, step);
                await victim.Kill();
                await victim.Start();
                (await site.End(push)).Should().Be("succeeded", $"{victim.Name} was killed after {step}\n{site}");
                (await site.End(deployment)).Should().Be("succeeded", $"{victim.Name} was killed after {step}\n{site}");
                await site.Told($"live {tag}");
                site.Writes.Should().Be(number, $"{victim.Name} was killed after {step}, and the app is written once\n{site}");
                site.Slack.Messages("deploys").Count.Should().Be(messages + 1, $"{victim.Name} was killed after {step}, and a delivery has one message\n{site}");
                (await site.Ends(deployment)).Should().Be(1);
                await site.Ready();
            }
        }
    }

    [Theory]
    [InlineData("cluster")]
    [InlineData("bridge")]
    public async Task A_delivery_that_fails_is_taken_back_once_when_a_process_dies_in_the_taking_back(string name)
    {
        await using var site = await BrokerSite.Start(broker);
        (await site.End(await site.Push("1"))).Should().Be("succeeded");
        (await site.End(await site.Deploy("1"))).Should().Be("succeeded", site.ToString());
        (await site.End(await site.Push("2"))).Should().Be("succeeded");
        site.Marathon.Script(new TaskBehavior { App = "/prod/portal", NeverHealthy = true, Times = 2 });
        var sick = await site.Deploy("2", healthTimeoutSeconds: 3);
        await site.Until(sick, d => d["phase"]?.ToString() == "takingback" || d.ToJsonString().Contains("takingback", StringComparison.Ordinal));
        var victim = site.Processes.Single(p => p.Name == name);
        await victim.Kill();
        await victim.Start();
        var end = await site.EndDocument(sick);
        ((string)end["state"]!).Should().Be("failed", site.ToString());
        ((string)end["effect"]!).Should().Be("takenback");
        site.Writes.Should().Be(2, "the good one and the broken one were each written once; the way back is Marathon's revert");
        (await site.Ends(sick)).Should().Be(1);
    }

    [Fact]
    public async Task A_worker_that_is_frozen_and_woken_and_one_that_took_over_meanwhile_make_one_effect()
    {
        await using var site = await BrokerSite.Start(broker);
        await using var second = site.Worker("cluster");
        await second.Start();
        await second.Ready();
        (await site.End(await site.Push("1"))).Should().Be("succeeded");
        site.Marathon.Script(new TaskBehavior { App = "/prod/portal", HealthyAfterMilliseconds = 25_000, Times = 2 });
        var deployment = await site.Deploy("1");
        await site.UntilStep(deployment, deployment, "deployment.started");
        await site.ClusterStage.Freeze();
        // The broker misses its heartbeats and gives the work to the other worker.
        (await site.End(deployment)).Should().Be("succeeded", $"{site}\n{second}");
        await site.ClusterStage.Wake();
        await site.Told("live 1");
        (await site.End(await site.Push("2"))).Should().Be("succeeded");
        site.Marathon.ClearScript(null);
        (await site.End(await site.Deploy("2"))).Should().Be("succeeded", $"{site}\n{second}");
        site.Writes.Should().Be(2);
        (await site.Ends(deployment)).Should().Be(1);
    }
}
