using PipelineBridge.Events;

namespace PipelineBridge.Tests.Cluster.Marathon;

public class PortableOnMarathonTests
{
    [Theory]
    [InlineData("kind: service\nreplicas: 1")]
    [InlineData("kind: service\nreplicas: 2\ncommand: [serve]\nports: [80]\nhealth: {path: /health, intervalSeconds: 2}\nresources: {cpus: 0.5, memoryMiB: 64}\nenv: {A: \"1\"}")]
    public async Task What_runs_already_by_a_portable_specification_is_left_alone(string specification)
    {
        await using var scene = await ClusterScene.Start();
        (await scene.Do(scene.Rollout(1, specification))).End.Content.Should().BeOfType<ServiceDeployed>();

        var outcome = await scene.Do(scene.Rollout(2, specification, previous: 1, image: ClusterScene.Image(1)));

        outcome.Custom.AlreadyLive.Should().BeTrue(outcome.ToString());
        scene.Writes.Should().HaveCount(1);
    }

    [Fact]
    public async Task A_portable_specification_is_rolled_out_as_an_app()
    {
        await using var scene = await ClusterScene.Start();
        var outcome = await scene.Do(scene.Rollout(1, """
            kind: service
            replicas: 2
            command: [serve, --port, "80"]
            ports: [80, {container: 9090, protocol: udp}]
            health: {path: /health, intervalSeconds: 2, graceSeconds: 7}
            resources: {cpus: 0.5, memoryMiB: 64}
            env: {A: "1"}
            volumes: [{host: /etc/ssl, path: /ssl, readOnly: true}]
            stopSeconds: 20
            """));
        outcome.End.Content.Should().BeOfType<ServiceDeployed>(outcome.ToString());
        var app = (await scene.App())!;
        ((int)app["instances"]!, (double)app["cpus"]!, (double)app["mem"]!).Should().Be((2, 0.5, 64));
        app["args"]!.ToJsonString().Should().Be("""["serve","--port","80"]""");
        ((string)app["container"]!["docker"]!["image"]!).Should().Be(ClusterScene.Pinned(1));
        app["container"]!["portMappings"]!.AsArray().Select(p => $"{p!["containerPort"]}/{p["protocol"]}").Should().Equal("80/tcp", "9090/udp");
        ((string)app["healthChecks"]![0]!["path"]!, (int)app["healthChecks"]![0]!["gracePeriodSeconds"]!).Should().Be(("/health", 7));
        ((double)app["upgradeStrategy"]!["minimumHealthCapacity"]!, (int)app["taskKillGracePeriodSeconds"]!).Should().Be((1, 20));
        outcome = await scene.Do(scene.Rollout(2, "kind: service\nports: [80]\nhealth: {command: [test, -e, \"it's\"]}", previous: 1));
        outcome.End.Content.Should().BeOfType<ServiceUpgraded>(outcome.ToString());
        ((string)(await scene.App())!["healthChecks"]![0]!["command"]!["value"]!).Should().Be(@"test -e 'it'\''s'");
    }
}
