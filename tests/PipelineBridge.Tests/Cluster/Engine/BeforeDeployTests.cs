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
        var outcome = await scene.Do(scene.Rollout(1, await scene.Image("one"), Specification("echo waiting for a lock; busybox sleep 60", seconds: 2)));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
        outcome.Custom.Cause.Should().Be("The task before the deployment did not end within 2 seconds and was stopped. Nothing was changed.");
        outcome.EvidenceOf("output of the task before").Should().Contain("waiting for a lock");
        (await scene.Containers(all: false)).Should().BeEmpty();
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
