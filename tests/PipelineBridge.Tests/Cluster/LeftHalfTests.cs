using PipelineBridge.Events;
using PipelineBridge.Simulators.Marathon;

namespace PipelineBridge.Tests.Cluster;

/// <summary>A rollout that was superseded leaves its half to the newer one; where that writes nothing, it goes back.</summary>
public class LeftHalfTests
{
    const string NotAccepted = ",\"uris\":[\"a\"],\"fetch\":[{\"uri\":\"b\"}]";

    [Fact]
    public async Task A_newer_one_that_the_cluster_refuses_takes_back_what_the_older_had_begun()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        var older = await Half(scene, 2, previous: 1);

        var newer = await scene.Do(scene.Rollout(3, ClusterScene.Specification(more: NotAccepted), previous: 1, previousSpecification: ClusterScene.Specification(), supersedes: 2));

        (await older).ShouldHaveEnded(WorkResult.Superseded, WorkEffect.Made, FailureCategory.Cluster);
        newer.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Configuration);
        newer.Events[0].Content.Should().BeOfType<ServiceRolledBack>();
        newer.EvidenceOf("last answer").Should().StartWith("422 ");
        newer.Custom.Cause.Should().Contain("does not accept").And.Contain("not left half");
        newer.Bridge.TakenBack.Should().ContainSingle();
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(1));
    }

    [Fact]
    public async Task A_newer_one_that_is_cancelled_before_its_write_does_so_too()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        var older = await Half(scene, 2, previous: 1);

        var newer = await scene.Do(scene.Rollout(3, previous: 1, supersedes: 2).Stands("cancelled"));

        await older;
        newer.ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.TakenBack, FailureCategory.Cluster);
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(1));
    }

    [Fact]
    public async Task Where_nothing_served_before_it_goes_to_nothing()
    {
        await using var scene = await ClusterScene.Start();
        var older = await Half(scene, 1);

        var newer = await scene.Do(scene.Rollout(2, ClusterScene.Specification(more: NotAccepted), supersedes: 1));

        newer.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Configuration);
        (await scene.App()).Should().BeNull();
        (await older).ShouldHaveEnded(WorkResult.Superseded, WorkEffect.Made, FailureCategory.Cluster);
    }

    [Fact]
    public async Task What_the_older_one_had_left_whole_is_not_touched()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        var writes = scene.Writes.Count;

        var newer = await scene.Do(scene.Rollout(3, ClusterScene.Specification(more: NotAccepted), previous: 1, previousSpecification: ClusterScene.Specification(), supersedes: 2));

        newer.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
        newer.Bridge.TakenBack.Should().BeEmpty();
        scene.Writes.Should().HaveCount(writes + 1, "the refused write alone");
    }

    /// <summary>Begins a rollout that never becomes healthy, and returns once it is written.</summary>
    static async Task<Task<Outcome>> Half(ClusterScene scene, int version, int? previous = null)
    {
        var writes = scene.Writes.Count;
        scene.Marathon.Script(new TaskBehavior { Image = ClusterScene.Digest(version), NeverHealthy = true });
        var rolling = scene.Do(scene.Rollout(version, previous: previous, seconds: 300));
        await ClusterScene.Until(() => scene.Writes.Count > writes, "the write");
        return rolling;
    }
}
