using PipelineBridge.Events;
using PipelineBridge.Simulators.Marathon;

namespace PipelineBridge.Tests.Cluster;

public class RemovalTests
{
    [Fact]
    public async Task It_removes_the_app_and_ends_when_it_is_gone()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);

        var outcome = await scene.Do(scene.Removal(2));

        outcome.End.Content.Should().Be(new ServiceRemoved(new Reference("prod")), outcome.ToString());
        (await scene.App()).Should().BeNull();
        outcome.Progress.Should().OnlyContain(p => p.Phase == "removing");
    }

    [Fact]
    public async Task What_is_not_there_is_removed_already()
    {
        await using var scene = await ClusterScene.Start();

        (await scene.Do(scene.Removal(1))).End.Content.Should().BeOfType<ServiceRemoved>();

        scene.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task It_stops_a_rollout_on_its_way()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { NeverHealthy = true });
        var older = scene.Do(scene.Rollout(1, seconds: 300));
        await ClusterScene.Until(() => scene.Writes.Count == 1, "the write");

        (await scene.Do(scene.Removal(2))).End.Content.Should().BeOfType<ServiceRemoved>();

        (await older).ShouldHaveEnded(WorkResult.Superseded, WorkEffect.Made, FailureCategory.Cluster);
        (await scene.App()).Should().BeNull();
    }

    [Fact]
    public async Task An_older_removal_never_takes_away_a_newer_deployment()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(5);

        (await scene.Do(scene.Removal(4), scene.NewHandler())).ShouldHaveEnded(WorkResult.Superseded, WorkEffect.None, FailureCategory.Cluster);

        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(5));
    }

    [Fact]
    public async Task A_foreign_lock_is_waited_for()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        scene.Marathon.LockApp(ClusterScene.Id, TimeSpan.FromSeconds(10));

        var outcome = await scene.Do(scene.Removal(2));

        outcome.End.Content.Should().BeOfType<ServiceRemoved>(outcome.ToString());
        outcome.Progress.Should().Contain(p => p.Waiting != null && p.Waiting.Contains("locked", StringComparison.Ordinal));
        scene.Writes.Should().NotContain(w => w.Contains("force=true", StringComparison.Ordinal));
    }
}
