using System.Text.Json.Nodes;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Events;
using PipelineBridge.Tests.Registry;

namespace PipelineBridge.Tests.Cluster.Swarm;

[Collection(SharedSwarm.Name), Trait("Needs", "root")]
public class SwarmTroubleTests(SwarmFixture fixture)
{
    [Fact]
    public async Task Nodes_pull_with_the_credentials_of_the_configuration()
    {
        using var scene = new SwarmScene(fixture);
        var image = await fixture.GuardedImage("signed in");
        SignIn(scene, DockerRegistry.Password);
        await scene.Deployed(1, image, SwarmScene.Specification(2));
        (await scene.Answers()).Should().Equal("signed in", "signed in");
        var login = (await scene.Service())!["Spec"]!.ToJsonString();
        login.Should().NotContain(DockerRegistry.Password);
    }

    [Fact]
    public async Task Nodes_that_are_not_let_in_are_told_and_what_served_goes_on()
    {
        using var scene = new SwarmScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var image = await fixture.GuardedImage("never seen");
        SignIn(scene, "a wrong one");
        var outcome = await scene.Do(scene.Rollout(2, image, previous: one));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Image);
        outcome.Custom.Cause.Should().StartWith("A node could not pull the image: its registry does not have it, or does not let the node in; ");
        (await scene.Answers()).Should().Equal("one");
    }

    [Theory]
    [InlineData("secret")]
    [InlineData("config")]
    public async Task A_secret_or_config_that_is_not_there_is_named_and_what_serves_is_not_touched(string kind)
    {
        using var scene = new SwarmScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var (before, version) = (await scene.TaskIds(), (long)(await scene.Service())!["Version"]!["Index"]!);
        var outcome = await scene.Do(scene.Rollout(2, await scene.Image("two"), SwarmScene.Specification(more: $"{kind}s: [forgotten]"), one));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
        outcome.Custom.Cause.Should().Be($"The Swarm main has no {kind} of the name forgotten. Make it there: docker {kind} create forgotten FILE.");
        (await scene.TaskIds()).Should().Equal(before);
        ((long)(await scene.Service())!["Version"]!["Index"]!).Should().Be(version, "nothing was written");
    }

    [Fact]
    public async Task A_first_task_without_a_check_that_ends_at_once_is_no_success()
    {
        using var scene = new SwarmScene(fixture);
        var image = await scene.Image("short", before: "busybox sleep 1; echo no database; exit 3");
        var outcome = await scene.Do(scene.Rollout(1, image, SwarmScene.Specification(check: false), seconds: 60));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        outcome.Custom.Cause.Should().Contain("with exit code 3");
    }

    [Fact]
    public async Task A_task_that_uses_more_memory_than_it_may_is_said_to_have_done_so_probably()
    {
        using var scene = new SwarmScene(fixture);
        var image = await scene.Image("greedy", before: "x=0123456789; while true; do x=$x$x; done");
        var outcome = await scene.Do(scene.Rollout(1, image, SwarmScene.Specification(more: "resources: {memoryMiB: 16}"), seconds: 60));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Resources);
        outcome.Custom.Cause.Should().Contain(" with exit code 137, probably for using more memory than it may (16 MiB); 0 of 1 came up");
    }

    [Fact]
    public async Task A_check_that_only_the_image_has_is_waited_for_and_the_end_says_unchecked_all_the_same()
    {
        using var scene = new SwarmScene(fixture);
        var one = await fixture.WithCheck(await scene.Image("one"), "/www/health");
        var outcome = await scene.Do(scene.Rollout(1, one, SwarmScene.Specification(check: false)));
        outcome.End.Content.Should().BeOfType<ServiceDeployed>(outcome.ToString());
        outcome.Custom.Unchecked.Should().BeTrue();
        var sick = await fixture.WithCheck(await scene.Image("one"), "/www/missing");
        outcome = await scene.Do(scene.Rollout(2, sick, SwarmScene.Specification(check: false), (1, one, SwarmScene.Specification(check: false))));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
    }

    [Fact]
    public async Task A_service_of_the_same_name_that_is_not_ours_is_named_at_once_and_left_alone()
    {
        using var scene = new SwarmScene(fixture);
        await scene.Manager.Call(HttpMethod.Post, "services/create", new JsonObject
        {
            ["Name"] = scene.ServiceName,
            ["Mode"] = new JsonObject { ["Replicated"] = new JsonObject { ["Replicas"] = 0 } },
            ["TaskTemplate"] = new JsonObject { ["ContainerSpec"] = new JsonObject { ["Image"] = "somebody/else:1" } },
        });
        var before = (await scene.Service())!.ToJsonString();
        var outcome = await scene.Do(scene.Rollout(1, await scene.Image("one")));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Cluster);
        outcome.Custom.Cause.Should().Be($"The Swarm main has a service of the name {scene.ServiceName} already, which is not this bridge's.");
        (await scene.Service())!.ToJsonString().Should().Be(before);
        await scene.Manager.Call(HttpMethod.Delete, $"services/{scene.ServiceName}");
    }

    void SignIn(SwarmScene scene, string password)
    {
        scene.Options = scene.Options with { Logins = new Dictionary<string, RegistryLogin> { [fixture.Guarded] = new(DockerRegistry.User, () => password) } };
        scene.NewHandler();
    }
}
