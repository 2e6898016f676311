using PipelineBridge.Events;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Marathon;

namespace PipelineBridge.Tests.Cluster;

/// <summary>A process that is killed in the middle, and another one that gets the same work again.</summary>
public class ResumeTests
{
    [Theory]
    [InlineData("looked")]
    [InlineData("written")]
    [InlineData("started")]
    [InlineData("rolling")]
    [InlineData("healthy")]
    public async Task A_rollout_killed_in_the_middle_goes_on_and_nothing_is_rolled_out_twice(string moment)
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        var work = scene.Rollout(2, previous: 1);
        var before = scene.Marathon.Log.Requests.Count;
        await Kill(scene, work, async () => moment switch
        {
            "looked" => scene.Marathon.Log.Requests.Count > before,
            "written" => scene.Writes.Count == 2,
            "started" => work.Bridge.Told.Any(e => e.Content is DeploymentStarted),
            "rolling" => work.Bridge.Told.Any(e => e.Content is DeploymentProgressed { Tasks.Count: > 0 }),
            _ => (await scene.App())!["tasks"]!.AsArray().Count(t => t!["version"]!.GetValue<string>() != "") >= 3,
        });

        var outcome = await scene.Do(scene.Again(work), scene.NewHandler());

        outcome.End.Content.Should().BeOfType<ServiceUpgraded>(outcome.ToString());
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(2));
        Started(scene).Should().Be(4, "two tasks of each version");
        if (moment != "looked")
        {
            // Killed with the request on its way: it may arrive late, and then the same again changes nothing.
            scene.Writes.Should().HaveCount(2);
        }
        work.Bridge.Told.Where(e => e.Content is DeploymentStarted).Select(e => e.Id).Distinct().Should().ContainSingle("it is heard once");
    }

    [Fact]
    public async Task What_somebody_took_away_while_nobody_watched_is_not_rolled_out_a_second_time()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        var work = scene.Rollout(2, previous: 1);
        var stands = work.Bridge.Stands;
        // It was written and told as started; then the process died, and an operator went back to version 1.
        work.Bridge.Stands = () => stands() with { Started = true };

        var outcome = await scene.Do(work);

        outcome.End.Read<WorkEnded>().Result.Should().Be(WorkResult.Failed);
        outcome.End.Custom!.Cause.Should().Contain("Somebody else");
        scene.Writes.Should().ContainSingle("only version 1 was ever written here");
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(1));
    }

    [Fact]
    public async Task The_deadline_counts_from_the_write_also_after_a_restart()
    {
        await using var scene = await ClusterScene.Start(times: 60);
        scene.Marathon.Script(new TaskBehavior { NeverHealthy = true });
        var work = scene.Rollout(1, seconds: 600);
        await Kill(scene, work, () => Task.FromResult(scene.Writes.Count == 1));
        await Task.Delay(TimeSpan.FromSeconds(590), scene.Time, TestContext.Current.CancellationToken);
        var began = scene.Time.GetUtcNow();

        var outcome = await scene.Do(scene.Again(work), scene.NewHandler());

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        (scene.Time.GetUtcNow() - began).Should().BeLessThan(TimeSpan.FromSeconds(500));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Once_taking_back_is_journaled_it_never_rolls_forward_again(bool reverted)
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        scene.Marathon.Script(new TaskBehavior { Image = ClusterScene.Digest(2), NeverHealthy = true });
        using var process = new CancellationTokenSource();
        var work = scene.Rollout(2, previous: 1, seconds: 10);
        if (!reverted)
        {
            work.Bridge.OnTakingBack = process.Cancel;
        }
        var killed = scene.Do(work, process: process.Token);
        if (reverted)
        {
            await ClusterScene.Until(() => scene.Writes.Count == 3, "the revert");
            await process.CancelAsync();
        }
        await ((Func<Task>)(() => killed)).Should().ThrowAsync<OperationCanceledException>();
        work.Bridge.OnTakingBack = null;
        scene.Marathon.ClearScript();

        var outcome = await scene.Do(scene.Again(work).Stands("open", takingBack: true), scene.NewHandler());

        outcome.End.Content.Should().Be(new WorkEnded(WorkResult.Failed, WorkEffect.TakenBack), outcome.ToString());
        outcome.Events[0].Content.Should().BeOfType<ServiceRolledBack>();
        (await scene.RunningImage()).Should().Be(ClusterScene.Pinned(1));
        scene.Writes.Count(w => w.StartsWith("PUT", StringComparison.Ordinal)).Should().Be(2, "nothing was written forward again");
    }

    [Fact]
    public async Task A_first_deployment_that_was_being_taken_back_goes_to_nothing_after_a_restart_too()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { NeverHealthy = true });
        using var process = new CancellationTokenSource();
        var work = scene.Rollout(1, seconds: 10);
        work.Bridge.OnTakingBack = process.Cancel;
        await ((Func<Task>)(() => scene.Do(work, process: process.Token))).Should().ThrowAsync<OperationCanceledException>();
        work.Bridge.OnTakingBack = null;

        var outcome = await scene.Do(scene.Again(work).Stands("open", takingBack: true), scene.NewHandler());

        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        (await scene.App()).Should().BeNull();
        scene.Writes.Count(w => w.StartsWith("PUT", StringComparison.Ordinal)).Should().Be(1);
    }

    [Fact]
    public async Task When_the_deployment_is_over_what_served_before_is_written_again()
    {
        await using var scene = await ClusterScene.Start();
        var specification = ClusterScene.Specification(more: ",\"env\":{\"A\":\"1\"}");
        await scene.Deployed(1, specification);
        var work = scene.Rollout(2, previous: 1, previousSpecification: specification);
        (await scene.Do(work)).End.Content.Should().BeOfType<ServiceUpgraded>();

        // The good end was lost with the process, and the request was cancelled meanwhile.
        var outcome = await scene.Do(scene.Again(work).Stands("cancelled"), scene.NewHandler());

        outcome.ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.TakenBack, FailureCategory.Cluster);
        var app = (await scene.App())!;
        app["container"]!["docker"]!["image"]!.GetValue<string>().Should().Be(ClusterScene.Pinned(1));
        app["env"]!["A"]!.GetValue<string>().Should().Be("1");
        app["labels"]!["pipelinebridge.takesback"]!.GetValue<string>().Should().Be("true");
    }

    [Fact]
    public async Task A_write_whose_answer_is_lost_is_found_by_its_mark()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Faults.Add(new Fault { PathPrefix = "/v2/apps", Method = "PUT", LoseAnswer = true });

        var outcome = await scene.Do(scene.Rollout(1));

        outcome.End.Content.Should().BeOfType<ServiceDeployed>(outcome.ToString());
        scene.Writes.Should().ContainSingle();
        Deployments(scene).Should().Be(1);
    }

    [Fact]
    public async Task A_write_that_never_arrived_is_made_again()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Faults.Add(new Fault { PathPrefix = "/v2/apps", Method = "PUT", DropConnection = true });

        var outcome = await scene.Do(scene.Rollout(1));

        outcome.End.Content.Should().BeOfType<ServiceDeployed>(outcome.ToString());
        Deployments(scene).Should().Be(1);
    }

    static int Deployments(ClusterScene scene) => scene.Marathon.Happenings.Count(h => h.Kind == "deployment" && h.State == "started");

    static int Started(ClusterScene scene) => scene.Marathon.Happenings.Count(h => h.Kind == "task" && h.State == "TASK_STAGING");

    static async Task Kill(ClusterScene scene, Work work, Func<Task<bool>> when)
    {
        using var process = new CancellationTokenSource();
        var killed = scene.Do(work, process: process.Token);
        await ClusterScene.Until(when, "the moment to kill");
        await process.CancelAsync();
        await ((Func<Task>)(() => killed)).Should().ThrowAsync<OperationCanceledException>();
    }
}
