using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Journeys.Site;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using PipelineBridge.Tests.Broker;
using RabbitMQ.Client;

namespace PipelineBridge.Journeys.OverTheBroker;

/// <summary>Builds of different age on one broker: whoever takes a work, it has one end.</summary>
[Collection(SharedBroker.Name), Trait("Needs", "service")]
public sealed class VersionJourneys(RabbitMqServer broker)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_older_build_of_a_stage_beside_a_newer_one_takes_its_share_and_every_delivery_has_one_end()
    {
        await using var site = await BrokerSite.Start(broker);
        const int Count = 12;
        for (var i = 1; i <= Count; i++)
        {
            (await site.End(await site.Push($"{i}"))).Should().Be("succeeded", site.ToString());
        }
        await using var older = await OlderWorker.Start(site);

        var pushes = new List<JsonObject>();
        var deployments = new List<JsonObject>();
        for (var i = 1; i <= Count; i++)
        {
            pushes.Add(await site.Accepted("/v1/pushes", new JsonObject
            {
                ["app"] = "portal",
                ["image"] = $"{site.Registry.Host}/portal:{i}",
                ["source"] = "registry",
                ["tags"] = new JsonArray($"again-{i}"),
            }, $"again-{i}-push"));
            deployments.Add(await site.Deploy($"{i}", after: (string)pushes[^1]["id"]!));
        }

        foreach (var push in pushes)
        {
            (await site.End(push)).Should().Be("succeeded", $"{site}\n{string.Join("\n", older.Mistakes)}");
            (await site.Story(push)).Count(t => t == "artifact.published").Should().Be(1);
        }
        using var http = new HttpClient { DefaultRequestHeaders = { { "Accept", "application/vnd.oci.image.manifest.v1+json" } } };
        for (var i = 1; i <= Count; i++)
        {
            using var tagged = await http.GetAsync($"{site.Registry.Url}v2/portal/manifests/again-{i}", Stop);
            tagged.IsSuccessStatusCode.Should().BeTrue($"tag again-{i} was asked for");
        }
        foreach (var deployment in deployments)
        {
            (await site.End(deployment)).Should().BeOneOf("succeeded", "superseded");
            (await site.Ends(deployment)).Should().Be(1);
        }
        (await site.End(deployments[^1])).Should().Be("succeeded", site.ToString());
        older.Mistakes.Should().BeEmpty();
        older.Took.Should().OnlyHaveUniqueItems().And.NotBeEmpty().And.HaveCountLessThan(Count, "both took their share");
        (await site.DeadLetters()).Should().BeEmpty();

        // What only the newer build can do ends told, whoever takes it.
        await site.RegistryStage.Kill();
        var unknown = await site.EndDocument(await site.Accepted("/v1/pushes", new JsonObject
        {
            ["app"] = "portal",
            ["image"] = $"{site.Registry.Host}/portal:archived",
            ["source"] = "archive: builds/portal.tar",
        }, "archived-push"));
        ((string)unknown["state"]!).Should().Be("failed");
        ((string)unknown["effect"]!).Should().Be("none");
        ((string)unknown["cause"]!).Should().Contain("archive is not known here");
    }

    [Fact]
    public async Task A_build_that_is_older_than_the_bridge_leaves_alone_what_it_does_not_know_and_a_newer_version_of_a_work_ends_told()
    {
        await using var site = await BrokerSite.Start(broker);
        await site.RegistryStage.Kill();
        var push = await site.Push("1");
        var other = await site.Accepted("/v1/pushes", new JsonObject { ["app"] = "search", ["image"] = $"{site.Registry.Host}/search:1", ["source"] = site.Build("1") }, "search-push");
        await using (var connection = await BrokerConnection.Open(new BrokerOptions(new Uri($"amqp://127.0.0.1:{broker.Port}/{site.VirtualHost}")), "a newer bridge", Stop))
        {
            await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Stop);
            // Both are taken before either goes back, or the second one taken could be the first again.
            var works = new List<JsonObject>();
            while (works.Count < 2)
            {
                BasicGetResult? message = null;
                await BrokerSite.Until(async () => (message = await channel.BasicGetAsync(Queues.RegistryPush, autoAck: true, Stop)) is not null, "the work stands in its queue");
                works.Add(JsonNode.Parse(message!.Body.Span)!.AsObject());
            }
            foreach (var work in works)
            {
                var changed = (string)work["data"]!["customData"]!["app"]! == "portal" ? WithMore(work) : OfNewerVersion(work);
                await channel.BasicPublishAsync("", Queues.RegistryPush, mandatory: true,
                    new BasicProperties { Persistent = true, Headers = new Dictionary<string, object?> { ["of-a-newer-bridge"] = "yes" } }, Encoding.UTF8.GetBytes(changed.ToJsonString()), Stop);
            }
        }
        await site.RegistryStage.Start();

        (await site.End(push)).Should().Be("succeeded", site.ToString());
        (await site.Story(push)).Count(t => t == "artifact.published").Should().Be(1);
        (await site.End(await site.Deploy("1"))).Should().Be("succeeded", site.ToString());
        // It cannot be read by this worker, so it is dead; its work is known by the id.
        var ended = await site.EndDocument(other);
        ((string)ended["state"]!).Should().Be("failed", site.ToString());
        ((string)ended["category"]!).Should().Be("internal");
        (await site.DeadLetters()).Should().ContainSingle().Which!["reason"]!.ToString().Should().Contain("0.9.0 is no work that this version of registry.push knows");
    }

    /// <summary>A field that is unknown here at each place where one may be added.</summary>
    static JsonObject WithMore(JsonObject work)
    {
        work["newextension"] = "x";
        foreach (var part in new[] { work["data"]!, work["data"]!["context"]!, work["data"]!["subject"]!, work["data"]!["subject"]!["content"]!, work["data"]!["customData"]! })
        {
            part["added"] = new JsonObject { ["later"] = new JsonArray(1, "two", new JsonObject()) };
        }
        return work;
    }

    static JsonObject OfNewerVersion(JsonObject work)
    {
        foreach (var part in new[] { work, work["data"]!["context"]! })
        {
            part["type"] = ((string)part["type"]!).Replace(".0.1.0", ".0.9.0", StringComparison.Ordinal);
        }
        return work;
    }
}
