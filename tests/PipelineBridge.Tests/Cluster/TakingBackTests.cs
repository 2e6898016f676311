using PipelineBridge.Events;
using PipelineBridge.Simulators.Marathon;

namespace PipelineBridge.Tests.Cluster;

public class TakingBackTests
{
    [Fact]
    public async Task A_first_deployment_that_never_becomes_healthy_goes_to_nothing()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { NeverHealthy = true, ProbeAnswer = "503 migrations pending" });
        var work = scene.Rollout(1, seconds: 100);
        var writesWhenJournaled = -1;
        work.Bridge.OnTakingBack = () => writesWhenJournaled = scene.Writes.Count;

        var outcome = await scene.Do(work);

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        outcome.Events.Should().ContainSingle("nothing served before that could be served again");
        outcome.Custom.Cause.Should().Be("0 of 2 new tasks passed GET /health in 100 s.");
        outcome.EvidenceOf("last answer").Should().Contain("503 migrations pending");
        outcome.Custom.Evidence.Should().ContainSingle(e => e.Name == "last answer");
        (await scene.App()).Should().BeNull();
        writesWhenJournaled.Should().Be(1, "taking back is journaled before it is done");
        outcome.Bridge.TakenBack.Should().Equal(work.Item.Id);
        outcome.Progress.Should().Contain(p => p.Phase == "takingback");
    }

    [Fact]
    public async Task An_upgrade_that_never_becomes_healthy_is_reverted_and_at_no_time_fewer_serve()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        scene.Marathon.Script(new TaskBehavior { Image = ClusterScene.Digest(2), NeverHealthy = true });

        var rollout = scene.Do(scene.Rollout(2, previous: 1, seconds: 15));
        var fewest = int.MaxValue;
        while (!rollout.IsCompleted)
        {
            fewest = Math.Min(fewest, (await scene.App())!["tasksHealthy"]!.GetValue<int>());
        }
        var outcome = await rollout;

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        fewest.Should().Be(2, "only the old ones can be healthy here");
        outcome.Custom.Image.Should().Be(ClusterScene.Pinned(1), "that runs now");
        outcome.Events[0].Content.Should().Be(new ServiceRolledBack(new Reference("prod"), ImageReference.Parse(ClusterScene.Image(1)).Purl));
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(1));
        (await scene.App())!["tasksHealthy"]!.GetValue<int>().Should().Be(2);
        scene.Writes.Should().HaveCount(3).And.Subject.Last().Should().StartWith("DELETE /v2/deployments/");
    }

    [Fact]
    public async Task A_rollout_that_is_to_be_kept_stays_as_it_stands()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        scene.Marathon.Script(new TaskBehavior { Image = ClusterScene.Digest(2), NeverHealthy = true });

        var outcome = await scene.Do(scene.Rollout(2, previous: 1, seconds: 10, onFailure: OnFailure.Keep));

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.Made, FailureCategory.Health);
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(2));
        outcome.Bridge.TakenBack.Should().BeEmpty();
        scene.Writes.Should().HaveCount(2);
    }

    [Fact]
    public async Task Tasks_that_crash_are_explained_with_their_exit_code()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { CrashAfterMilliseconds = 100, CrashMessage = "Container exited with status 78" });

        var outcome = await scene.Do(scene.Rollout(1, seconds: 15));

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        outcome.Custom.Cause.Should().Contain("exit code 78").And.NotContain("Container exited");
        outcome.EvidenceOf("last failure").Should().Contain("Container exited with status 78");
    }

    [Fact]
    public async Task An_image_that_cannot_be_pulled_is_the_images_fault()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { PullFailure = "Failed to launch container: Failed to pull image: manifest unknown" });

        var outcome = await scene.Do(scene.Rollout(1, seconds: 10));

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Image);
        outcome.EvidenceOf("last failure").Should().Contain("manifest unknown");
    }

    [Fact]
    public async Task No_room_is_told_with_what_is_missing()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { NoOffers = ["InsufficientMemory"] });

        var outcome = await scene.Do(scene.Rollout(1, seconds: 10));

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Resources);
        outcome.Custom.Cause.Should().Contain("2 of 2 tasks found no host").And.Contain("64 MiB of memory");
        outcome.EvidenceOf("offers").Should().Contain("InsufficientMemory");
    }

    [Fact]
    public async Task A_failure_of_an_earlier_version_explains_nothing()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { Times = 1, CrashAfterMilliseconds = 50, CrashMessage = "Container exited with status 9" });
        await scene.Deployed(1);
        scene.Marathon.Script(new TaskBehavior { Image = ClusterScene.Digest(2), NeverHealthy = true });

        var outcome = await scene.Do(scene.Rollout(2, previous: 1, seconds: 10));

        outcome.Custom.Cause.Should().StartWith("0 of 2 new tasks passed GET /health");
        outcome.EvidenceOf("last failure").Should().BeNull();
    }

    [Fact]
    public async Task After_one_that_was_superseded_on_its_way_it_goes_back_to_what_served_before_both()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        scene.Marathon.Script(new TaskBehavior { Image = ClusterScene.Digest(2), NeverHealthy = true });
        scene.Marathon.Script(new TaskBehavior { Image = ClusterScene.Digest(3), NeverHealthy = true });
        var second = scene.Rollout(2, previous: 1);
        var older = scene.Do(second);
        await ClusterScene.Until(() => scene.Writes.Count == 2, "the second write");

        var outcome = await scene.Do(scene.Rollout(3, previous: 1, seconds: 15));

        (await older).ShouldHaveEnded(WorkResult.Superseded, WorkEffect.Made, FailureCategory.Cluster);
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        scene.Writes.Should().NotContain(w => w.StartsWith("DELETE", StringComparison.Ordinal), "the revert would bring back the superseded one");
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(1));
    }

    [Fact]
    public async Task An_app_that_was_there_before_us_comes_back_when_our_first_deployment_of_it_fails()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.ChangeApp(ClusterScene.Id, System.Text.Json.Nodes.JsonNode.Parse("""{"cmd":"old","container":{"type":"DOCKER","docker":{"image":"registry.internal/portal:old"}}}""")!.AsObject());
        await ClusterScene.Until(async () => (await scene.App())!["tasksRunning"]!.GetValue<int>() == 1, "the app of before");
        scene.Marathon.Script(new TaskBehavior { Image = ClusterScene.Digest(1), NeverHealthy = true });

        var outcome = await scene.Do(scene.Rollout(1, seconds: 10));

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        (await scene.RunningImage()).Should().Be("registry.internal/portal:old");
    }

    [Fact]
    public async Task A_revert_that_does_not_reach_the_cluster_is_made_again_at_once()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        scene.Marathon.Script(new TaskBehavior { Image = ClusterScene.Digest(2), NeverHealthy = true });
        scene.Marathon.Faults.Add(new PipelineBridge.Simulators.Fault { PathPrefix = "/v2/deployments", Method = "DELETE", DropConnection = true });

        var outcome = await scene.Do(scene.Rollout(2, previous: 1, seconds: 10));

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        outcome.Progress.Should().Contain(p => p.Phase == "takingback" && p.Waiting != null);
    }
}
