using PipelineBridge.Events;
using PipelineBridge.Simulators.Marathon;

namespace PipelineBridge.Tests.Cluster;

public class RolloutTests
{
    [Fact]
    public async Task A_first_deployment_writes_once_pinned_and_marked_and_ends_when_all_tasks_are_healthy()
    {
        await using var scene = await ClusterScene.Start();
        var work = scene.Rollout(1);

        var outcome = await scene.Do(work);

        outcome.Events.Should().ContainSingle();
        outcome.End.Content.Should().Be(new ServiceDeployed(new Reference("prod"), ImageReference.Parse(ClusterScene.Image(1)).Purl), outcome.ToString());
        outcome.Custom.Unchecked.Should().BeNull();
        outcome.Custom.AlreadyLive.Should().BeNull();
        outcome.Custom.Phases!.PulledSeconds.Should().BePositive();
        outcome.Custom.Phases.HealthySeconds.Should().BePositive();
        var app = (await scene.App())!;
        app["container"]!["docker"]!["image"]!.GetValue<string>().Should().Be(ClusterScene.Pinned(1));
        app["tasksHealthy"]!.GetValue<int>().Should().Be(2);
        var labels = app["labels"]!;
        labels["pipelinebridge.request"]!.GetValue<string>().Should().Be(work.Item.RequestId);
        labels["pipelinebridge.sequence"]!.GetValue<string>().Should().Be("1");
        labels["pipelinebridge.specification"]!.GetValue<string>().Should().Be(work.Item.Content<DeploymentRolloutRequested>().Specification);
        labels["pipelinebridge.app"]!.GetValue<string>().Should().Be("portal");
        labels["pipelinebridge.environment"]!.GetValue<string>().Should().Be("prod");
        scene.Writes.Should().Equal("PUT /v2/apps/prod/portal?partialUpdate=false");
        outcome.Bridge.Told.Count(e => e.Content is DeploymentStarted).Should().Be(1);
        outcome.Bridge.TakenBack.Should().BeEmpty();
    }

