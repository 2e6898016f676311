using System.Net;
using System.Net.Sockets;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Events;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Cluster.Engine;

[Trait("Needs", "root")]
public class EngineTroubleTests(EngineFixture fixture) : IClassFixture<EngineFixture>
{
    [Fact]
    public async Task A_port_that_is_taken_ends_the_rollout_at_once_and_names_the_host()
    {
        using var scene = new EngineScene(fixture);
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var specification = $"kind: service\nports: [{{container: 8080, host: {((IPEndPoint)taken.LocalEndpoint).Port}}}]\nhealth: {{path: /health}}";
        var outcome = await scene.Do(scene.Rollout(1, await scene.Image("one"), specification, seconds: 300));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Resources);
        outcome.Custom.Cause.Should().Be("A port that a new task needs is taken on h1 by something else.");
        outcome.EvidenceOf("answer of the engine").Should().Contain("address already in use");
        (await scene.Containers()).Should().BeEmpty();
    }

    [Fact]
    public async Task Many_rollouts_that_listen_leave_room_for_questions()
    {
        using var scene = new EngineScene(fixture);
        var driver = scene.NewDriver();
        var cancellation = TestContext.Current.CancellationToken;
        var listening = Enumerable.Range(0, 60).Select(_ => driver.Listen(scene.App)).ToList();
        try
        {
            await Task.Delay(1000, cancellation);
            var look = () => driver.Look(scene.App, cancellation);
            (await look.Should().NotThrowAsync()).Which.Should().BeNull();
        }
        finally
        {
            await Task.WhenAll(listening.Select(l => l.DisposeAsync().AsTask()));
        }
    }

    [Fact]
    public async Task Ports_that_others_have_are_passed_over_where_any_port_will_do()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var next = (int)(await scene.Containers()).Single()["Ports"]![0]!["PublicPort"]! + 1;
        // More than the engine itself tries for one container.
        var taken = Enumerable.Range(next, 25).Select(Taken).ToList();
        try
        {
            await scene.Deployed(2, await scene.Image("two"), previous: one);
            (await scene.Answers()).Should().Equal("two");
        }
        finally
        {
            taken.ForEach(t => t.Dispose());
        }
    }

    [Fact]
    public async Task A_fixed_port_passes_from_the_old_task_to_the_new_one_and_back_when_that_fails()
    {
        using var scene = new EngineScene(fixture);
        var port = FreePort.Take();
        var specification = $"kind: service\nstopSeconds: 1\nports: [{{container: 8080, host: {port}}}]\nhealth: {{path: /health}}";
        var one = await scene.Deployed(1, await scene.Image("one"), specification);
        var two = await scene.Deployed(2, await scene.Image("two"), specification, one);
        (await scene.Answers()).Should().Equal("two");
        var outcome = await scene.Do(scene.Rollout(3, await scene.Image("sick", healthy: false), specification, two, seconds: 25));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        (await scene.Answers()).Should().Equal("two");
        (await scene.Containers()).Should().ContainSingle();
    }

    [Fact]
    public async Task More_tasks_than_hosts_at_a_port_of_the_host_are_refused_and_nothing_is_changed()
    {
        using var scene = new EngineScene(fixture);
        var specification = $"kind: service\nstopSeconds: 1\nports: [{{container: 8080, host: {FreePort.Take()}}}]\nhealth: {{path: /health}}";
        var one = await scene.Deployed(1, await scene.Image("one"), specification);
        var outcome = await scene.Do(scene.Rollout(2, await scene.Image("two"), specification, one, replicas: 2));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
        outcome.Custom.Cause.Should().MatchRegex("^Port [0-9]+ of a host can be had by one task only, and 2 tasks were asked for on 1 host\\. Give replicas: 1, or leave host out of the port, so that a free one is found\\.$");
        (await scene.Answers()).Should().Equal("one");
    }

    [Fact]
    public async Task An_image_that_the_registry_does_not_have_changes_nothing()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var gone = $"{fixture.Registry}/portal:gone@{ClusterScene.Digest(9)}";
        var outcome = await scene.Do(scene.Rollout(2, gone, previous: one));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Image);
        outcome.Custom.Cause.Should().Be($"The engine h1 could not pull the image: {fixture.Registry} does not have it.");
        outcome.EvidenceOf("answer of the engine").Should().Contain("manifest");
        (await scene.Answers()).Should().Equal("one");
    }

    [Fact]
    public async Task A_missing_image_is_pulled_from_the_registry()
    {
        using var scene = new EngineScene(fixture);
        var image = await scene.Image("pulled");
        await scene.Engine.RemoveImage(image.Split('@')[0]);
        await scene.Deployed(1, image);
        (await scene.Answers()).Should().Equal("pulled");
    }

    [Fact]
    public async Task A_network_that_is_not_there_changes_nothing_and_one_that_is_is_joined()
    {
        using var scene = new EngineScene(fixture);
        var missing = await scene.Do(scene.Rollout(1, await scene.Image("one"), EngineScene.Specification(more: "networks: [backend-of-tests]")));
        missing.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
        missing.Custom.Cause.Should().Be("The engine h1 has no network of the name backend-of-tests. Make it there: docker network create backend-of-tests.");
        foreach (var name in new[] { "backend-of-tests", "metrics-of-tests" })
        {
            await scene.Engine.Call(HttpMethod.Post, "networks/create", new System.Text.Json.Nodes.JsonObject { ["Name"] = name });
        }
        await scene.Deployed(2, await scene.Image("one"), EngineScene.Specification(more: "networks: [backend-of-tests, metrics-of-tests]"));
        var seen = await scene.Engine.Call(HttpMethod.Get, $"containers/{(await scene.Running()).Single()}/json");
        seen!["NetworkSettings"]!["Networks"]!.AsObject().Select(n => n.Key).Should().BeEquivalentTo("backend-of-tests", "metrics-of-tests");
    }

    [Fact]
    public async Task A_directory_of_the_host_that_is_not_there_is_told_before_anything_changes()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var outcome = await scene.Do(scene.Rollout(2, await scene.Image("two"), EngineScene.Specification(2, more: "volumes: [{host: /no/such/directory, path: /data}]"), one));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
        outcome.EvidenceOf("last answer").Should().Contain("/no/such/directory");
        (await scene.Containers()).Should().ContainSingle();
    }

    [Fact]
    public async Task A_program_that_cannot_be_run_ends_the_rollout_at_once()
    {
        using var scene = new EngineScene(fixture);
        var outcome = await scene.Do(scene.Rollout(1, await scene.Image("one"), EngineScene.Specification(more: "command: [/no/such/program]"), seconds: 300));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Configuration);
        outcome.Custom.Cause.Should().Be("What the image or the specification says is to be run cannot be run.");
    }

    [Fact]
    public async Task An_engine_that_is_gone_defers_the_work()
    {
        using var scene = new EngineScene(fixture);
        scene.Options = scene.Options with { Hosts = [new EngineHostOptions("h9", new Uri("unix:///no/such/socket"), "127.0.0.1")] };
        var driver = scene.NewDriver();
        var look = () => driver.Look(scene.App, TestContext.Current.CancellationToken);
        (await look.Should().ThrowAsync<PipelineBridge.Cluster.ClusterUnreachableException>()).WithMessage("The engine h9 cannot be reached at unix:///no/such/socket.");
    }

    [Fact]
    public async Task A_container_of_the_name_that_is_somebody_elses_is_left_alone()
    {
        using var scene = new EngineScene(fixture);
        var image = await scene.Image("one");
        var work = scene.Rollout(1, image);
        var name = $"prod-{scene.App.App}-1-{work.Item.RequestId[2..8]}-1";
        await scene.Engine.Call(HttpMethod.Post, $"containers/create?name={name}", new System.Text.Json.Nodes.JsonObject { ["Image"] = image.Split('@')[0] });
        var outcome = await scene.Do(work);
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Cluster);
        outcome.Custom.Cause.Should().Contain(name);
        (await scene.Engine.Call(HttpMethod.Get, $"containers/{name}/json"))!["State"]!["Status"]!.GetValue<string>().Should().Be("created");
    }

    [Fact]
    public async Task The_engine_may_be_killed_in_the_middle_of_a_rollout()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        var slow = await scene.Image("slow", before: "echo warming up; busybox sleep 4");
        var rolling = scene.Do(scene.Rollout(2, slow, EngineScene.Specification(2), one, seconds: 300));
        await ClusterScene.Until(async () => (await scene.Containers()).Count == 3, "both new containers");
        await scene.Engine.Kill();
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        await scene.Engine.StartAgain();
        var outcome = await rolling;
        outcome.End.Content.Should().BeOfType<ServiceUpgraded>(outcome.ToString());
        (await scene.Containers()).Count(c => EngineScene.SequenceOf(c) == 2).Should().Be(2);
        (await scene.Do(scene.Retire(2))).End.Content.Should().Be(new DeploymentRetired("main", 1));
        (await scene.Answers()).Should().Equal("slow", "slow");
    }

    [Theory]
    [InlineData(-10)]
    [InlineData(10)]
    public async Task An_engine_whose_clock_is_wrong_by_minutes_is_deployed_to_explained_and_watched(int minutes)
    {
        using var scene = new EngineScene(fixture) { Clock = new ShiftedTime(TimeSpan.FromMinutes(minutes)) };
        scene.NewHandler();
        var one = await scene.Deployed(1, await scene.Image("warming up", before: "busybox sleep 2"), EngineScene.Specification(more: "beforeDeploy: {command: [/bin/sh, -c, busybox sleep 2]}"));
        var outcome = await scene.Do(scene.Rollout(2, await scene.Image("crash", before: "echo no database; exit 3"), previous: one, seconds: 25));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        outcome.EvidenceOf("last log").Should().Contain("no database");
        var seen = new WatchedApp(scene.App);
        seen.Expect(one.Image, 1);
        await seen.During(scene.NewWatcher(), () => ClusterScene.Until(() => seen.Endpoints is [_], "the endpoint"));
        await scene.Deployed(3, await scene.Image("three"), EngineScene.Specification(check: false), one);
    }

    [Theory]
    [InlineData(-10)]
    [InlineData(10)]
    public async Task A_rollout_that_another_process_goes_on_with_has_its_time_by_whatever_clock(int minutes)
    {
        using var scene = new EngineScene(fixture) { Clock = new ShiftedTime(TimeSpan.FromMinutes(minutes)) };
        scene.NewHandler();
        var work = scene.Rollout(1, await scene.Image("slow", before: "echo warming up; busybox sleep 6"));
        using (var process = new CancellationTokenSource())
        {
            var dying = scene.Do(work, process: process.Token);
            await ClusterScene.Until(async () => (await scene.Containers(all: false)).Count == 1, "the new task");
            await process.CancelAsync();
            await dying.Invoking(d => d).Should().ThrowAsync<OperationCanceledException>();
        }
        scene.NewHandler();
        var outcome = await scene.Do(EngineScene.Again(work));
        outcome.End.Content.Should().BeOfType<ServiceDeployed>(outcome.ToString());
    }

    [Fact]
    public async Task A_network_that_does_not_take_a_task_is_named_and_nothing_is_changed()
    {
        using var scene = new EngineScene(fixture);
        var one = await scene.Deployed(1, await scene.Image("one"));
        await scene.Engine.Call(HttpMethod.Post, "networks/create", new System.Text.Json.Nodes.JsonObject { ["Name"] = "first-of-tests" });
        // An engine gives no names in its own bridge.
        var outcome = await scene.Do(scene.Rollout(2, await scene.Image("two"), EngineScene.Specification(2, "networks: [first-of-tests, bridge]"), one));
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration);
        outcome.Custom.Cause.Should().Be("The engine h1 did not connect a container to the network bridge.");
        outcome.EvidenceOf("last answer").Should().Contain("user defined networks");
        (await scene.Containers()).Should().ContainSingle();
        (await scene.Answers()).Should().Equal("one");
    }

    static Socket Taken(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen();
        }
        catch (SocketException)
        {
            // Somebody has it already.
        }
        return socket;
    }
}
