using System.Text.Json.Nodes;
using PipelineBridge.Simulators.Marathon;
using static PipelineBridge.Tests.Simulators.Marathon.RunningMarathon;

namespace PipelineBridge.Tests.Simulators.Marathon;

public sealed class MarathonDeploymentTests : IAsyncLifetime
{
    RunningMarathon marathon = null!;

    public async ValueTask InitializeAsync() => marathon = await Start();

    public ValueTask DisposeAsync() => marathon.DisposeAsync();

    [Fact]
    public async Task A_new_app_is_staged_starts_runs_and_is_healthy_in_its_time_and_then_its_deployment_is_gone()
    {
        var id = await marathon.Put("/v2/apps/prod/portal", App(instances: 2), 201);
        (await marathon.Get("/v2/deployments")).AsArray().Should().BeEmpty("a deployment is missing from the list at first");

        marathon.Time.Step(0.05);
        var listed = (await marathon.Get("/v2/deployments"))[0]!;
        listed["id"]!.GetValue<string>().Should().Be(id);
        listed["currentStep"]!.GetValue<int>().Should().Be(0);
        listed["totalSteps"]!.GetValue<int>().Should().Be(2);
        listed["steps"]!.ToJsonString().Should().Be(
            """[{"actions":[{"action":"StartApplication","app":"/prod/portal"}]},{"actions":[{"action":"ScaleApplication","app":"/prod/portal"}]}]""");

        foreach (var (wait, state, staged, running, healthy) in new[]
        {
            (0.1, "TASK_STAGING", 2, 0, 0), (0.3, "TASK_STARTING", 0, 0, 0), (0.5, "TASK_RUNNING", 0, 2, 0),
        })
        {
            marathon.Time.Step(wait);
            var app = await marathon.App("/prod/portal");
            app["tasks"]!.AsArray().Select(task => task!["state"]!.GetValue<string>()).Should().Equal(state, state);
            app["tasksStaged"]!.GetValue<int>().Should().Be(staged);
            app["tasksRunning"]!.GetValue<int>().Should().Be(running);
            app["tasksHealthy"]!.GetValue<int>().Should().Be(healthy);
            app["deployments"]![0]!["id"]!.GetValue<string>().Should().Be(id);
        }

        marathon.Time.Step(1);
        var live = await marathon.App("/prod/portal");
        live["tasksHealthy"]!.GetValue<int>().Should().Be(2);
        live["deployments"]!.AsArray().Should().BeEmpty();
        var tasks = live["tasks"]!.AsArray();
        tasks.Select(task => task!["version"]!.GetValue<string>()).Should().AllBe(live["version"]!.GetValue<string>());
        tasks.Select(task => task!["ports"]![0]!.GetValue<int>()).Should().OnlyHaveUniqueItems().And.OnlyContain(port => port >= 31000);
        tasks.Select(task => task!["host"]!.GetValue<string>()).Should().OnlyHaveUniqueItems();
        marathon.States(id).Should().Equal("started", "succeeded");
    }

    [Fact]
    public async Task An_upgrade_starts_new_tasks_first_and_ends_one_old_one_for_each_that_is_healthy()
    {
        await marathon.Live("/portal", App(instances: 2));
        var old = Versions(await marathon.App("/portal")).ToHashSet();
        await marathon.Put("/v2/apps/portal", App("registry/portal:2", 2));
        var most = 0;
        var least = int.MaxValue;
        for (var at = 0; at < 60; at++)
        {
            marathon.Time.Step(0.1);
            var app = await marathon.App("/portal");
            most = Math.Max(most, app["tasks"]!.AsArray().Count);
            least = Math.Min(least, app["tasksHealthy"]!.GetValue<int>());
        }

        most.Should().Be(4, "maximumOverCapacity is 1");
        least.Should().Be(2, "minimumHealthCapacity is 1");
        var live = await marathon.App("/portal");
        Versions(live).Should().HaveCount(2).And.OnlyContain(version => version == live["version"]!.GetValue<string>());
        Versions(live).Should().NotContain(version => old.Contains(version));
    }

