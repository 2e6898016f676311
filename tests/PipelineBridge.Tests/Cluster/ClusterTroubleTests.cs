using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Marathon;

namespace PipelineBridge.Tests.Cluster;

public class ClusterTroubleTests
{
    [Fact]
    public async Task A_foreign_lock_is_told_with_whose_and_since_when_and_waited_for()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        var lockedBy = scene.Marathon.LockApp(ClusterScene.Id, TimeSpan.FromSeconds(20));

        var outcome = await scene.Do(scene.Rollout(2, previous: 1));

        outcome.End.Content.Should().BeOfType<ServiceUpgraded>(outcome.ToString());
        outcome.Progress.Should().Contain(p => p.Waiting != null && p.Waiting.Contains(lockedBy, StringComparison.Ordinal) && p.Waiting.Contains(" since ", StringComparison.Ordinal));
        scene.Writes.Should().NotContain(w => w.Contains("force=true", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_foreign_lock_that_outlasts_its_bound_refuses_and_nothing_is_changed()
    {
        await using var scene = await ClusterScene.Start(times: 60);
        await scene.Deployed(1);
        scene.Marathon.LockApp(ClusterScene.Id);
        var began = scene.Time.GetUtcNow();

        var outcome = await scene.Do(scene.Rollout(2, previous: 1));

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Cluster);
        outcome.Custom.Cause.Should().Contain("locked").And.Contain("5 minutes");
        (scene.Time.GetUtcNow() - began).Should().BeGreaterThan(TimeSpan.FromMinutes(4));
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(1));
        scene.Writes.Should().NotContain(w => w.Contains("force=true", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Somebody_who_scales_our_app_is_not_forced_away()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        scene.Marathon.Script(new TaskBehavior { NoOffers = ["InsufficientMemory"] });
        scene.Marathon.ChangeApp(ClusterScene.Id, new JsonObject { ["instances"] = 4 });
        var rollout = scene.Rollout(2, previous: 1);
        var rolling = scene.Do(rollout, scene.NewHandler());
        await ClusterScene.Until(() => rollout.Bridge.Told.Any(e => e.Content is DeploymentProgressed { Waiting: not null }), "the wait");
        scene.Marathon.ClearScript();

        (await rolling).End.Content.Should().BeOfType<ServiceUpgraded>();
        scene.Writes.Should().NotContain(w => w.Contains("force=true", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_short_outage_is_sat_out()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Faults.Add(new Fault { PathPrefix = "/v2/apps", DropConnection = true, Times = 3 });

        (await scene.Do(scene.Rollout(1))).End.Content.Should().BeOfType<ServiceDeployed>();
    }

    [Fact]
    public async Task A_longer_one_is_sat_out_for_most_of_a_minute_and_then_defers_the_work_for_another()
    {
        await using var scene = await ClusterScene.Start(times: 30);
        scene.Marathon.Faults.Add(new Fault { PathPrefix = "/", Status = 502, Times = 100_000 });
        var began = scene.Time.GetUtcNow();

        var outcome = await scene.Do(scene.Rollout(1));

        outcome.End.Content.Should().BeOfType<WorkDeferred>().Which.Until.Should().BeAfter(began.AddSeconds(50 + 60));
        outcome.Custom.Category.Should().Be(FailureCategory.Cluster);
        outcome.Custom.Cause.Should().Contain("no leader");
        (scene.Time.GetUtcNow() - began).Should().BeGreaterThan(TimeSpan.FromSeconds(50));
    }

    [Fact]
    public async Task An_outage_in_the_middle_of_a_rollout_is_told_and_the_rollout_goes_on_after()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { HealthyAfterMilliseconds = 20_000 });
        var rollout = scene.Rollout(1, seconds: 120);
        var rolling = scene.Do(rollout);
        await ClusterScene.Until(() => rollout.Bridge.Told.Any(e => e.Content is DeploymentProgressed { Tasks.Count: > 0 }), "tasks");
        scene.Marathon.Faults.Add(new Fault { PathPrefix = "/v2/apps", Status = 503, Times = 3 });

        var outcome = await rolling;

        outcome.End.Content.Should().BeOfType<ServiceDeployed>(outcome.ToString());
        outcome.Progress.Should().Contain(p => p.Waiting != null && p.Waiting.Contains("503", StringComparison.Ordinal));
        scene.Writes.Should().ContainSingle();
    }

    [Fact]
    public async Task Wrong_credentials_refuse_and_no_secret_is_told()
    {
        var user = new MarathonUser("bridge", "right-secret");
        await using var scene = await ClusterScene.Start(user: user);

        var outcome = await scene.Do(scene.Rollout(1), scene.NewHandler(password: "wrong-secret"));

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
        outcome.Custom.Cause.Should().Contain("credentials");
        (outcome + string.Join(' ', outcome.Bridge.EvidencePut)).Should().NotContain("secret");

        (await scene.Do(scene.Rollout(2), scene.NewHandler())).End.Content.Should().BeOfType<ServiceDeployed>();
    }

    [Fact]
    public async Task What_Marathon_does_not_accept_is_refused_with_its_words_as_evidence()
    {
        await using var scene = await ClusterScene.Start();

        var outcome = await scene.Do(scene.Rollout(1, ClusterScene.Specification(more: ",\"uris\":[\"a\"],\"fetch\":[{\"uri\":\"b\"}]")));

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
        outcome.EvidenceOf("last answer").Should().StartWith("422 ");
    }

    [Fact]
    public async Task Both_forms_of_an_error_body_are_read()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Faults.Add(new Fault { PathPrefix = "/v2/apps", Method = "PUT", Status = 400, Body = """{"message":"Invalid JSON","details":"Unexpected character"}""" });

        var outcome = await scene.Do(scene.Rollout(1));

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
        outcome.EvidenceOf("last answer").Should().Be("400 Invalid JSON\nUnexpected character");
    }

    [Fact]
    public async Task Somebody_elses_change_in_the_middle_is_the_cause_and_is_left_alone()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { NeverHealthy = true });
        var rollout = scene.Rollout(1, seconds: 300);
        var rolling = scene.Do(rollout);
        await ClusterScene.Until(() => rollout.Bridge.Told.Any(e => e.Content is DeploymentProgressed { Tasks.Count: > 0 }), "tasks");

