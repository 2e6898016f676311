using System.Net;
using System.Text.Json.Nodes;
using PipelineBridge.Journeys.Site;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Tests.Broker;

namespace PipelineBridge.Journeys.OverTheBroker;

/// <summary>Each way that a delivery can go, with bridge and stages as processes of their own.</summary>
[Collection(SharedBroker.Name), Trait("Needs", "service")]
public sealed class DeliveryJourneys(RabbitMqServer broker)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_is_pushed_rolled_out_and_told_and_then_each_way_that_another_can_end()
    {
        await using var site = await BrokerSite.Start(broker);

        // It works.
        var push = await site.Push("1");
        var deployment = await site.Deploy("1", after: (string)push["id"]!);
        (await site.End(push)).Should().Be("succeeded", site.ToString());
        (await site.End(deployment)).Should().Be("succeeded", site.ToString());
        await site.Told("live 1");
        site.Writes.Should().Be(1);
        site.Slack.Messages("deploys").Should().ContainSingle();
        (await site.Story(deployment)).Should().Contain(["deployment.requested", "deployment.rolloutrequested", "deployment.started", "service.deployed", "deployment.succeeded", "notification.delivered"]);

        // The push fails: its image is not there.
        var absent = await site.Accepted("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = $"{site.Registry.Host}/portal:none", ["source"] = "registry" }, "none-push");
        var waiting = await site.Deploy("none", after: (string)absent["id"]!);
        (await site.End(absent)).Should().Be("failed");
        var refused = await site.EndDocument(waiting);
        ((string)refused["state"]!).Should().Be("refused");
        ((string)refused["cause"]!).Should().NotBeNullOrEmpty();

        // It does not become healthy, and is taken back.
        (await site.End(await site.Push("2"))).Should().Be("succeeded");
        site.Marathon.Script(new TaskBehavior { App = "/prod/portal", Image = SampleImage.Of("2").Digest, CrashAfterMilliseconds = 300, CrashMessage = "Container exited with status 3" });
        var sick = await site.EndDocument(await site.Deploy("2", healthTimeoutSeconds: 3));
        ((string)sick["state"]!).Should().Be("failed", site.ToString());
        ((string)sick["effect"]!).Should().Be("takenback");
        ((string)sick["category"]!).Should().Be("health", sick.ToString());
        (sick["evidence"]?.AsArray()).Should().NotBeNullOrEmpty($"what was seen is kept by the bridge, put there by the stage over HTTP: {sick}\n{site}");
        await site.Told("failed 2");
        site.Marathon.ClearScript(null);

        // A newer one overtakes it.
        (await site.End(await site.Push("3"))).Should().Be("succeeded");
        (await site.End(await site.Push("4"))).Should().Be("succeeded");
        site.Marathon.Script(new TaskBehavior { App = "/prod/portal", HealthyAfterMilliseconds = 4000, Times = 2 });
        var older = await site.Deploy("3");
        await site.Until(older, d => (string)d["state"]! == "running");
        var newer = await site.Deploy("4");
        (await site.End(older)).Should().Be("superseded", site.ToString());
        (await site.End(newer)).Should().Be("succeeded", site.ToString());
        site.Marathon.ClearScript(null);

        // Somebody takes it back in the middle.
        (await site.End(await site.Push("5"))).Should().Be("succeeded");
        site.Marathon.Script(new TaskBehavior { App = "/prod/portal", HealthyAfterMilliseconds = 30_000, Times = 2 });
        // The one that was overtaken may have been so before it was written.
        var before = site.Writes;
        var cancelled = await site.Deploy("5");
        await site.Until(cancelled, d => (string)d["state"]! == "running" && site.Writes > before);
        using (var cancel = await site.Http.PostAsync($"/v1/requests/{(string)cancelled["id"]!}/cancel", null, Stop))
        {
            cancel.StatusCode.Should().Be(HttpStatusCode.Accepted);
        }
        (await site.End(cancelled)).Should().Be("cancelled", site.ToString());
        site.Marathon.ClearScript(null);

        // It is held, and released.
        (await site.End(await site.Push("6"))).Should().Be("succeeded");
        await site.Accepted("/v1/holds/portal/prod", new JsonObject { ["reason"] = "an audit", ["until"] = DateTimeOffset.UtcNow.AddHours(1).ToString("O") }, "hold", HttpMethod.Put);
        var held = await site.Deploy("6");
        await site.Until(held, d => (string)d["state"]! == "waiting" && d["waitingFor"]?.ToString().Contains("an audit", StringComparison.Ordinal) == true);
        await site.Accepted("/v1/holds/portal/prod", [], "lift", HttpMethod.Delete);
        (await site.End(held)).Should().Be("succeeded", site.ToString());
        await site.Told("live 6");
    }
}
