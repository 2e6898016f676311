using PipelineBridge.Events;
using PipelineBridge.Simulators.Marathon;

namespace PipelineBridge.Tests.Cluster;

public class StoppingTests
{
    [Fact]
    public async Task The_newer_stops_the_older_and_is_written_over_it()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { Image = ClusterScene.Digest(1), NeverHealthy = true });
        var older = scene.Do(scene.Rollout(1));
        await ClusterScene.Until(() => scene.Writes.Count == 1, "the first write");

        var newer = await scene.Do(scene.Rollout(2));

        (await older).ShouldHaveEnded(WorkResult.Superseded, WorkEffect.Made, FailureCategory.Cluster);
        newer.End.Content.Should().BeOfType<ServiceDeployed>(newer.ToString());
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(2));
        scene.Writes.Should().Equal(
            "PUT /v2/apps/prod/portal?partialUpdate=false", "PUT /v2/apps/prod/portal?partialUpdate=false", "PUT /v2/apps/prod/portal?partialUpdate=false&force=true");
    }

    [Fact]
    public async Task An_older_that_comes_while_the_newer_rolls_changes_nothing()
    {
        await using var scene = await ClusterScene.Start();
        var newer = scene.Do(scene.Rollout(2));
        await ClusterScene.Until(() => scene.Writes.Count == 1, "the write");

        var older = await scene.Do(scene.Rollout(1));

        older.ShouldHaveEnded(WorkResult.Superseded, WorkEffect.None, FailureCategory.Cluster);
        (await newer).End.Content.Should().BeOfType<ServiceDeployed>();
        scene.Writes.Should().ContainSingle();
    }

    [Fact]
    public async Task The_label_on_the_cluster_is_the_fence_for_a_process_that_knows_nothing()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(5);

        var outcome = await scene.Do(scene.Rollout(4, previous: 3), scene.NewHandler());

        outcome.ShouldHaveEnded(WorkResult.Superseded, WorkEffect.None, FailureCategory.Cluster);
        scene.Writes.Should().ContainSingle();
    }

    [Fact]
    public async Task Two_within_a_millisecond_leave_the_newer_and_each_has_one_end()
    {
        await using var scene = await ClusterScene.Start();
        var works = Enumerable.Range(1, 6).Select(n => scene.Rollout(n)).ToList();

        var outcomes = await Task.WhenAll(works.OrderBy(w => w.Item.Id.ToString(), StringComparer.Ordinal).Select(w => Task.Run(() => scene.Do(w))));

        outcomes.Should().AllSatisfy(o => o.Events.Should().ContainSingle());
        outcomes.Count(o => o.End.Content is ServiceDeployed).Should().Be(1);
        outcomes.Single(o => o.End.Content is ServiceDeployed).Custom.Sequence.Should().Be(6);
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(6));
    }

    [Fact]
    public async Task The_same_work_given_twice_waits_for_itself_and_is_rolled_out_once()
    {
        await using var scene = await ClusterScene.Start();
        var work = scene.Rollout(1);

        var outcomes = await Task.WhenAll(scene.Do(work), scene.Do(scene.Again(work)));

        outcomes.Should().AllSatisfy(o => o.End.Content.Should().BeOfType<ServiceDeployed>());
        outcomes[0].End.Id.Should().Be(outcomes[1].End.Id);
        scene.Writes.Should().ContainSingle();
    }

    [Fact]
    public async Task A_superseded_one_that_is_given_again_leaves_its_mark_to_the_newer()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { NeverHealthy = true });
        using var process = new CancellationTokenSource();
        var work = scene.Rollout(1);
        var stopped = scene.Do(work, process: process.Token);
        await ClusterScene.Until(() => scene.Writes.Count == 1, "the write");
        await process.CancelAsync();
        await ((Func<Task>)(() => stopped)).Should().ThrowAsync<OperationCanceledException>();

        var outcome = await scene.Do(scene.Again(work).Stands("superseded"), scene.NewHandler());

        outcome.ShouldHaveEnded(WorkResult.Superseded, WorkEffect.Made, FailureCategory.Cluster);
        scene.Writes.Should().ContainSingle();
    }

    [Fact]
    public async Task A_cancel_before_the_write_leaves_nothing()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        scene.Marathon.LockApp(ClusterScene.Id);
        var rollout = scene.Rollout(2, previous: 1);
        var rolling = scene.Do(rollout);
        await ClusterScene.Until(() => rollout.Bridge.Told.Any(e => e.Content is DeploymentProgressed { Waiting: not null }), "the wait for the lock");

        var cancel = await scene.Do(scene.Cancel(rollout));

        cancel.ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.None, FailureCategory.Cluster);
        (await rolling).ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.None, FailureCategory.Cluster);
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(1));
    }

    [Theory]
    [InlineData("written")]
    [InlineData("rolling")]
    public async Task A_cancel_after_the_write_is_taken_back(string moment)
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        scene.Marathon.Script(new TaskBehavior { Image = ClusterScene.Digest(2), NeverHealthy = true });
        var rollout = scene.Rollout(2, previous: 1, seconds: 300);
        var rolling = scene.Do(rollout);
        await ClusterScene.Until(() => moment == "written" ? scene.Writes.Count == 2
            : rollout.Bridge.Told.Any(e => e.Content is DeploymentProgressed { Tasks.Count: > 0 }), moment);

        var cancel = await scene.Do(scene.Cancel(rollout));

        var outcome = await rolling;
        outcome.ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.TakenBack, FailureCategory.Cluster);
        outcome.Events[0].Content.Should().BeOfType<ServiceRolledBack>();
        cancel.ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.TakenBack, FailureCategory.Cluster);
        rollout.Bridge.TakenBack.Should().ContainSingle();
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(1));
    }

    [Fact]
    public async Task A_cancel_of_a_first_deployment_goes_to_nothing()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { NeverHealthy = true });
        var rollout = scene.Rollout(1, seconds: 300);
        var rolling = scene.Do(rollout);
        await ClusterScene.Until(() => scene.Writes.Count == 1, "the write");

        await scene.Do(scene.Cancel(rollout));

        (await rolling).ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.TakenBack, FailureCategory.Cluster);
        (await scene.App()).Should().BeNull();
    }

    [Fact]
    public async Task A_cancel_that_comes_after_the_end_says_that_it_is_too_late()
    {
        await using var scene = await ClusterScene.Start();
        var rollout = scene.Rollout(1);
        await scene.Do(rollout);
        var cancel = scene.Cancel(rollout);
        cancel.Stands("open");
        cancel.Bridge.StandsOf = id => new(id == rollout.Item.Id ? "closed" : "open", false, null, null);

        var outcome = await scene.Do(cancel);

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Cluster);
        outcome.Custom.Cause.Should().Contain("come to its end");
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(1));
    }

    [Fact]
    public async Task A_cancelled_one_that_is_given_again_is_taken_back_when_its_mark_stands()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        scene.Marathon.Script(new TaskBehavior { Image = ClusterScene.Digest(2), NeverHealthy = true });
        using var process = new CancellationTokenSource();
        var work = scene.Rollout(2, previous: 1, seconds: 300);
        var stopped = scene.Do(work, process: process.Token);
        await ClusterScene.Until(() => scene.Writes.Count == 2, "the write");
        await process.CancelAsync();
        await ((Func<Task>)(() => stopped)).Should().ThrowAsync<OperationCanceledException>();

        var outcome = await scene.Do(scene.Again(work).Stands("cancelled"), scene.NewHandler());

        outcome.ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.TakenBack, FailureCategory.Cluster);
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(1));
    }

    [Fact]
    public async Task A_cancelled_one_that_never_began_ends_without_an_effect()
    {
        await using var scene = await ClusterScene.Start();

        (await scene.Do(scene.Rollout(1).Stands("cancelled"))).ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.None, FailureCategory.Cluster);

        scene.Writes.Should().BeEmpty();
    }
}