    [Theory]
    [InlineData(1, 0, 4, 5)] // no room: one extra is allowed
    [InlineData(0.5, 0, 2, 4)] // half may go, no more than four at once
    [InlineData(0.5, 0.5, 2, 6)]
    [InlineData(0, 0, 0, 4)]
    public async Task Upgrades_keep_to_the_capacities_of_their_strategy(double minimumHealth, double maximumOver, int leastHealthy, int mostTasks)
    {
        var strategy = new JsonObject { ["minimumHealthCapacity"] = minimumHealth, ["maximumOverCapacity"] = maximumOver };
        await marathon.Live("/portal", App(instances: 4, more: ("upgradeStrategy", strategy)));
        var id = await marathon.Put("/v2/apps/portal", App("registry/portal:2", 4));
        var (least, most) = (int.MaxValue, 0);
        for (var at = 0; at < 200; at++)
        {
            marathon.Time.Step(0.1);
            var app = await marathon.App("/portal");
            least = Math.Min(least, app["tasks"]!.AsArray().Count(task =>
                task!["state"]!.GetValue<string>() == "TASK_RUNNING" && task["healthCheckResults"]?[0]!["alive"]!.GetValue<bool>() == true));
            most = Math.Max(most, app["tasks"]!.AsArray().Count);
        }

        marathon.States(id).Should().Contain("succeeded");
        least.Should().Be(leastHealthy);
        most.Should().Be(mostTasks);
    }

    [Fact]
    public async Task A_locked_app_refuses_a_change_with_the_ids_of_the_deployments_and_force_cancels_them()
    {
        await marathon.Live("/portal", App());
        marathon.Simulator.Script(new TaskBehavior { App = "/portal", NeverHealthy = true });
        var first = await marathon.Put("/v2/apps/portal", App("registry/portal:2"));

        var (status, body) = await marathon.Send(HttpMethod.Put, "/v2/apps/portal", App("registry/portal:3"));

        status.Should().Be(409);
        JsonNode.DeepEquals(body, new JsonObject
        {
            ["message"] = "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
            ["deployments"] = new JsonArray(new JsonObject { ["id"] = first }),
        }).Should().BeTrue("it is {0}", body!.ToJsonString());
        (await marathon.App("/portal"))["container"]!["docker"]!["image"]!.GetValue<string>().Should().Be("registry/portal:2");
        (await marathon.Get("/v2/apps/portal/versions"))["versions"]!.AsArray().Should().HaveCount(3, "refused versions are stored too");

        marathon.Simulator.ClearScript();
        var second = await marathon.Put("/v2/apps/portal?force=true", App("registry/portal:3"));
        marathon.Time.Step(10);
        marathon.States(first).Should().Equal("started", "failed");
        marathon.States(second).Should().Equal("started", "succeeded");
        (await marathon.App("/portal"))["tasks"]!.AsArray().Should().ContainSingle();
    }

    [Fact]
    public async Task A_change_past_the_most_deployments_at_once_is_a_403()
    {
        await using var full = await Start(options => options with { MaxRunningDeployments = 1 });
        await full.Put("/v2/apps/one", App(), 201);
        var (status, body) = await full.Send(HttpMethod.Put, "/v2/apps/two", App());
        status.Should().Be(403);
        body!["message"]!.GetValue<string>().Should().StartWith("Max number (1) of running deployments is achieved.");
    }

    [Fact]
    public async Task A_deployment_whose_tasks_never_become_healthy_never_ends_and_says_why()
    {
        await marathon.Live("/portal", App(instances: 2));
        marathon.Simulator.Script(new TaskBehavior { Image = "portal:2", NeverHealthy = true, ProbeAnswer = "503 migrations pending" });
        var id = await marathon.Put("/v2/apps/portal", App("registry/portal:2", 2));

        marathon.Time.Step(600);

        var app = await marathon.App("/portal");
        app["deployments"]![0]!["id"]!.GetValue<string>().Should().Be(id);
        app["tasksHealthy"]!.GetValue<int>().Should().Be(2, "the old tasks stay");
        var failure = app["lastTaskFailure"]!;
        failure["state"]!.GetValue<string>().Should().Be("TASK_KILLED");
        failure["message"]!.GetValue<string>().Should().Be("Task was killed since health check failed. Reason: 503 migrations pending");
        failure["version"]!.GetValue<string>().Should().Be(app["version"]!.GetValue<string>());
        marathon.States(id).Should().Equal("started");
    }

