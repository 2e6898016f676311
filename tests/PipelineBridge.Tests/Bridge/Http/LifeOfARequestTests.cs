using System.Net;
using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Bridge.Http;

public class LifeOfARequestTests
{
    [Fact]
    public async Task A_push_and_the_deployment_after_it_by_key_come_to_their_ends()
    {
        await using var bridge = await RunningBridge.Start();

        // The deployment first: the push is not known yet.
        var deployment = await bridge.Accepted("/v1/deployments", new JsonObject { ["app"] = "portal", ["environment"] = "prod", ["after"] = "build-412-push", ["spec"] = new JsonObject() });
        ((string)(await bridge.Request(deployment))["waitingFor"]!).Should().Contain("build-412-push");

        var push = await bridge.Accepted("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = "registry.internal/portal:412", ["tags"] = new JsonArray("latest") }, "build-412-push");

        ((string)push["id"]!).Should().StartWith("p-");
        await bridge.Until(push, "succeeded");
        var end = await bridge.Until(deployment, "succeeded");
        ((string)end["image"]!).Should().EndWith(ScriptedStages.Digest);
        bridge.Stages.Of<ImageResolveRequested>().Should().BeEmpty("the push told the digest");
    }

    [Fact]
    public async Task A_deployment_after_a_failed_push_is_refused_with_its_cause()
    {
        await using var bridge = await RunningBridge.Start();
        bridge.Stages.Push = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Ended(WorkResult.Failed, WorkEffect.None, FailureCategory.Image, "The image is not in the registry.")]);

        var push = await bridge.Accepted("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = "registry.internal/portal:412" });
        var deployment = await bridge.Accepted("/v1/deployments", new JsonObject { ["app"] = "portal", ["environment"] = "prod", ["after"] = (string)push["id"]!, ["spec"] = new JsonObject() });

        await bridge.Until(push, "failed");
        var end = await bridge.Until(deployment, "refused");
        ((string)end["cause"]!).Should().Contain("not in the registry");
        bridge.Stages.Of<DeploymentRolloutRequested>().Should().BeEmpty();
    }

