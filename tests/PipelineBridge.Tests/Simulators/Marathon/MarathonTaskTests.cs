using System.Text.Json.Nodes;
using PipelineBridge.Simulators.Marathon;
using static PipelineBridge.Tests.Simulators.Marathon.RunningMarathon;

namespace PipelineBridge.Tests.Simulators.Marathon;

public sealed class MarathonTaskTests : IAsyncLifetime
{
    RunningMarathon marathon = null!;

    public async ValueTask InitializeAsync() => marathon = await Start();

    public ValueTask DisposeAsync() => marathon.DisposeAsync();

    [Fact]
    public async Task A_task_that_crashes_is_started_again_after_a_delay_that_grows_and_its_deployment_goes_on()
    {
        marathon.Simulator.Script(new TaskBehavior { CrashAfterMilliseconds = 100, CrashMessage = "Container exited with status 3" });
        var id = await marathon.Put("/v2/apps/portal", App(more: [("backoffSeconds", 10), ("backoffFactor", 2)]), 201);

        marathon.Time.Step(200);

        var app = await marathon.App("/portal");
        app["lastTaskFailure"]!["message"]!.GetValue<string>().Should().Be("Container exited with status 3");
        app["lastTaskFailure"]!["state"]!.GetValue<string>().Should().Be("TASK_FAILED");
        app["deployments"]![0]!["id"]!.GetValue<string>().Should().Be(id);
        var failed = Times("TASK_FAILED");
        var staged = Times("TASK_STAGING").Skip(1);
        failed.Zip(staged, (end, start) => Math.Round((start - end).TotalSeconds)).Should().Equal(10, 20, 40, 80);
    }

    [Fact]
    public async Task Between_two_starts_the_queue_tells_how_long_it_waits_and_a_reset_starts_at_once()
    {
        marathon.Simulator.Script(new TaskBehavior { CrashAfterMilliseconds = 100, Times = 1 });
        await marathon.Put("/v2/apps/portal", App(more: ("backoffSeconds", 100)), 201);
        marathon.Time.Step(2);

        var item = (await marathon.Get("/v2/queue"))["queue"]![0]!;
        item["delay"]!["overdue"]!.GetValue<bool>().Should().BeFalse();
        item["delay"]!["timeLeftSeconds"]!.GetValue<int>().Should().Be(99);
        item["app"]!["id"]!.GetValue<string>().Should().Be("/portal");

        (await marathon.Send(HttpMethod.Delete, "/v2/queue/portal/delay")).Status.Should().Be(204);
        marathon.Time.Step(3);
        (await marathon.App("/portal"))["tasksHealthy"]!.GetValue<int>().Should().Be(1);
        (await marathon.Get("/v2/queue"))["queue"]!.AsArray().Should().BeEmpty();
    }

    [Fact]
    public async Task An_image_that_cannot_be_pulled_fails_the_task_before_it_starts()
    {
        marathon.Simulator.Script(new TaskBehavior { Image = "portal:gone", PullFailure = "Failed to launch container: manifest unknown" });
        await marathon.Put("/v2/apps/portal", App("registry/portal:gone"), 201);
        marathon.Time.Step(30);
        var app = await marathon.App("/portal");
        app["lastTaskFailure"]!["message"]!.GetValue<string>().Should().Contain("manifest unknown");
        app["lastTaskFailure"]!["version"]!.GetValue<string>().Should().Be(app["version"]!.GetValue<string>());
        Times("TASK_RUNNING").Should().BeEmpty();
        Times("TASK_FAILED").Should().HaveCountGreaterThan(5);
    }

