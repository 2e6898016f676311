using PipelineBridge.Events;

namespace PipelineBridge.Tests.Cluster.Engine;

[Trait("Needs", "root")]
public class EngineRolloutTests(EngineFixture fixture) : IClassFixture<EngineFixture>
{
    [Fact]
    public async Task A_first_deployment_ends_when_its_tasks_answer_their_check()
    {
        using var scene = new EngineScene(fixture);
        var outcome = await scene.Do(scene.Rollout(1, await scene.Image("one"), EngineScene.Specification(2)));
        outcome.End.Content.Should().BeOfType<ServiceDeployed>(outcome.ToString());
        outcome.Custom.Unchecked.Should().BeNull();
        outcome.Custom.Phases!.HealthySeconds.Should().NotBeNull();
        outcome.Bridge.Told.Select(e => e.Content).OfType<DeploymentStarted>().Should().ContainSingle();
        outcome.Bridge.Told.Select(e => e.Content).OfType<DeploymentProgressed>().First().Waiting.Should().Be("waits for h1 to pull the image");
        (await scene.Answers()).Should().Equal("one", "one");
    }

    [Fact]
    public async Task The_old_tasks_serve_until_they_are_retired()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var outcome = await scene.Do(scene.Rollout(2, await scene.Image("two"), previous: one));
        outcome.End.Content.Should().BeOfType<ServiceUpgraded>(outcome.ToString());
        (await scene.Answers()).Should().BeEquivalentTo("one", "two");
        var retired = await scene.Do(scene.Retire(2));
        retired.End.Content.Should().Be(new DeploymentRetired("main", 1), retired.ToString());
        (await scene.Answers()).Should().Equal("two");
        (await scene.Containers()).Should().ContainSingle();
        (await scene.Do(EngineScene.Again(scene.Retire(2)))).End.Content.Should().Be(new DeploymentRetired("main", 0));
    }

    [Fact]
    public async Task An_unhealthy_version_is_taken_back_and_the_old_one_was_never_touched()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var before = await scene.Running();
        var outcome = await scene.Do(scene.Rollout(2, await scene.Image("sick", healthy: false), previous: one, seconds: 25));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        outcome.Custom.Cause.Should().Be("0 of 1 new tasks passed GET /health in 25 s.");
        outcome.EvidenceOf("last answer").Should().Contain("404");
        outcome.EvidenceOf("last log").Should().Contain("starting");
        outcome.Events.Select(e => e.Content).OfType<ServiceRolledBack>().Should().ContainSingle();
        outcome.Bridge.TakenBack.Should().ContainSingle();
        (await scene.Running()).Should().Equal(before);
        (await scene.Containers()).Should().ContainSingle();
        (await scene.Answers()).Should().Equal("one");
    }

    [Fact]
    public async Task A_first_version_that_fails_goes_to_nothing()
    {
        using var scene = new EngineScene(fixture);
        var outcome = await scene.Do(scene.Rollout(1, await scene.Image("sick", healthy: false), seconds: 25));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        (await scene.Containers()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_version_that_crashes_says_how_it_ended_and_what_it_wrote()
    {
        using var scene = new EngineScene(fixture);
        var image = await scene.Image("crash", before: "echo no database; exit 3");
        var outcome = await scene.Do(scene.Rollout(1, image, seconds: 25));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        outcome.Custom.Cause.Should().StartWith("New tasks end again and again with exit code 3");
        outcome.EvidenceOf("last log").Should().Contain("no database");
        outcome.EvidenceOf("last exit").Should().Contain("exit code 3");
    }

    [Fact]
    public async Task A_task_that_uses_more_memory_than_it_may_is_said_to()
    {
        using var scene = new EngineScene(fixture);
        var image = await scene.Image("greedy", before: "x=0123456789; while true; do x=$x$x; done");
        var outcome = await scene.Do(scene.Rollout(1, image, EngineScene.Specification(more: "resources: {memoryMiB: 16}"), seconds: 25));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Resources);
        outcome.Custom.Cause.Should().StartWith("New tasks were ended because they used more memory than they may (16 MiB)");
    }

    [Fact]
    public async Task What_runs_already_is_left_as_it_is()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var before = await scene.Running();
        var outcome = await scene.Do(scene.Rollout(2, one.Image, previous: one));
        outcome.Custom.AlreadyLive.Should().BeTrue(outcome.ToString());
        (await scene.Running()).Should().Equal(before);
    }

    [Fact]
    public async Task Without_a_check_a_deployment_ends_unchecked_when_its_tasks_run()
    {
        using var scene = new EngineScene(fixture);
        var outcome = await scene.Do(scene.Rollout(1, await scene.Image("one"), EngineScene.Specification(check: false)));
        outcome.Custom.Unchecked.Should().BeTrue(outcome.ToString());
    }

    [Fact]
    public async Task A_check_by_command_is_the_engines_own()
    {
        using var scene = new EngineScene(fixture);
        var good = EngineScene.Specification(check: false, more: "health: {command: [/bin/busybox, test, -e, /www/health], intervalSeconds: 1, failures: 1}");
        var one = await scene.Deployed(1, await scene.Image("one"), good);
        var bad = EngineScene.Specification(check: false, more: "health: {command: [/bin/busybox, cat, /www/missing], intervalSeconds: 1, failures: 1}");
        var outcome = await scene.Do(scene.Rollout(2, await scene.Image("two"), bad, one, seconds: 25));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        outcome.EvidenceOf("last answer").Should().Contain("exit code 1").And.Contain("/www/missing");
        (await scene.Answers()).Should().Equal("one");
    }

    [Fact]
    public async Task A_removal_leaves_nothing()
    {
        using var scene = new EngineScene(fixture);
        await scene.Deployed(1, await scene.Image("one"), EngineScene.Specification(2));
        var outcome = await scene.Do(scene.Removal(2));
        outcome.End.Content.Should().BeOfType<ServiceRemoved>(outcome.ToString());
        (await scene.Containers()).Should().BeEmpty();
    }

    [Fact]
    public async Task What_the_specification_says_is_what_the_container_has()
    {
        using var scene = new EngineScene(fixture);
        await scene.Deployed(1, await scene.Image("one"), EngineScene.Specification(more: """
            env: {GREETING: "hello: you", N: 3}
            resources: {cpus: 0.5, memoryMiB: 64}
            volumes: [{name: portal-data, path: /data}, {host: /tmp, path: /host, readOnly: true}]
            restart: on-failure
            """));
        var name = (await scene.Running()).Single();
        var seen = (await scene.Engine.Call(HttpMethod.Get, $"containers/{name}/json"))!;
        seen["Config"]!["Env"]!.AsArray().Select(e => (string)e!).Should().Contain(["GREETING=hello: you", "N=3"]);
        seen["HostConfig"]!["Memory"]!.GetValue<long>().Should().Be(64 * 1024 * 1024);
        seen["HostConfig"]!["NanoCpus"]!.GetValue<long>().Should().Be(500_000_000);
        seen["HostConfig"]!["RestartPolicy"]!["Name"]!.GetValue<string>().Should().Be("on-failure");
        seen["Mounts"]!.AsArray().Select(m => $"{m!["Type"]} {m["Destination"]} {m["RW"]}").Should().BeEquivalentTo("volume /data true", "bind /host false");
    }
}