    [Fact]
    public async Task A_bridge_that_is_stopped_in_the_middle_goes_on_with_the_same_work()
    {
        await using var bridge = await RunningBridge.Start();
        var begun = new TaskCompletionSource();
        bridge.Stages.Deploy = async (_, _, c) =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, c);
            return [];
        };
        var receipt = await bridge.Deploy();
        await begun.Task.WaitAsync(Patience.Bound, TestContext.Current.CancellationToken);

        await bridge.Stop();
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([ScriptedStages.Live(work)]);
        await bridge.StartAgain();

        await bridge.Until(receipt, "succeeded");
        var given = bridge.Stages.Of<DeploymentRolloutRequested>();
        given.Should().HaveCount(2);
        given.Select(w => w.Id).Distinct().Should().ContainSingle();
        given[1].Attempts.Should().Be(2);
        bridge.Journaled<DeploymentSucceeded>().Should().ContainSingle();
    }

    [Fact]
    public async Task A_rolling_deployment_is_cancelled_by_its_stage_and_answered_at_once()
    {
        await using var bridge = await RunningBridge.Start();
        var cancelled = new TaskCompletionSource();
        bridge.Stages.Deploy = async (work, client, c) =>
        {
            if (work.Event.Content is DeploymentCancelRequested)
            {
                cancelled.SetResult();
                return [work.Ended(WorkResult.Cancelled, WorkEffect.TakenBack, FailureCategory.Cluster, "It was stopped.")];
            }
            await cancelled.Task.WaitAsync(c);
            (await client.Standing(work.Id, c)).State.Should().Be("cancelled");
            return [ScriptedStages.Failed(work, WorkEffect.TakenBack, WorkResult.Cancelled)];
        };
        var receipt = await bridge.Deploy();
        await bridge.Until(receipt, "running");

        using var response = await bridge.Send(HttpMethod.Post, $"/v1/requests/{receipt["id"]}/cancel", """{"by":"ann"}""", "cancel-1");

        response.StatusCode.Should().Be(HttpStatusCode.Accepted);
        var end = await bridge.Until(receipt, "cancelled");
        ((string)end["cause"]!).Should().Contain("ann");

        using var repeated = await bridge.Send(HttpMethod.Post, $"/v1/requests/{receipt["id"]}/cancel", """{"by":"ann"}""", "cancel-1");
        repeated.StatusCode.Should().Be(HttpStatusCode.Accepted, "the same key joins the first");
    }

    [Fact]
    public async Task A_push_whose_registry_is_away_says_when_it_ends_by_itself_when_somebody_cancels_it()
    {
        await using var bridge = await RunningBridge.Start();
        bridge.Stages.Push = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Deferred(DateTimeOffset.UtcNow.AddMinutes(1), FailureCategory.Registry, "The registry registry.internal cannot be reached.")]);
        var push = await bridge.Accepted("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = "registry.internal/portal:412" });
        await Cluster.ClusterScene.Until(async () => (await bridge.Request(push))["waitingFor"] is not null, "the push to be deferred");

        using var cancel = await bridge.Send(HttpMethod.Post, $"/v1/requests/{push["id"]}/cancel");

        cancel.StatusCode.Should().Be(HttpStatusCode.Conflict);
        var end = ((DateTimeOffset)(await bridge.Request(push))["releasedAt"]!).AddSeconds(bridge.Options.WorkSeconds).UtcDateTime;
        var text = (string)JsonNode.Parse(await cancel.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["detail"]!;
        text.Should().Contain($"it ends as failed by itself at about {end:yyyy-MM-dd HH:mm:ss} UTC (limits.workSeconds). What it waits for: The registry registry.internal cannot be reached.").And.NotContain("tag");
    }

    [Fact]
    public async Task What_is_live_cannot_be_cancelled_and_a_push_neither()
    {
        await using var bridge = await RunningBridge.Start();
        var deployment = await bridge.Deploy();
        await bridge.Until(deployment, "succeeded");
        var push = await bridge.Accepted("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = "registry.internal/portal:412" });

        using var late = await bridge.Send(HttpMethod.Post, $"/v1/requests/{deployment["id"]}/cancel");
        using var other = await bridge.Send(HttpMethod.Post, $"/v1/requests/{push["id"]}/cancel");

        late.StatusCode.Should().Be(HttpStatusCode.Conflict);
        (await late.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain("POST /v1/rollbacks");
        other.StatusCode.Should().Be(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_hold_lets_wait_and_lifts_by_itself()
    {
        var clock = new ShiftedTime(TimeSpan.Zero);
        await using var bridge = await RunningBridge.Start(clock: clock);
        using var hold = await bridge.Send(HttpMethod.Put, "/v1/holds/portal/prod", $$"""{"reason":"freeze","until":"{{DateTimeOffset.UtcNow.AddMinutes(10):O}}"}""");
        hold.StatusCode.Should().Be(HttpStatusCode.Accepted);

        var receipt = await bridge.Deploy();
        var waiting = await bridge.Until(receipt, "waiting");
        while (!((string?)waiting["waitingFor"] ?? "").Contains("freeze", StringComparison.Ordinal))
        {
            waiting = await bridge.Request(receipt);
            ((string)waiting["state"]!).Should().Be("waiting");
        }
        clock.Move(TimeSpan.FromMinutes(10));

        await bridge.Until(receipt, "succeeded");
        bridge.Journaled<DeploymentHoldLifted>().Should().ContainSingle().Which.Read<DeploymentHoldLifted>().Reason.Should().Be("expired");
    }

    [Fact]
    public async Task A_rollback_without_argument_goes_to_what_served_before_and_one_without_any_is_refused()
    {
        await using var bridge = await RunningBridge.Start();
        using var none = await bridge.Post("/v1/rollbacks", new JsonObject { ["app"] = "portal", ["environment"] = "prod" });
        none.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);

        await bridge.Until(await bridge.Deploy("registry.internal/portal:411@sha256:" + new string('a', 64)), "succeeded");
        await bridge.Until(await bridge.Deploy("registry.internal/portal:412@sha256:" + new string('b', 64)), "succeeded");

        var rollback = await bridge.Accepted("/v1/rollbacks", new JsonObject { ["app"] = "portal", ["environment"] = "prod" });

        var end = await bridge.Until(rollback, "succeeded");
        ((string)end["image"]!).Should().StartWith("registry.internal/portal:411@sha256:aaaa");
        bridge.Stages.Of<DeploymentRolloutRequested>()[^1].Content<DeploymentRolloutRequested>().Rollback.Should().BeTrue();
    }

    [Fact]
    public async Task A_removal_of_what_was_never_deployed_is_404()
    {
        await using var bridge = await RunningBridge.Start();

        using var response = await bridge.Send(HttpMethod.Delete, "/v1/deployments/portal/prod");

        response.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Work_whose_handler_throws_each_time_ends_failed_and_is_a_dead_letter_that_can_be_asked_again()
    {
        await using var bridge = await RunningBridge.Start();
        bridge.Stages.Push = (_, _, _) => throw new InvalidOperationException("a bug");
        var push = await bridge.Accepted("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = "registry.internal/portal:412" });

        var end = await bridge.Until(push, "failed");
        ((string)end["category"]!).Should().Be("internal");
        bridge.Stages.Of<ImagePushRequested>().Should().HaveCount(bridge.Options.Attempts);

        bridge.Stages.Push = new ScriptedStages().Push;
        using var list = await bridge.Send(HttpMethod.Get, "/v1/deadletters");
        var letter = JsonNode.Parse(await list.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["deadLetters"]!.AsArray().Should().ContainSingle().Subject!;
        letter["reason"]!.ToString().Should().Contain("a bug");

        using var replay = await bridge.Send(HttpMethod.Post, $"/v1/deadletters/{letter["id"]}/replay");
        var receipt = JsonNode.Parse(await replay.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsObject();
        replay.StatusCode.Should().Be(HttpStatusCode.Accepted, receipt.ToJsonString());
        await bridge.Until(receipt, "succeeded");

        using var again = await bridge.Send(HttpMethod.Post, $"/v1/deadletters/{letter["id"]}/replay");
        again.StatusCode.Should().Be(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_second_and_different_end_is_kept_beside_the_first_and_never_told()
    {
        await using var bridge = await RunningBridge.Start();
        var receipt = await bridge.Deploy();
        await bridge.Until(receipt, "succeeded");
        // It is told after its end, and after the word that was out.
        await Work.BrokerScene.Until(() => bridge.Journaled<NotificationRequested>().Any(e => e.Read<NotificationRequested>().Mood == NotificationMood.Good), "its good end is told");
        var told = bridge.Journaled<NotificationRequested>().Count;
        var rollout = bridge.Stages.Of<DeploymentRolloutRequested>().Single();

        var late = ScriptedStages.Failed(rollout);
        await bridge.Journal.Write(tx => new PipelineBridge.Bridge.Deliveries.Deciders(bridge.Options).Happened(tx, late, born: false), TestContext.Current.CancellationToken);
        await bridge.Journal.Write(tx => new PipelineBridge.Bridge.Deliveries.Deciders(bridge.Options).Happened(tx, late, born: false), TestContext.Current.CancellationToken);

        ((string)(await bridge.Request(receipt))["state"]!).Should().Be("succeeded");
        bridge.Journaled<WorkEnded>().Should().ContainSingle().Which.Id.Should().NotBe(late.Id);
        bridge.Journaled<DeploymentFailed>().Should().BeEmpty();
        bridge.Journaled<NotificationRequested>().Should().HaveCount(told);
    }

    [Fact]
    public async Task A_chat_that_throws_fails_no_deployment()
    {
        await using var bridge = await RunningBridge.Start();
        bridge.Stages.Notify = (_, _, _) => throw new InvalidOperationException("chat is down");

        await bridge.Until(await bridge.Deploy(), "succeeded");
    }

    [Fact]
    public async Task A_request_is_found_by_a_prefix_of_four_characters()
    {
        await using var bridge = await RunningBridge.Start();
        var receipt = await bridge.Deploy();

        using var found = await bridge.Send(HttpMethod.Get, $"/v1/requests/{((string)receipt["id"]!)[..6]}");
        using var unknown = await bridge.Send(HttpMethod.Get, "/v1/requests/d-0000");
        using var nonsense = await bridge.Send(HttpMethod.Get, "/v1/requests/nonsense");

        JsonNode.Parse(await found.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["id"]!.ToString().Should().Be((string)receipt["id"]!);
        unknown.StatusCode.Should().Be(HttpStatusCode.NotFound);
        nonsense.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_failed_build_is_told_and_a_good_one_is_not()
    {
        await using var bridge = await RunningBridge.Start(o => o with { Apps = new Dictionary<string, PipelineBridge.Bridge.AppOptions> { ["portal"] = new() { Notify = ["team"] } } });
        JsonObject Build(int number, string outcome) => new()
        {
            ["app"] = "portal",
            ["job"] = "portal/main",
            ["number"] = number,
            ["url"] = $"https://jenkins.internal/job/portal/{number}/",
            ["commit"] = "3f1c2a9",
            ["state"] = "finished",
            ["outcome"] = outcome,
            ["author"] = "ann@example.org",
        };

        await bridge.Accepted("/v1/builds", Build(1, "success"));
        await bridge.Accepted("/v1/builds", Build(2, "failure"));

        var told = bridge.Journaled<NotificationRequested>().Should().ContainSingle().Subject.Read<NotificationRequested>();
        told.Title.Should().Be("portal build 2");
        told.Reply!.Mention.Should().Be("ann@example.org");
        using var timeline = await bridge.Send(HttpMethod.Get, "/v1/timeline?commit=3f1c2a9");
        JsonNode.Parse(await timeline.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["chains"]!.AsArray().Should().HaveCount(2);
    }
}