    [Fact]
    public async Task It_tells_each_change_and_at_most_two_a_second()
    {
        await using var scene = await ClusterScene.Start();
        scene.Marathon.Script(new TaskBehavior { StagingMilliseconds = 30_000 });

        var outcome = await scene.Do(scene.Rollout(1, ClusterScene.Specification(instances: 6)));

        var told = outcome.Bridge.Told.Where(e => e.Content is DeploymentProgressed).ToList();
        told.Should().HaveCountGreaterThan(2);
        told.Zip(told.Skip(1)).Should().AllSatisfy(pair => (pair.Second.Time - pair.First.Time).Should().BeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(490)));
        outcome.Progress.Should().AllSatisfy(p => p.Should().Match<DeploymentProgressed>(x => x.Phase == "rolling" && x.Total == 6 && x.Cluster == "main"));
        outcome.Progress.Zip(outcome.Progress.Skip(1)).Should().AllSatisfy(pair => pair.First.Should().NotBeEquivalentTo(pair.Second));
        outcome.Progress.SelectMany(p => p.Tasks!).Select(t => t.State).Should().Contain("staging");
    }

    [Fact]
    public async Task An_upgrade_carries_the_live_instances_over_and_replaces_the_whole_app()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1, ClusterScene.Specification(instances: null, more: ",\"env\":{\"OLD\":\"1\"}"));
        scene.Marathon.ChangeApp(ClusterScene.Id, new() { ["instances"] = 3 });
        await ClusterScene.Until(async () => (await scene.App())!["tasksHealthy"]!.GetValue<int>() == 3, "scaling");

        var outcome = await scene.Do(scene.Rollout(2, ClusterScene.Specification(instances: null), previous: 1));

        outcome.End.Content.Should().BeOfType<ServiceUpgraded>(outcome.ToString());
        var app = (await scene.App())!;
        app["instances"]!.GetValue<int>().Should().Be(3);
        (app["env"]?.AsObject().Count ?? 0).Should().Be(0, "the new file has none");
        app["container"]!["docker"]!["image"]!.GetValue<string>().Should().Be(ClusterScene.Pinned(2));
    }

    [Fact]
    public async Task The_end_comes_when_the_last_new_task_is_healthy_and_the_last_old_one_is_gone()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        scene.Marathon.Script(new TaskBehavior { Image = ClusterScene.Digest(2), HealthyAfterMilliseconds = 15_000, Times = 1 });

        var outcome = await scene.Do(scene.Rollout(2, previous: 1));

        var app = (await scene.App())!;
        app["tasks"]!.AsArray().Should().HaveCount(2).And.OnlyContain(t => t!["version"]!.GetValue<string>() == app["version"]!.GetValue<string>());
        app["tasksHealthy"]!.GetValue<int>().Should().Be(2, outcome.ToString());
        app["deployments"]!.AsArray().Should().BeEmpty();
    }

    [Theory]
    [InlineData(1, null, 1)]
    [InlineData(1, 3, 3)]
    public async Task The_file_or_the_ask_sets_the_instances(int file, int? replicas, int expected)
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);

        await scene.Do(scene.Rollout(2, ClusterScene.Specification(file), previous: 1, replicas: replicas));

        (await scene.App())!["instances"]!.GetValue<int>().Should().Be(expected);
    }

    [Fact]
    public async Task What_runs_already_is_left_alone_and_said_to_be_live()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1);
        var tasks = await scene.TaskIds();

        var outcome = await scene.Do(scene.Rollout(2, previous: 1, image: ClusterScene.Image(1)));

        outcome.End.Content.Should().BeOfType<ServiceUpgraded>();
        outcome.Custom.AlreadyLive.Should().BeTrue();
        scene.Writes.Should().HaveCount(1);
        (await scene.TaskIds()).Should().Equal(tasks);
    }

    [Fact]
    public async Task The_same_image_with_another_specification_or_changed_by_hand_is_written()
    {
        await using var scene = await ClusterScene.Start();
        await scene.Deployed(1, ClusterScene.Specification(more: ",\"env\":{\"A\":\"1\"}"));
        (await scene.Do(scene.Rollout(2, ClusterScene.Specification(more: ",\"env\":{\"A\":\"2\"}"), previous: 1, image: ClusterScene.Image(1)))).Custom.AlreadyLive.Should().BeNull();
        scene.Marathon.ChangeApp(ClusterScene.Id, new() { ["env"] = new System.Text.Json.Nodes.JsonObject { ["A"] = "by hand" } });
        await ClusterScene.Until(async () => (await scene.App())! is var app && app["deployments"]!.AsArray().Count == 0
            && app["tasks"]!.AsArray().All(t => t!["version"]!.GetValue<string>() == app["version"]!.GetValue<string>()) && app["tasksHealthy"]!.GetValue<int>() == 2, "the change by hand");

        var outcome = await scene.Do(scene.Rollout(3, ClusterScene.Specification(more: ",\"env\":{\"A\":\"2\"}"), previous: 2, image: ClusterScene.Image(1)));

        outcome.Custom.AlreadyLive.Should().BeNull(outcome.ToString());
        (await scene.App())!["env"]!["A"]!.GetValue<string>().Should().Be("2");
    }

    [Fact]
    public async Task Without_a_health_check_running_at_the_version_is_the_end_and_it_says_unchecked()
    {
        await using var scene = await ClusterScene.Start();

        var outcome = await scene.Do(scene.Rollout(1, ClusterScene.Specification(check: false)));

        outcome.End.Content.Should().BeOfType<ServiceDeployed>(outcome.ToString());
        outcome.Custom.Unchecked.Should().BeTrue();
        outcome.Custom.Phases!.HealthySeconds.Should().BeNull();
        (await scene.App())!["tasksRunning"]!.GetValue<int>().Should().Be(2);
    }

    [Fact]
    public async Task A_work_whose_end_is_journaled_is_left_alone()
    {
        await using var scene = await ClusterScene.Start();

        (await scene.Do(scene.Rollout(1).Stands("closed"))).Events.Should().BeEmpty();

        scene.Marathon.Log.Requests.Should().BeEmpty();
    }
}
