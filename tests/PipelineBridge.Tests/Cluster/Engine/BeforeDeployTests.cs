using System.Text.Json.Nodes;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Cluster.Engine;

[Trait("Needs", "root")]
public class BeforeDeployTests(EngineFixture fixture) : IClassFixture<EngineFixture>
{
    // What it runs goes to a volume of its own, so that what it did can be counted.
    static string Specification(string script, int seconds = 30, string volume = "counted") => EngineScene.Specification(more: $$"""
        volumes: [{name: {{volume}}, path: /counted}]
        beforeDeploy: {command: [/bin/sh, -c, "{{script}}"], timeoutSeconds: {{seconds}}}
        """);

    [Fact]
    public async Task It_runs_once_with_the_new_image_before_anything_changes()
    {
        using var scene = new EngineScene(fixture);
        var image = await scene.Image("one", before: "busybox cat /counted/runs > /www/health; busybox cp /www/health /www/index.html");
        await scene.Deployed(1, image, Specification("echo migrated >> /counted/runs", volume: scene.App.App));
        (await scene.Answers()).Should().Equal("migrated\n");
        (await scene.Containers()).Should().HaveCount(2, "its container stays, so that it is found");
    }

    [Fact]
    public async Task Its_failure_ends_the_deployment_with_its_output_and_nothing_is_changed()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var outcome = await scene.Do(scene.Rollout(2, await scene.Image("two"), Specification("echo no such table; exit 7"), one));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
        outcome.Custom.Cause.Should().Be("The task before the deployment ended with exit code 7. Nothing was changed.");
        outcome.EvidenceOf("output of the task before").Should().Contain("no such table");
        (await scene.Answers()).Should().Equal("one");
        outcome = await scene.Do(EngineScene.Again(scene.Rollout(2, await scene.Image("two"), Specification("echo no such table; exit 7"), one)));
        outcome.Custom.Cause.Should().Contain("exit code 7", "whoever comes after a crash finds how it ended");
    }

    [Fact]
    public async Task It_is_stopped_when_its_time_is_over()
    {
        using var scene = new EngineScene(fixture);
        var work = scene.Rollout(1, await scene.Image("one"), Specification("echo waiting for a lock; busybox sleep 60", seconds: 10));
        var outcome = await scene.Do(work);
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
        outcome.Custom.Cause.Should().Be("The task before the deployment did not end within 10 seconds and was stopped. Nothing was changed.");
        outcome.EvidenceOf("output of the task before").Should().Contain("waiting for a lock");
        (await scene.Containers(all: false)).Should().BeEmpty();
        (await scene.Do(EngineScene.Again(work))).Custom.Cause.Should().Be(outcome.Custom.Cause, "whoever comes after a crash says the same");
    }

    [Fact]
    public async Task A_process_that_dies_meanwhile_is_followed_by_one_that_waits_on()
    {
        using var scene = new EngineScene(fixture);
        var specification = Specification("echo once >> /counted/runs; busybox sleep 3", volume: scene.App.App);
        var work = scene.Rollout(1, await scene.Image("counted", before: "busybox cp /counted/runs /www/health; busybox cp /counted/runs /www/index.html"), specification);
        using (var process = new CancellationTokenSource())
        {
            var dying = scene.Do(work, process: process.Token);
            await ClusterScene.Until(async () => (await scene.Containers(all: false)).Count == 1, "the task before");
            await process.CancelAsync();
            await dying.Invoking(d => d).Should().ThrowAsync<OperationCanceledException>();
        }
        scene.NewHandler();
        var outcome = await scene.Do(EngineScene.Again(work));
        outcome.End.Content.Should().BeOfType<ServiceDeployed>(outcome.ToString());
        (await scene.Answers()).Should().Equal("once\n");
    }

    [Fact]
    public async Task A_rollback_does_not_run_it_again()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var two = await scene.Deployed(2, await scene.Image("two"), previous: one);
        // What an old migration does when it meets what a newer one left.
        var specification = Specification("echo a newer schema; exit 7");
        var back = ClusterWorks.Rollout(one.Image, specification, two, 180) with { Rollback = true };
        var outcome = await scene.Do(ClusterWorks.New(scene.App, 3, back, specification, two.Specification));
        outcome.End.Content.Should().BeOfType<ServiceUpgraded>(outcome.ToString());
        (await scene.Do(scene.Retire(3))).End.Content.Should().BeOfType<DeploymentRetired>();
        (await scene.Answers()).Should().Equal("one");
    }

    [Fact]
    public async Task It_is_in_all_networks_of_the_service()
    {
        using var scene = new EngineScene(fixture);
        var networks = new[] { "database-of-tests", "queue-of-tests" };
        foreach (var name in networks)
        {
            await scene.Engine.Call(HttpMethod.Post, "networks/create", new JsonObject { ["Name"] = name });
        }
        await scene.Deployed(1, await scene.Image("one"), Specification("true") + "\nnetworks: [database-of-tests, queue-of-tests]");
        var before = (await scene.Containers()).Select(EngineScene.NameOf).Single(n => n.EndsWith("-before", StringComparison.Ordinal));
        var seen = await scene.Engine.Call(HttpMethod.Get, $"containers/{before}/json");
        seen!["NetworkSettings"]!["Networks"]!.AsObject().Select(n => n.Key).Should().BeEquivalentTo(networks);
    }

    [Fact]
    public async Task One_that_somebody_paused_has_not_ended_well()
    {
        using var scene = new EngineScene(fixture);
        var rolling = scene.Do(scene.Rollout(1, await scene.Image("one"), Specification("busybox sleep 600", seconds: 25)));
        await ClusterScene.Until(async () => (await scene.Containers(all: false)).Count == 1, "the task before");
        await scene.Engine.Call(HttpMethod.Post, $"containers/{(await scene.Running()).Single()}/pause");
        var outcome = await rolling;
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
        outcome.Custom.Cause.Should().Be("The task before the deployment did not end within 25 seconds and was stopped. Nothing was changed.");
    }

    [Fact]
    public async Task A_cancel_tells_it_to_end_and_leaves_it_its_time()
    {
        using var scene = new EngineScene(fixture);
        var specification = Specification("trap 'busybox sleep 2; echo tidied >> /counted/runs; exit 1' TERM; echo ready; busybox sleep 600 & wait", volume: scene.App.App, seconds: 300)
            .Replace("stopSeconds: 1", "stopSeconds: 120", StringComparison.Ordinal);
        var work = scene.Rollout(1, await scene.Image("one"), specification);
        var rolling = scene.Do(work);
        await ClusterScene.Until(async () => (await scene.Containers(all: false)).Count == 1, "the task before");
        var name = (await scene.Running()).Single();
        await ClusterScene.Until(async () => (await scene.Engine.Send(HttpMethod.Get, $"containers/{name}/logs?stdout=1")).Text.Contains("ready", StringComparison.Ordinal), "its word");
        (await scene.Do(scene.Cancel(work))).ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.None, FailureCategory.Cluster);
        (await rolling).ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.None, FailureCategory.Cluster);
        await scene.Deployed(2, await scene.Image("counted", before: "busybox cp /counted/runs /www/health; busybox cp /counted/runs /www/index.html"), Specification("true", volume: scene.App.App));
        (await scene.Answers()).Should().Equal("tidied\n");
    }

    [Fact]
    public async Task One_whose_engine_was_killed_meanwhile_has_not_ended_well()
    {
        using var scene = new EngineScene(fixture);
        var work = scene.Rollout(1, await scene.Image("one"), Specification("echo half done; busybox sleep 600", seconds: 300));
        var rolling = scene.Do(work);
        await ClusterScene.Until(async () => (await scene.Containers(all: false)).Count == 1, "the task before");
        await scene.Engine.Kill();
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        await scene.Engine.StartAgain();
        var outcome = await rolling;
        if (outcome.End.Content is WorkDeferred)
        {
            outcome = await scene.Do(EngineScene.Again(work));
        }
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Cluster);
        outcome.Custom.Cause.Should().Be("The task before the deployment was ended from outside (exit code 137): its engine was stopped or killed meanwhile, or somebody ended it. Nothing was changed.");
        outcome.EvidenceOf("output of the task before").Should().Contain("half done");
    }

    [Fact]
    public async Task A_cancel_while_it_runs_ends_it_and_changes_nothing()
    {
        using var scene = new EngineScene(fixture);
        var work = scene.Rollout(1, await scene.Image("one"), Specification("busybox sleep 60"));
        var rolling = scene.Do(work);
        await ClusterScene.Until(async () => (await scene.Containers(all: false)).Count == 1, "the task before");
        var cancel = await scene.Do(scene.Cancel(work));
        cancel.ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.None, FailureCategory.Cluster);
        (await rolling).ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.None, FailureCategory.Cluster);
        (await scene.Containers()).Should().BeEmpty();
    }
}
