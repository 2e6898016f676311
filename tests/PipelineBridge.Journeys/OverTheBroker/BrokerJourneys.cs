using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Journeys.Site;
using PipelineBridge.Messaging.Broker;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Tests.Broker;

namespace PipelineBridge.Journeys.OverTheBroker;

/// <summary>What happens to the broker between bridge and stages, while a delivery is on its way.</summary>
[Trait("Needs", "service")]
public sealed class BrokerJourneys(RabbitMqServer broker) : IClassFixture<RabbitMqServer>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_broker_that_is_stopped_killed_or_loses_its_data_in_the_middle_costs_time_and_nothing_else()
    {
        await using var site = await BrokerSite.Start(broker);
        (await site.End(await site.Push("1"))).Should().Be("succeeded");
        (await site.End(await site.Deploy("1"))).Should().Be("succeeded", site.ToString());
        var number = 1;
        foreach (var trouble in new Func<Task>[]
        {
            async () => { await broker.Stop(); await broker.Start(); },
            async () => { await broker.Kill(); await broker.Start(); },
            async () => { await broker.Stop(); broker.DeleteData(); await broker.Start(); await broker.MakeVirtualHost(site.VirtualHost); },
        })
        {
            foreach (var step in new[] { "image.pushrequested", "deployment.started" })
            {
                var tag = $"{++number}";
                site.Marathon.Script(new TaskBehavior { App = "/prod/portal", HealthyAfterMilliseconds = 3000, Times = 2 });
                var push = await site.Push(tag);
                var deployment = await site.Deploy(tag, after: (string)push["id"]!);
                await site.UntilStep(push, deployment, step);
                await trouble();
                (await site.End(push)).Should().Be("succeeded", $"trouble after {step} of {tag}\n{site}");
                (await site.End(deployment)).Should().Be("succeeded", $"trouble after {step} of {tag}\n{site}");
                await site.Told($"live {tag}");
                site.Writes.Should().Be(number, $"trouble after {step} of {tag}, and the app is written once\n{site}");
                (await site.Ends(deployment)).Should().Be(1);
                site.Marathon.ClearScript(null);
            }
        }
    }

    [Fact]
    public async Task What_is_asked_while_there_is_no_broker_is_accepted_and_done_when_it_is_back()
    {
        await using var site = await BrokerSite.Start(broker);
        await broker.Stop();
        var push = await site.Push("1");
        var deployment = await site.Deploy("1", after: (string)push["id"]!);
        await BrokerSite.Until(async () =>
        {
            using var ready = await site.Http.GetAsync("/health/ready", Stop);
            ready.IsSuccessStatusCode.Should().BeTrue("the journal is written: that is what ready means");
            return (await ready.Content.ReadAsStringAsync(Stop)).Contains("not connected", StringComparison.Ordinal);
        }, "the bridge says that the broker is gone");
        using (var http = new HttpClient())
        {
            await BrokerSite.Until(async () =>
            {
                using var ready = await http.GetAsync(site.RegistryStage.Health + "/health/ready", Stop);
                return (int)ready.StatusCode == 503;
            }, "a worker without its broker does nothing, and says so");
        }
        await broker.Start();
        (await site.End(push)).Should().Be("succeeded", site.ToString());
        (await site.End(deployment)).Should().Be("succeeded", site.ToString());
    }

    [Fact]
    public async Task Processes_that_start_before_their_broker_wait_for_it()
    {
        await using var site = await BrokerSite.Start(broker);
        await Task.WhenAll(site.Processes.Select(p => p.Kill()));
        await broker.Stop();
        await Task.WhenAll(site.Processes.Select(p => p.Start()));
        var push = await site.Push("1");
        await broker.Start();
        await site.Ready();
        (await site.End(push)).Should().Be("succeeded", site.ToString());
        (await site.End(await site.Deploy("1"))).Should().Be("succeeded", site.ToString());
    }

    [Fact]
    public async Task A_broker_a_long_way_off_only_makes_a_delivery_slower()
    {
        await using var link = new SlowLink(broker.Port, TimeSpan.FromMilliseconds(100));
        await using var site = await BrokerSite.Start(broker, port: link.Port);
        var push = await site.Push("1");
        var deployment = await site.Deploy("1", after: (string)push["id"]!);
        (await site.End(push)).Should().Be("succeeded", site.ToString());
        (await site.End(deployment)).Should().Be("succeeded", site.ToString());
        await site.Told("live 1");
        site.Writes.Should().Be(1);
    }

    [Fact]
    public async Task A_queue_that_somebody_deletes_is_declared_again_and_its_work_is_given_again()
    {
        await using var site = await BrokerSite.Start(broker);
        await site.RegistryStage.Kill();
        var push = await site.Push("1");
        await BrokerSite.Until(async () => (await broker.Control("list_queues", "-p", site.VirtualHost, "name", "messages")).Contains("registry.push\t1", StringComparison.Ordinal), "the work stands in its queue");
        foreach (var queue in new[] { "registry.push", "bridge.outcomes", "cluster.main.deploy", "pipelinebridge.dead" })
        {
            await broker.Control("delete_queue", "-p", site.VirtualHost, queue);
        }
        await site.RegistryStage.Start();
        (await site.End(push)).Should().Be("succeeded", site.ToString());
        (await site.End(await site.Deploy("1"))).Should().Be("succeeded", site.ToString());
    }

    [Fact]
    public async Task A_broker_that_takes_nothing_more_because_its_memory_is_full_is_waited_for()
    {
        await using var site = await BrokerSite.Start(broker);
        await broker.Control("set_vm_memory_high_watermark", "absolute", "1MB");
        var push = await site.Push("1");
        var deployment = await site.Deploy("1", after: (string)push["id"]!);
        // Longer than a broker that says nothing at all is waited for.
        await Task.Delay(TimeSpan.FromSeconds(25), Stop);
        (await site.Until(push, _ => true))["endedAt"].Should().BeNull("nothing can have been done");
        await broker.Control("set_vm_memory_high_watermark", "0.4");
        (await site.End(push)).Should().Be("succeeded", site.ToString());
        (await site.End(deployment)).Should().Be("succeeded", site.ToString());
        site.Writes.Should().Be(1);
        (await site.Ends(deployment)).Should().Be(1);
        site.Bridge.ToString().Should().NotContain("The relay waits for the broker", "it is full and not gone");
    }

    [Fact]
    public async Task Poison_on_every_queue_ends_in_the_dead_letters_and_holds_up_no_delivery()
    {
        await using var site = await BrokerSite.Start(broker);
        string[] queues = ["registry.push", "registry.tag", "registry.resolve", "cluster.main.deploy", "notify.team", "bridge.outcomes", "pipelinebridge.dead"];
        byte[][] poison =
        [
            Encoding.UTF8.GetBytes("no JSON"),
            Encoding.UTF8.GetBytes("{\"specversion\":\"1.0\"}"),
            Encoding.UTF8.GetBytes(Event("dev.cdeventsx.pipelinebridge-image.unheardof.0.1.0")),
            Encoding.UTF8.GetBytes(Event("dev.cdeventsx.pipelinebridge-image.pushrequested.7.0.0")),
            new byte[10 << 20],
        ];
        var options = new BrokerOptions(new Uri($"amqp://127.0.0.1:{broker.Port}/{site.VirtualHost}"));
        await using (var connection = await BrokerConnection.Open(options, "poisoner", Stop))
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: Stop);
            foreach (var queue in queues)
            {
                foreach (var body in poison)
                {
                    await channel.BasicPublishAsync("", queue, mandatory: true, new RabbitMQ.Client.BasicProperties(), body, Stop);
                }
            }
        }
        var push = await site.Push("1");
        (await site.End(push)).Should().Be("succeeded", site.ToString());
        (await site.End(await site.Deploy("1"))).Should().Be("succeeded", site.ToString());
        await site.Told("live 1");
        var letters = new JsonArray();
        await BrokerSite.Until(async () =>
        {
            letters = (await site.Http.GetFromJsonAsync<JsonObject>("/v1/deadletters", Stop))!["deadLetters"]!.AsArray();
            return letters.Count >= queues.Length * poison.Length;
        }, "each piece of poison is a dead letter");
        letters.Count.Should().Be(queues.Length * poison.Length);
        letters.Should().OnlyContain(l => l!["reason"]!.ToString().Length > 0);

        static string Event(string type) => $$$$"""
            {"specversion":"1.0","id":"x1","source":"/pipelinebridge/bridge","type":"{{{{type}}}}","subject":"portal","time":"2026-11-24T13:00:00Z","datacontenttype":"application/json",
             "data":{"context":{"specversion":"0.5.1","id":"x1","source":"/pipelinebridge/bridge","type":"{{{{type}}}}","timestamp":"2026-11-24T13:00:00Z"},"subject":{"id":"portal","content":{}},"customData":{"app":"portal"}}}
            """;
    }

    [Fact]
    public async Task Somebodys_own_event_is_on_the_bus_moves_no_delivery_and_is_no_dead_letter()
    {
        await using var site = await BrokerSite.Start(broker);
        using var posted = await site.Http.PostAsync("/v1/events", new StringContent("""
            {"specversion":"1.0","id":"scan-1","source":"https://scanner.internal/","type":"dev.cdevents.artifact.published.0.3.0","subject":"pkg:oci/portal","time":"2026-11-24T13:00:00Z","datacontenttype":"application/json",
             "data":{"context":{"specversion":"0.5.1","id":"scan-1","source":"https://scanner.internal/","type":"dev.cdevents.artifact.published.0.3.0","timestamp":"2026-11-24T13:00:00Z"},"subject":{"id":"pkg:oci/portal","content":{}}}}
            """, Encoding.UTF8, "application/cloudevents+json"), Stop);
        (await posted.Content.ReadAsStringAsync(Stop)).Should().Contain("succeeded");
        (await site.End(await site.Push("1"))).Should().Be("succeeded", site.ToString());
        (await site.Http.GetFromJsonAsync<JsonObject>("/v1/deadletters", Stop))!["deadLetters"]!.AsArray().Should().BeEmpty(site.ToString());
    }

    [Fact]
    public async Task A_rollout_that_outlasts_the_brokers_patience_is_given_again_and_made_once()
    {
        await broker.Stop();
        broker.Configuration = ["consumer_timeout = 6000"];
        await broker.Start();
        try
        {
            // bridge.yaml says another time than the broker has: a mistake that nobody can see beforehand.
            await using var site = await BrokerSite.Start(broker);
            (await site.End(await site.Push("1"))).Should().Be("succeeded");
            site.Marathon.Script(new TaskBehavior { App = "/prod/portal", HealthyAfterMilliseconds = 20_000, Times = 2 });
            var deployment = await site.Deploy("1");
            (await site.End(deployment)).Should().Be("succeeded", site.ToString());
            site.Writes.Should().Be(1);
            (await site.Ends(deployment)).Should().Be(1);
        }
        finally
        {
            await broker.Stop();
            broker.Configuration = [];
            await broker.Start();
        }
    }

    [Fact]
    public async Task Two_workers_of_a_stage_share_its_work_and_none_is_done_twice()
    {
        await using var site = await BrokerSite.Start(broker);
        await using var second = site.Worker("registry", "notifications");
        await second.Start();
        await second.Ready();
        var pushes = new List<JsonObject>();
        for (var i = 1; i <= 12; i++)
        {
            pushes.Add(await site.Push($"{i}"));
        }
        foreach (var push in pushes)
        {
            (await site.End(push)).Should().Be("succeeded", $"{site}\n{second}");
            (await site.Story(push)).Count(t => t == "artifact.published").Should().Be(1);
        }
    }
}