        scene.Marathon.ChangeApp(ClusterScene.Id, new JsonObject { ["env"] = new JsonObject { ["BY"] = "hand" } });

        var outcome = await rolling;
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.Unknown, FailureCategory.Cluster);
        outcome.Custom.Cause.Should().Contain("Somebody else changed");
        (await scene.App())!["env"]!["BY"]!.GetValue<string>().Should().Be("hand");
    }

    [Fact]
    public async Task Somebody_elses_removal_in_the_middle_is_the_cause()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { NeverHealthy = true });
        var rollout = scene.Rollout(1, seconds: 300);
        var rolling = scene.Do(rollout);
        await ClusterScene.Until(() => rollout.Bridge.Told.Any(e => e.Content is DeploymentProgressed { Tasks.Count: > 0 }), "tasks");

        using var http = new HttpClient();
        await http.DeleteAsync(new Uri(scene.Marathon.Url, $"v2/apps{ClusterScene.Id}"), TestContext.Current.CancellationToken);

        var outcome = await rolling;
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.Unknown, FailureCategory.Cluster);
        outcome.Custom.Cause.Should().Contain("removed");
    }

    [Fact]
    public async Task A_taking_back_that_does_not_come_to_its_end_is_told_as_unknown()
    {
        await using var scene = await ClusterScene.Start(times: 30);
        await scene.Deployed(1);
        scene.Marathon.Script(new TaskBehavior { NeverHealthy = true });

        var outcome = await scene.Do(scene.Rollout(2, previous: 1, seconds: 10));

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.Unknown, FailureCategory.Health);
        outcome.Custom.Cause.Should().Contain("could not be taken back within 60 seconds");
        outcome.Events.Should().ContainSingle("nothing was rolled back that could be told");
    }

    [Fact]
    public async Task Through_a_follower_the_rollout_works_and_events_come_from_the_leader()
    {
        await using var scene = await ClusterScene.Start(o => o with { Nodes = 2 });
        var follower = scene.Marathon.Nodes.Single(n => n != scene.Marathon.Leader);
        scene.Marathon.Script(new TaskBehavior { HealthyAfterMilliseconds = 8_000 });

        var rolling = scene.Do(scene.Rollout(1), scene.NewHandler(follower));

        await ClusterScene.Until(() => scene.Marathon.EventStreams == 1, "an event stream at the leader");
        (await rolling).End.Content.Should().BeOfType<ServiceDeployed>();
    }

    [Fact]
    public async Task Without_an_event_stream_and_with_one_that_lies_the_poll_is_enough()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Faults.Add(new Fault { PathPrefix = "/v2/events", Status = 500, Times = 1000 });
        (await scene.Do(scene.Rollout(1))).End.Content.Should().BeOfType<ServiceDeployed>();
        scene.Marathon.Faults.Clear();
        scene.Marathon.SwapEvents(20);
        scene.Marathon.DoubleEvents(20);

        (await scene.Do(scene.Rollout(2, previous: 1))).End.Content.Should().BeOfType<ServiceUpgraded>();
    }
}
