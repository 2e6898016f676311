using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Tests.Bridge;

namespace PipelineBridge.Tests.Events;

/// <summary>What a whole bridge journals is as documented, however a request goes.</summary>
public class JournaledEventsTests
{
    [Fact]
    public async Task Whatever_the_bridge_writes_is_as_CloudEvents_CDEvents_and_our_documentation_say()
    {
        Vendor.MustBeThere();
        await using var bridge = await RunningBridge.Start();
        await Builds(bridge);
        await Images(bridge);
        await Deployments(bridge);

        var journaled = bridge.Journal.Read(r => r.EventsAfter(0, 5000)).Events;

        journaled.Select(e => (e.Type, Mistakes: EventSchemas.Mistakes(e.Body))).Where(e => e.Mistakes.Count > 0).Should().BeEmpty();
        var bridges = EventTypes.All.Where(t => t.Role is EventRole.Fact or EventRole.Ask or EventRole.Work || t.ShortName.StartsWith("deployment.", StringComparison.Ordinal))
            .Where(t => t.Role != EventRole.Observation && t.ShortName is not ("service.rolledback" or "deployment.retired")).Select(t => t.Name);
        journaled.Select(e => e.Type).Distinct().Should().Contain(bridges, "every type that is the bridge's to write was written");
    }

    static async Task Builds(RunningBridge bridge)
    {
        foreach (var (state, outcome) in new[] { ("queued", null), ("started", null), ("finished", "failure") })
        {
            var report = new JsonObject
            {
                ["app"] = "portal", ["job"] = "portal", ["number"] = 412, ["url"] = "https://jenkins.internal/job/portal/412/", ["branch"] = "main",
                ["commit"] = "3f1c2a9d0e4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d", ["title"] = "Fix date of birth sort", ["author"] = "author@example.org", ["state"] = state,
            };
            if (outcome is not null)
            {
                report["outcome"] = outcome;
            }
            await bridge.Accepted("/v1/builds", report);
        }
    }

    static async Task Images(RunningBridge bridge)
    {
        await bridge.Until(await bridge.Accepted("/v1/pushes", Ask("image", "registry.internal/portal:412", [new("tags", new JsonArray("latest"))])), "succeeded");
        await bridge.Until(await bridge.Accepted("/v1/tags", Ask("from", "registry.internal/portal:412", [new("tags", new JsonArray("stable"))])), "succeeded");
        bridge.Stages.Push = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Ended(WorkResult.Failed, WorkEffect.None, FailureCategory.Image, "The image is not in the registry.")]);
        var push = await bridge.Accepted("/v1/pushes", Ask("image", "registry.internal/portal:413"));
        var after = await bridge.Accepted("/v1/deployments", Ask("after", (string)push["id"]!, [new("environment", "test"), new("spec", new JsonObject())]));
        await bridge.Until(after, "refused");
    }

    static async Task Deployments(RunningBridge bridge)
    {
        await bridge.Until(await bridge.Deploy(with: Everything), "succeeded");
        await bridge.Until(await bridge.Deploy($"registry.internal/portal:413@sha256:{new string('2', 64)}"), "succeeded");
        await bridge.Until(await bridge.Accepted("/v1/rollbacks", Ask("environment", "prod")), "succeeded");
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([ScriptedStages.Failed(work)]);
        await bridge.Until(await bridge.Deploy("registry.internal/portal:414"), "failed");

        var told = new TaskCompletionSource();
        bridge.Stages.Deploy = async (work, _, stop) =>
        {
            switch (work.Event.Content)
            {
                case DeploymentCancelRequested:
                    told.TrySetResult();
                    return [ScriptedStages.Failed(work, result: WorkResult.Cancelled)];
                case DeploymentRetireRequested:
                    return [work.Done(new ServiceRemoved(new Reference("prod")))];
                case DeploymentRolloutRequested { Image: var image } when image.Contains(":415", StringComparison.Ordinal):
                    await told.Task.WaitAsync(stop);
                    return [ScriptedStages.Failed(work, result: WorkResult.Cancelled)];
                default:
                    return [ScriptedStages.Live(work)];
            }
        };
        var rolling = await bridge.Deploy("registry.internal/portal:415");
        await bridge.Until(rolling, "running");
        using (var cancel = await bridge.Send(HttpMethod.Post, $"/v1/requests/{(string)rolling["id"]!}/cancel", "{}"))
        {
            cancel.IsSuccessStatusCode.Should().BeTrue();
        }
        await bridge.Until(rolling, "cancelled");
        await Held(bridge);
        using var removal = await bridge.Send(HttpMethod.Delete, "/v1/deployments/portal/prod");
        removal.IsSuccessStatusCode.Should().BeTrue();
        await bridge.Until(JsonNode.Parse(await removal.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsObject(), "succeeded");
        await bridge.Until(await bridge.Accepted("/v1/notifications", Ask("target", "team", [new("title", "Nightly report"), new("text", "All is well.")])), "succeeded");
    }

    /// <summary>Under a hold: one that waits is cancelled, the next is overtaken by one after it.</summary>
    static async Task Held(RunningBridge bridge)
    {
        var hold = new JsonObject { ["reason"] = "Release freeze", ["until"] = DateTimeOffset.UtcNow.AddHours(1).ToString("O") };
        using (var held = await bridge.Send(HttpMethod.Put, "/v1/holds/portal/test", hold.ToJsonString()))
        {
            held.IsSuccessStatusCode.Should().BeTrue();
        }
        var cancelled = await bridge.Deploy("registry.internal/portal:416", "test");
        await UntilHeld(bridge, cancelled);
        using (var cancel = await bridge.Send(HttpMethod.Post, $"/v1/requests/{(string)cancelled["id"]!}/cancel", "{}"))
        {
            cancel.IsSuccessStatusCode.Should().BeTrue();
        }
        var older = await bridge.Deploy("registry.internal/portal:417", "test");
        var newer = await bridge.Deploy("registry.internal/portal:418", "test");
        await UntilHeld(bridge, older);
        await UntilHeld(bridge, newer);
        using (var lifted = await bridge.Send(HttpMethod.Delete, "/v1/holds/portal/test"))
        {
            lifted.IsSuccessStatusCode.Should().BeTrue();
        }
        await bridge.Until(cancelled, "cancelled");
        await bridge.Until(older, "superseded");
    }

    static async Task UntilHeld(RunningBridge bridge, JsonObject receipt)
    {
        for (long since = 0, rounds = 0; rounds < 20; rounds++)
        {
            using var response = await bridge.Send(HttpMethod.Get, $"/v1/requests/{(string)receipt["id"]!}?wait=10&since={since}");
            var document = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
            if (((string?)document["waitingFor"])?.StartsWith("the hold", StringComparison.Ordinal) == true)
            {
                return;
            }
            since = (long)document["revision"]!;
        }
        throw new TimeoutException("The deployment did not come to wait for the hold.");
    }

    static JsonObject Ask(string field, string value, params KeyValuePair<string, JsonNode?>[] more)
    {
        var ask = new JsonObject { ["app"] = "portal", [field] = value };
        foreach (var (name, node) in more)
        {
            ask[name] = node;
        }
        return ask;
    }

    static void Everything(JsonObject ask)
    {
        ask["by"] = "author@example.org";
        ask["build"] = new JsonObject { ["url"] = "https://jenkins.internal/job/portal/412/", ["number"] = 412, ["job"] = "portal" };
        ask["replicas"] = 3;
        ask["healthTimeoutSeconds"] = 60;
        ask["onFailure"] = "rollback";
    }
}