    [Fact]
    public async Task Without_an_offer_that_suits_tasks_wait_in_the_queue_which_says_why()
    {
        marathon.Simulator.Script(new TaskBehavior { App = "/portal", NoOffers = ["InsufficientMemory"] });
        await marathon.Put("/v2/apps/portal", App(instances: 2), 201);
        marathon.Time.Step(60);

        var item = (await marathon.Get("/v2/queue"))["queue"]![0]!;
        item["count"]!.GetValue<int>().Should().Be(2);
        item["delay"]!["overdue"]!.GetValue<bool>().Should().BeTrue();
        var reasons = item["processedOffersSummary"]!["rejectSummaryLastOffers"]!.AsArray();
        reasons.Single(one => one!["declined"]!.GetValue<int>() > 0)!["reason"]!.GetValue<string>().Should().Be("InsufficientMemory");
        reasons.Single(one => one!["reason"]!.GetValue<string>() == "InsufficientDisk")!["processed"]!.GetValue<int>().Should().Be(0);
        (await marathon.App("/portal"))["tasks"]!.AsArray().Should().BeEmpty();

        marathon.Simulator.ClearScript("/portal");
        marathon.Time.Step(5);
        (await marathon.App("/portal"))["tasksHealthy"]!.GetValue<int>().Should().Be(2);
    }

    [Fact]
    public async Task Failed_probes_do_not_count_in_the_grace_period_and_one_more_than_the_most_kills()
    {
        // Runs at 0.9 s, is probed from 1.9 s every 2 s; 5 s of grace end at 5.9 s; two failures may pass.
        marathon.Simulator.Script(new TaskBehavior { NeverHealthy = true, Times = 1 });
        await marathon.Put("/v2/apps/portal", App(), 201);
        marathon.Time.Step(5.8);
        var health = (await marathon.App("/portal"))["tasks"]![0]!["healthCheckResults"]![0]!;
        health["consecutiveFailures"]!.GetValue<int>().Should().Be(0);
        health["lastFailureCause"].Should().BeNull();

        marathon.Time.Step(3);
        health = (await marathon.App("/portal"))["tasks"]![0]!["healthCheckResults"]![0]!;
        health["consecutiveFailures"]!.GetValue<int>().Should().Be(2);
        health["alive"]!.GetValue<bool>().Should().BeFalse();
        health["lastFailureCause"]!.GetValue<string>().Should().Be("503 Service Unavailable");
        (await marathon.App("/portal"))["tasks"]![0]!["state"]!.GetValue<string>().Should().Be("TASK_RUNNING");

        marathon.Time.Step(1.2);
        (await marathon.App("/portal"))["tasks"]![0]!["state"]!.GetValue<string>().Should().Be("TASK_KILLING");
        marathon.Time.Step(5);
        (await marathon.App("/portal"))["tasksHealthy"]!.GetValue<int>().Should().Be(1, "the next task was not scripted, and no delay kept it");
    }

    [Fact]
    public async Task A_task_that_turns_sick_is_not_alive_after_one_failure()
    {
        marathon.Simulator.Script(new TaskBehavior { UnhealthyAfterMilliseconds = 20_000, Times = 1 });
        await marathon.Live("/portal", App());
        (await marathon.App("/portal"))["tasksHealthy"]!.GetValue<int>().Should().Be(1);
        marathon.Time.Step(13);
        var app = await marathon.App("/portal");
        app["tasksHealthy"]!.GetValue<int>().Should().Be(0);
        app["tasksUnhealthy"]!.GetValue<int>().Should().Be(1);
    }

    [Fact]
    public async Task Without_a_health_check_running_is_enough_and_nothing_counts_as_healthy()
    {
        var app = App();
        app.Remove("healthChecks");
        await marathon.Live("/portal", app);
        var read = await marathon.App("/portal");
        read["tasksRunning"]!.GetValue<int>().Should().Be(1);
        read["tasksHealthy"]!.GetValue<int>().Should().Be(0);
        read["tasksUnhealthy"]!.GetValue<int>().Should().Be(0);
    }

