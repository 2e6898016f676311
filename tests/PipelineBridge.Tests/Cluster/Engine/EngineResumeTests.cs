using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Tests.Cluster.Engine;

[Trait("Needs", "root")]
public class EngineResumeTests(EngineFixture fixture) : IClassFixture<EngineFixture>
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_process_that_died_with_some_containers_made_is_followed_by_one_that_makes_the_rest(int made)
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var work = scene.Rollout(2, await scene.Image("two"), EngineScene.Specification(3), one);
        using (var process = new CancellationTokenSource())
        {
            var dying = scene.Do(work, process: process.Token);
            await ClusterScene.Until(async () => dying.IsCompleted || (await scene.Containers()).Count >= 1 + made, $"{made} containers");
            await process.CancelAsync();
            await dying.ContinueWith(_ => { }, Cancellation, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        scene.NewHandler();
        var outcome = await scene.Do(EngineScene.Again(work));
        outcome.End.Content.Should().BeOfType<ServiceUpgraded>(outcome.ToString());
        (await scene.Containers()).Where(c => EngineScene.SequenceOf(c) == 2).Select(c => (string)c["Labels"]!["pipelinebridge.number"]!).Should().BeEquivalentTo("1", "2", "3");
        (await scene.Answers()).Should().BeEquivalentTo("one", "two", "two", "two");
    }

    [Fact]
    public async Task A_new_task_that_was_stopped_in_the_middle_is_started_again()
    {
        using var scene = new EngineScene(fixture);
        var rolling = scene.Do(scene.Rollout(1, await scene.Image("slow", before: "echo warming up; busybox sleep 2"), seconds: 120));
        await ClusterScene.Until(async () => (await scene.Running()).Count == 1, "the new task");
        await scene.Engine.Call(HttpMethod.Post, $"containers/{(await scene.Running()).Single()}/stop?t=0");
        (await rolling).End.Content.Should().BeOfType<ServiceDeployed>();
        (await scene.Answers()).Should().Equal("slow");
    }

    [Fact]
    public async Task One_that_began_to_take_back_is_taken_back_by_the_next_process()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var work = scene.Rollout(2, await scene.Image("sick", healthy: false), EngineScene.Specification(2), one, seconds: 30);
        using (var process = new CancellationTokenSource())
        {
            work.Bridge.OnTakingBack = process.Cancel;
            var dying = () => scene.Do(work, process: process.Token);
            await dying.Should().ThrowAsync<OperationCanceledException>();
        }
        work.Bridge.OnTakingBack = null;
        scene.NewHandler();
        var outcome = await scene.Do(EngineScene.Again(work).Stands(WorkState.Open, takingBack: true));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        outcome.Custom.Cause.Should().Contain("GET /health");
        (await scene.Answers()).Should().Equal("one");
        (await scene.Containers()).Should().ContainSingle();
    }

    [Fact]
    public async Task What_served_and_is_gone_is_written_again_by_its_stored_digest_and_specification()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"), EngineScene.Specification(2));
        var rolling = scene.Do(scene.Rollout(2, await scene.Image("sick", healthy: false), previous: one, seconds: 30));
        await ClusterScene.Until(async () => (await scene.Containers(all: false)).Count == 3, "the new container");
        foreach (var name in (await scene.Containers()).Where(c => EngineScene.SequenceOf(c) == 1).Select(EngineScene.NameOf))
        {
            await scene.Engine.Call(HttpMethod.Delete, $"containers/{name}?force=true");
        }
        var outcome = await rolling;
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        (await scene.Answers()).Should().Equal("one", "one");
        (await scene.Containers()).Should().OnlyContain(c => (string?)c["Labels"]!["pipelinebridge.takesback"] == "true");
        var three = await scene.Do(scene.Rollout(3, await scene.Image("three"), previous: one));
        three.End.Content.Should().BeOfType<ServiceUpgraded>(three.ToString());
        (await scene.Do(scene.Retire(3))).End.Content.Should().Be(new DeploymentRetired("main", 2));
        (await scene.Answers()).Should().Equal(["three", "three"], "as many as ran");
    }

    [Fact]
    public async Task A_cancel_takes_back_what_rolls()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var work = scene.Rollout(2, await scene.Image("sick", healthy: false), previous: one, seconds: 60);
        var rolling = scene.Do(work);
        await ClusterScene.Until(async () => (await scene.Containers(all: false)).Count == 2, "the new container");
        (await scene.Do(scene.Cancel(work))).ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.TakenBack, FailureCategory.Cluster);
        (await rolling).ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.TakenBack, FailureCategory.Cluster);
        (await scene.Containers()).Should().ContainSingle();
    }

    [Fact]
    public async Task A_newer_one_stops_what_rolls_and_its_retirement_clears_both()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var image = await scene.Image("three");
        var sick = scene.Do(scene.Rollout(2, await scene.Image("sick", healthy: false), previous: one, seconds: 300));
        await ClusterScene.Until(async () => (await scene.Containers(all: false)).Count == 2, "the new container");
        var three = await scene.Do(scene.Rollout(3, image, previous: one));
        (await sick).ShouldHaveEnded(WorkResult.Superseded, WorkEffect.Made, FailureCategory.Cluster);
        three.End.Content.Should().BeOfType<ServiceUpgraded>(three.ToString());
        (await scene.Do(scene.Retire(3))).End.Content.Should().Be(new DeploymentRetired("main", 2));
        (await scene.Answers()).Should().Equal("three");
    }

    [Fact]
    public async Task A_newer_one_that_fails_too_goes_back_to_what_served_before_both()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var sick = scene.Do(scene.Rollout(2, await scene.Image("sick", healthy: false), previous: one, seconds: 60));
        await ClusterScene.Until(async () => (await scene.Containers(all: false)).Count == 2, "the new container");
        var three = await scene.Do(scene.Rollout(3, await scene.Image("sick", healthy: false), previous: one, seconds: 25));
        (await sick).ShouldHaveEnded(WorkResult.Superseded, WorkEffect.Made, FailureCategory.Cluster);
        three.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        (await scene.Answers()).Should().Equal("one");
        (await scene.Containers()).Should().ContainSingle();
    }

    [Fact]
    public async Task An_older_one_never_overtakes()
    {
        using var scene = new EngineScene(fixture);
        var two = await scene.Deployed(2, await scene.Image("two"));
        (await scene.Do(scene.Rollout(1, await scene.Image("one")))).ShouldHaveEnded(WorkResult.Superseded, WorkEffect.None, FailureCategory.Cluster);
        (await scene.Do(scene.Retire(1))).ShouldHaveEnded(WorkResult.Superseded, WorkEffect.Unknown, FailureCategory.Cluster);
        (await scene.Answers()).Should().Equal(two.Image.Length > 0 ? "two" : "");
    }
}