    [Fact]
    public async Task Taking_back_an_upgrade_is_a_new_deployment_to_the_definition_before_and_gives_it_a_new_version()
    {
        await marathon.Live("/portal", App());
        var first = (await marathon.App("/portal"))["tasks"]![0]!["id"]!.GetValue<string>();
        marathon.Simulator.Script(new TaskBehavior { Image = "portal:2", NeverHealthy = true });
        var bad = await marathon.Put("/v2/apps/portal", App("registry/portal:2"));
        marathon.Time.Step(5);
        var badVersion = (await marathon.App("/portal"))["version"]!.GetValue<string>();

        var (status, body) = await marathon.Send(HttpMethod.Delete, "/v2/deployments/" + bad);
        marathon.Time.Step(10);

        status.Should().Be(200);
        marathon.States(bad).Should().Equal("started", "failed");
        marathon.States(body!["deploymentId"]!.GetValue<string>()).Should().Equal("started", "succeeded");
        var app = await marathon.App("/portal");
        app["container"]!["docker"]!["image"]!.GetValue<string>().Should().Be("registry/portal:1");
        string.CompareOrdinal(app["version"]!.GetValue<string>(), badVersion).Should().BePositive();
        app["tasks"]!.AsArray().Should().ContainSingle()
            .Which!["id"]!.GetValue<string>().Should().NotBe(first, "the task that still served is of an older version too");
    }

    [Fact]
    public async Task Taking_back_a_first_deployment_deletes_the_app()
    {
        var id = await marathon.Put("/v2/apps/portal", App(), 201);
        marathon.Time.Step(0.2);
        (await marathon.Send(HttpMethod.Delete, "/v2/deployments/" + id)).Status.Should().Be(200);
        marathon.Time.Step(5);
        var (status, body) = await marathon.Send(HttpMethod.Get, "/v2/apps/portal");
        status.Should().Be(404);
        body!["message"]!.GetValue<string>().Should().Be("App '/portal' does not exist");
        (await marathon.Get("/v2/tasks"))["tasks"]!.AsArray().Should().BeEmpty();
    }

    [Fact]
    public async Task Stopping_a_deployment_by_force_answers_202_without_a_body_and_leaves_tasks_of_both_versions()
    {
        await marathon.Live("/portal", App());
        marathon.Simulator.Script(new TaskBehavior { Image = "portal:2", NeverHealthy = true });
        var id = await marathon.Put("/v2/apps/portal", App("registry/portal:2"));
        marathon.Time.Step(3);

        var (status, body) = await marathon.Send(HttpMethod.Delete, $"/v2/deployments/{id}?force=true");

        status.Should().Be(202);
        body.Should().BeNull();
        Versions(await marathon.App("/portal")).Should().HaveCount(2).And.OnlyHaveUniqueItems();
        (await marathon.Send(HttpMethod.Delete, "/v2/deployments/" + id)).Should().BeEquivalentTo(
            (404, (JsonNode?)null), options => options.Excluding(pair => pair.Item2));
    }

    [Fact]
    public async Task Removing_an_app_stops_its_tasks()
    {
        await marathon.Live("/portal", App(instances: 2));
        (await marathon.Send(HttpMethod.Delete, "/v2/apps/portal")).Status.Should().Be(200);
        (await marathon.Send(HttpMethod.Get, "/v2/apps/portal")).Status.Should().Be(404);
        marathon.Time.Step(0.15);
        (await marathon.Get("/v2/tasks"))["tasks"]!.AsArray().Select(task => task!["state"]!.GetValue<string>())
            .Should().Equal("TASK_KILLING", "TASK_KILLING");
        marathon.Time.Step(1);
        (await marathon.Get("/v2/tasks"))["tasks"]!.AsArray().Should().BeEmpty();
        (await marathon.Send(HttpMethod.Get, "/v2/apps/portal/versions")).Status.Should().Be(404);
    }

    [Fact]
    public async Task A_deployment_of_somebody_else_locks_an_app_until_its_time_is_over()
    {
        await marathon.Live("/portal", App());
        var foreign = marathon.Simulator.LockApp("/portal", TimeSpan.FromSeconds(3));
        (await marathon.Send(HttpMethod.Put, "/v2/apps/portal", App("registry/portal:2"))).Status.Should().Be(409);
        (await marathon.App("/portal"))["deployments"]![0]!["id"]!.GetValue<string>().Should().Be(foreign);
        marathon.Time.Step(3);
        await marathon.Put("/v2/apps/portal", App("registry/portal:2"));
    }

    static IEnumerable<string> Versions(JsonNode app) => app["tasks"]!.AsArray().Select(task => task!["version"]!.GetValue<string>());
}