    [Fact]
    public async Task A_killed_task_is_replaced_and_killed_with_scale_it_is_not()
    {
        await marathon.Live("/portal", App(instances: 3));
        var ids = await Ids();

        var (_, one) = await marathon.Send(HttpMethod.Delete, "/v2/apps/portal/tasks/" + ids[0]);
        one!["task"]!["id"]!.GetValue<string>().Should().Be(ids[0]);
        marathon.Time.Step(5);
        var after = await Ids();
        after.Should().HaveCount(3).And.NotContain(ids[0]).And.Contain(ids.Skip(1));

        await Deployed(await marathon.Send(HttpMethod.Delete, $"/v2/apps/portal/tasks/{ids[1]}?scale=true"));
        (await Ids()).Should().HaveCount(2).And.NotContain(ids[1]);
        (await marathon.App("/portal"))["instances"]!.GetValue<int>().Should().Be(2);

        await Deployed(await marathon.Send(HttpMethod.Post, "/v2/tasks/delete?scale=true", new JsonObject { ["ids"] = new JsonArray(ids[2]) }));
        (await Ids()).Should().HaveCount(1).And.NotContain(ids[2]);

        (await marathon.Send(HttpMethod.Delete, "/v2/apps/portal/tasks?scale=true&wipe=true")).Status.Should().Be(400);
        (await marathon.Send(HttpMethod.Delete, "/v2/apps/portal/tasks/x")).Status.Should().Be(404);
        var (_, all) = await marathon.Send(HttpMethod.Delete, "/v2/apps/portal/tasks");
        all!["tasks"]!.AsArray().Should().ContainSingle();
    }

    [Fact]
    public async Task A_task_that_is_lost_is_replaced_and_told_as_the_last_failure()
    {
        await marathon.Live("/portal", App(instances: 2));
        var lost = marathon.Simulator.EndTasks("/portal", "TASK_LOST", "Agent is gone");
        (await marathon.App("/portal"))["lastTaskFailure"]!["taskId"]!.GetValue<string>().Should().Be(lost.Should().ContainSingle().Subject);
        marathon.Time.Step(5);
        (await marathon.App("/portal"))["tasksHealthy"]!.GetValue<int>().Should().Be(2);
    }

    [Fact]
    public async Task An_old_task_that_dies_in_an_upgrade_is_not_started_again()
    {
        await marathon.Live("/portal", App(instances: 2));
        marathon.Simulator.Script(new TaskBehavior { Image = "portal:2", NeverHealthy = true });
        await marathon.Put("/v2/apps/portal", App("registry/portal:2", 2));
        marathon.Time.Step(3);
        marathon.Simulator.EndTasks("/portal", "TASK_FAILED", "gone");
        marathon.Time.Step(3);
        var app = await marathon.App("/portal");
        app["tasks"]!.AsArray().Count(task => task!["version"]!.GetValue<string>() != app["version"]!.GetValue<string>()).Should().Be(1);
    }

    [Fact]
    public async Task A_behaviour_that_contradicts_itself_is_refused_with_each_mistake()
    {
        var script = () => marathon.Simulator.Script(new TaskBehavior { App = "portal", Times = 0, NoOffers = ["NoRoom"] });
        script.Should().Throw<ArgumentException>().Which.Message.Should()
            .Contain("app is \"portal\"").And.Contain("times is 0").And.Contain("noOffers has \"NoRoom\"");
        await Task.CompletedTask;
    }

    async Task<List<string>> Ids() =>
        [.. (await marathon.App("/portal"))["tasks"]!.AsArray().Select(task => task!["id"]!.GetValue<string>())];

    async Task Deployed((int Status, JsonNode? Body) answer)
    {
        answer.Status.Should().Be(200);
        marathon.Time.Step(5);
        marathon.States(answer.Body!["deploymentId"]!.GetValue<string>()).Should().Equal("started", "succeeded");
        (await marathon.Get("/v2/deployments")).AsArray().Should().BeEmpty();
    }

    List<DateTimeOffset> Times(string state) =>
        [.. marathon.Simulator.Happenings.Where(one => one.Kind == "task" && one.State == state).Select(one => one.Time)];
}
