using System.Text.Json.Nodes;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Cluster.Swarm;

[Collection(SharedSwarm.Name), Trait("Needs", "root")]
public class SwarmRolloutTests(SwarmFixture fixture)
{
    [Fact]
    public async Task A_deployment_runs_on_both_nodes_and_the_next_takes_its_place()
    {
        using var scene = new SwarmScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"), SwarmScene.Specification(2));
        (await scene.Answers()).Should().Equal("one", "one");
        (await scene.Tasks()).Select(t => (string)t["NodeID"]!).Should().OnlyHaveUniqueItems();
        var outcome = await scene.Do(scene.Rollout(2, await scene.Image("two"), SwarmScene.Specification(2), one));
        outcome.End.Content.Should().BeOfType<ServiceUpgraded>(outcome.ToString());
        outcome.Progress.Should().NotBeEmpty();
        (await scene.Answers()).Should().Equal("two", "two");
        var service = (await scene.Service())!;
        ((string)service["Spec"]!["Labels"]!["pipelinebridge.sequence"]!).Should().Be("2");
        ((string)service["Spec"]!["UpdateConfig"]!["Order"]!).Should().Be("start-first");
    }

    [Fact]
    public async Task An_unhealthy_version_is_taken_back_by_the_stored_digest_and_healthy_tasks_are_left_alone()
    {
        using var scene = new SwarmScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"), SwarmScene.Specification(2));
        var before = await scene.TaskIds();
        var outcome = await scene.Do(scene.Rollout(2, await scene.Image("sick", healthy: false), SwarmScene.Specification(2), one));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        outcome.Custom.Cause.Should().Contain("new tasks passed their health check");
        outcome.EvidenceOf("last task").Should().Contain("unhealthy container");
        outcome.EvidenceOf("update").Should().StartWith("paused: ");
        (await scene.TaskIds()).Should().Equal(before);
        (await scene.Answers()).Should().Equal("one", "one");
        ((string)(await scene.Service())!["Spec"]!["Labels"]!["pipelinebridge.takesback"]!).Should().Be("true");
        var three = await scene.Deployed(3, await scene.Image("three"), SwarmScene.Specification(2), one);
        (await scene.Answers()).Should().Equal("three", "three");
        three.Sequence.Should().Be(3);
    }

    [Fact]
    public async Task A_first_version_that_fails_goes_to_nothing_and_says_why()
    {
        using var scene = new SwarmScene(fixture);
        var outcome = await scene.Do(scene.Rollout(1, await scene.Image("crash", before: "echo no database; exit 3"), seconds: 60));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        outcome.Custom.Cause.Should().Contain("with exit code 3");
        outcome.EvidenceOf("last log").Should().Contain("no database");
        (await scene.IsThere()).Should().BeFalse();
    }

    [Fact]
    public async Task An_image_that_is_not_there_is_taken_back_and_told()
    {
        using var scene = new SwarmScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var outcome = await scene.Do(scene.Rollout(2, $"{fixture.Registry}/portal:gone@{ClusterScene.Digest(9)}", previous: one));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Image);
        (await scene.Answers()).Should().Equal("one");
    }

    [Fact]
    public async Task What_no_node_has_room_for_is_explained_after_its_deadline()
    {
        using var scene = new SwarmScene(fixture);
        var specification = "kind: service\nstopSeconds: 1\nreplicas: 3\nports: [{container: 8080, host: 18080}]\nhealth: {path: /health, intervalSeconds: 1}";
        var outcome = await scene.Do(scene.Rollout(1, await scene.Image("one"), specification, seconds: 60));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Resources);
        outcome.Custom.Cause.Should().MatchRegex("^No node has the port free that a new task needs; [12] of 3 came up in 60 s\\.$");
        outcome.EvidenceOf("last task").Should().Contain("no suitable node");
        (await scene.IsThere()).Should().BeFalse();
    }

    [Fact]
    public async Task What_runs_already_is_left_as_it_is()
    {
        using var scene = new SwarmScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var before = await scene.TaskIds();
        var outcome = await scene.Do(scene.Rollout(2, one.Image, previous: one));
        outcome.Custom.AlreadyLive.Should().BeTrue(outcome.ToString());
        (await scene.TaskIds()).Should().Equal(before);
    }

    [Fact]
    public async Task A_Swarm_that_goes_back_by_itself_is_a_failure_that_is_told()
    {
        using var scene = new SwarmScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var rolling = scene.Do(scene.Rollout(2, await scene.Image("slow", before: "busybox sleep 600"), previous: one));
        await ClusterScene.Until(async () => (string?)(await scene.Service())!["UpdateStatus"]?["State"] == "updating", "the update");
        var service = (await scene.Service())!;
        // The API's word for what a Swarm does that was told to go back at a failure.
        await scene.Manager.Call(HttpMethod.Post, $"services/{scene.ServiceName}/update?version={service["Version"]!["Index"]}&rollback=previous", service["Spec"]!.DeepClone());
        var outcome = await rolling;
        outcome.End.Content.Should().Be(new WorkEnded(WorkResult.Failed, WorkEffect.TakenBack), outcome.ToString());
        outcome.Custom.Cause.Should().EndWith("; the Swarm went back by itself.");
        outcome.Events.Select(e => e.Content).OfType<ServiceRolledBack>().Should().ContainSingle();
        (await scene.Answers()).Should().Equal("one");
    }

    [Fact]
    public async Task A_write_that_came_too_late_is_made_again_over_what_is_there()
    {
        using var scene = new SwarmScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var driver = scene.NewDriver();
        var cancellation = TestContext.Current.CancellationToken;
        var stale = await driver.Look(scene.App, cancellation);
        var service = (await scene.Service())!;
        var spec = service["Spec"]!.DeepClone().AsObject();
        spec["Labels"]!["by"] = "hand";
        await scene.Manager.Call(HttpMethod.Post, $"services/{scene.ServiceName}/update?version={service["Version"]!["Index"]}", spec);
        await driver.Write(ClusterPlan.Of(scene.App, 2, await scene.Image("two"), one.Specification), stale, cancellation);
        ((string)(await scene.Service())!["Spec"]!["Labels"]!["pipelinebridge.sequence"]!).Should().Be("2");
        var older = () => driver.Write(ClusterPlan.Of(scene.App, 1, one.Image, one.Specification), stale, cancellation);
        await older.Should().ThrowAsync<PipelineBridge.Cluster.ClusterLockedException>("the Swarm refuses what was looked at before the newer was written");
        ((string)(await scene.Service())!["Spec"]!["Labels"]!["pipelinebridge.sequence"]!).Should().Be("2");
    }

    [Fact]
    public async Task Secrets_and_configs_come_by_name_and_one_that_is_missing_changes_nothing()
    {
        using var scene = new SwarmScene(fixture);
        var missing = await scene.Do(scene.Rollout(1, await scene.Image("one"), SwarmScene.Specification(more: "secrets: [no-such-secret]")));
        missing.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
        missing.Custom.Cause.Should().Be("The Swarm main has no secret of the name no-such-secret. Make it there: docker secret create no-such-secret FILE.");
        await scene.Manager.Call(HttpMethod.Post, "secrets/create", new JsonObject { ["Name"] = "greeting", ["Data"] = Convert.ToBase64String("hidden"u8) });
        await scene.Manager.Call(HttpMethod.Post, "configs/create", new JsonObject { ["Name"] = "page", ["Data"] = Convert.ToBase64String("from a config"u8) });
        await scene.Deployed(2, await scene.Image("files", before: "busybox test -s /run/secrets/greeting || exit 9"), SwarmScene.Specification(more: "secrets: [greeting]\nconfigs: [{name: page, path: /www/index.html}]"));
        (await scene.Answers()).Should().Equal("from a config");
    }

    [Fact]
    public async Task A_network_that_is_missing_changes_nothing()
    {
        using var scene = new SwarmScene(fixture);
        var outcome = await scene.Do(scene.Rollout(1, await scene.Image("one"), SwarmScene.Specification(more: "networks: [no-such-network]")));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
    }

    [Fact]
    public async Task A_manager_that_is_gone_is_passed_over()
    {
        using var scene = new SwarmScene(fixture);
        scene.Options = scene.Options with
        {
            Managers = [new EngineHostOptions("m0", new Uri("unix:///no/such/socket"), ""), new EngineHostOptions("w1", fixture.Nodes[1].Url, ""), .. scene.Options.Managers],
        };
        scene.NewHandler();
        await scene.Deployed(1, await scene.Image("one"));
        (await scene.Answers()).Should().Equal("one");
    }

    [Fact]
    public async Task A_process_that_died_after_the_write_is_followed_by_one_that_watches_on()
    {
        using var scene = new SwarmScene(fixture);
        var work = scene.Rollout(1, await scene.Image("one"));
        using (var process = new CancellationTokenSource())
        {
            var dying = scene.Do(work, process: process.Token);
            await ClusterScene.Until(scene.IsThere, "the service");
            await process.CancelAsync();
            await dying.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        var index = (long)(await scene.Service())!["Spec"]!["Labels"]!.AsObject().Count;
        scene.NewHandler();
        var outcome = await scene.Do(ClusterWorks.Again(work));
        outcome.End.Content.Should().BeOfType<ServiceDeployed>(outcome.ToString());
        (await scene.Service())!["Spec"]!["Labels"]!.AsObject().Should().HaveCount((int)index);
        (await scene.Service())!["PreviousSpec"].Should().BeNull("it was written once");
    }

    [Fact]
    public async Task A_cancel_takes_back_and_a_removal_leaves_nothing()
    {
        using var scene = new SwarmScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var work = scene.Rollout(2, await scene.Image("slow", before: "busybox sleep 600"), previous: one);
        var rolling = scene.Do(work);
        await ClusterScene.Until(async () => (string?)(await scene.Service())!["UpdateStatus"]?["State"] == "updating", "the update");
        (await scene.Do(scene.Cancel(work))).ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.TakenBack, FailureCategory.Cluster);
        (await rolling).ShouldHaveEnded(WorkResult.Cancelled, WorkEffect.TakenBack, FailureCategory.Cluster);
        (await scene.Answers()).Should().Equal("one");
        (await scene.Do(scene.Removal(3))).End.Content.Should().BeOfType<ServiceRemoved>();
        (await scene.IsThere()).Should().BeFalse();
    }
}
