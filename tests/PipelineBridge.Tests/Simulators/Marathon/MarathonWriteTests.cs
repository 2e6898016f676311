using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using static PipelineBridge.Tests.Simulators.Marathon.RunningMarathon;

namespace PipelineBridge.Tests.Simulators.Marathon;

public sealed class MarathonWriteTests : IAsyncLifetime
{
    RunningMarathon marathon = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => marathon = await Start();

    public ValueTask DisposeAsync() => marathon.DisposeAsync();

    [Fact]
    public async Task A_new_app_answers_201_with_its_place_and_its_deployment_in_body_and_header()
    {
        using var answer = await marathon.Http.PutAsJsonAsync("/v2/apps/prod/portal", App(), Cancellation);

        ((int)answer.StatusCode).Should().Be(201);
        answer.Headers.Location.Should().Be(new Uri(marathon.Simulator.Url, "/prod/portal"));
        var body = (await answer.Content.ReadFromJsonAsync<JsonObject>(Cancellation))!;
        body.Select(field => field.Key).Should().Equal("version", "deploymentId");
        answer.Headers.GetValues("Marathon-Deployment-Id").Should().Equal(body["deploymentId"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_partial_update_replaces_fields_at_the_top_level_whole_and_leaves_the_others()
    {
        var env = new JsonObject { ["A"] = "1", ["B"] = "2" };
        await marathon.Live("/portal", App(instances: 3, more: [("env", env), ("cmd", "serve")]));

        await marathon.Put("/v2/apps/portal", new JsonObject { ["env"] = new JsonObject { ["C"] = "3" }, ["cmd"] = null });

        var app = await marathon.App("/portal");
        app["env"]!.ToJsonString().Should().Be("""{"C":"3"}""");
        app["instances"]!.GetValue<int>().Should().Be(3);
        app["cmd"]!.GetValue<string>().Should().Be("serve", "null is as good as absent");
        app["container"]!["docker"]!["image"]!.GetValue<string>().Should().Be("registry/portal:1");
    }

    [Fact]
    public async Task A_replacement_gives_defaults_to_what_it_leaves_out_and_one_instance()
    {
        await marathon.Live("/portal", App(instances: 3, more: ("labels", new JsonObject { ["team"] = "web" })));
        var sent = App();
        sent.Remove("instances");

        await marathon.Put("/v2/apps/portal?partialUpdate=false", sent);

        var app = await marathon.App("/portal");
        app["instances"]!.GetValue<int>().Should().Be(1);
        app["labels"]!.AsObject().Should().BeEmpty();
    }

    [Fact]
    public async Task The_same_again_has_no_steps_ends_at_once_and_changes_no_version_and_no_task()
    {
        await marathon.Live("/portal", App(instances: 2));
        var before = await marathon.App("/portal");

        var id = await marathon.Put("/v2/apps/portal?partialUpdate=false", App(instances: 2));

        marathon.States(id).Should().Equal("started", "succeeded");
        JsonNode.DeepEquals(await marathon.App("/portal"), before).Should().BeTrue();
    }

    [Fact]
    public async Task A_change_of_instances_alone_scales_and_leaves_tasks_at_their_version()
    {
        await marathon.Live("/portal", App(instances: 1));
        var before = await marathon.App("/portal");

        await marathon.Put("/v2/apps/portal", new JsonObject { ["instances"] = 2 });
        marathon.Time.Step(0.1);
        (await marathon.Get("/v2/deployments"))[0]!["steps"]!.ToJsonString().Should().Be(
            """[{"actions":[{"action":"ScaleApplication","app":"/portal"}]}]""");
        marathon.Time.Step(5);

        var app = await marathon.App("/portal");
        app["versionInfo"]!["lastConfigChangeAt"]!.GetValue<string>().Should().Be(before["version"]!.GetValue<string>());
        app["versionInfo"]!["lastScalingAt"]!.GetValue<string>().Should().Be(app["version"]!.GetValue<string>());
        app["tasks"]!.AsArray().Select(task => task!["version"]!.GetValue<string>()).Should()
            .BeEquivalentTo(before["version"]!.GetValue<string>(), app["version"]!.GetValue<string>());
        app["tasks"]![0]!["id"]!.GetValue<string>().Should().Be(before["tasks"]![0]!["id"]!.GetValue<string>());
    }

    [Fact]
    public async Task Labels_are_kept_with_each_version_and_a_change_of_them_replaces_the_tasks()
    {
        await marathon.Live("/portal", App(more: ("labels", new JsonObject { ["request"] = "d-1" })));
        var before = await marathon.App("/portal");

        await marathon.Put("/v2/apps/portal", new JsonObject { ["labels"] = new JsonObject { ["request"] = "d-2" } });
        marathon.Time.Step(10);

        var app = await marathon.App("/portal");
        app["labels"]!["request"]!.GetValue<string>().Should().Be("d-2");
        app["tasks"]![0]!["id"]!.GetValue<string>().Should().NotBe(before["tasks"]![0]!["id"]!.GetValue<string>());
        var versions = (await marathon.Get("/v2/apps/portal/versions"))["versions"]!.AsArray().Select(one => one!.GetValue<string>()).ToList();
        versions.Should().Equal(app["version"]!.GetValue<string>(), before["version"]!.GetValue<string>());
        (await marathon.Get("/v2/apps/portal/versions/" + versions[1]))["labels"]!["request"]!.GetValue<string>().Should().Be("d-1");
    }

    [Fact]
    public async Task A_version_in_an_update_goes_back_to_it_and_nothing_may_stand_beside_it()
    {
        await marathon.Live("/portal", App("registry/portal:1"));
        var first = (await marathon.App("/portal"))["version"]!.GetValue<string>();
        await marathon.Put("/v2/apps/portal", App("registry/portal:2"));
        marathon.Time.Step(10);

        (await marathon.Send(HttpMethod.Put, "/v2/apps/portal", new JsonObject { ["version"] = first, ["instances"] = 2 })).Status.Should().Be(422);
        await marathon.Put("/v2/apps/portal", new JsonObject { ["version"] = first });
        marathon.Time.Step(10);

        var app = await marathon.App("/portal");
        app["container"]!["docker"]!["image"]!.GetValue<string>().Should().Be("registry/portal:1");
        app["version"]!.GetValue<string>().Should().NotBe(first);
        (await marathon.Send(HttpMethod.Put, "/v2/apps/portal", new JsonObject { ["version"] = "2001-01-01T00:00:00.000Z" })).Status.Should().Be(404);
    }

    [Theory]
    [InlineData("BRIDGE", """{"mode":"container/bridge"}""")]
    [InlineData("HOST", """{"mode":"host"}""")]
    public async Task Old_forms_are_taken_and_answered_in_the_new_form(string network, string mode)
    {
        var old = new JsonObject
        {
            ["container"] = new JsonObject
            {
                ["docker"] = new JsonObject
                {
                    ["image"] = "registry/portal:1",
                    ["network"] = network,
                    ["portMappings"] = new JsonArray(new JsonObject { ["containerPort"] = 8080 }),
                },
            },
            ["uris"] = new JsonArray("file:///etc/docker.tar.gz"),
            ["ports"] = new JsonArray(0),
        };
        await marathon.Put("/v2/apps/portal", old, 201);

        var app = await marathon.App("/portal");

        app["networks"]![0]!.ToJsonString().Should().Be(mode);
        app["fetch"]![0]!["uri"]!.GetValue<string>().Should().Be("file:///etc/docker.tar.gz");
        app["fetch"]![0]!["extract"]!.GetValue<bool>().Should().BeTrue();
        app["container"]!["docker"]!.AsObject().Should().NotContainKeys("network", "portMappings");
        foreach (var gone in new[] { "uris", "ports", "ipAddress" })
        {
            app[gone].Should().BeNull();
        }

        var service = network == "BRIDGE" ? app["container"]!["portMappings"]![0]!["servicePort"]! : app["portDefinitions"]![0]!["port"]!;
        service.GetValue<int>().Should().BeInRange(10_000, 20_000);
        if (network == "BRIDGE")
        {
            app["container"]!["portMappings"]![0]!["hostPort"]!.GetValue<int>().Should().Be(0);
            app["portDefinitions"].Should().BeNull();
        }

        // The same old form again is no change: assigned ports are kept.
        marathon.Time.Step(5);
        var id = await marathon.Put("/v2/apps/portal?partialUpdate=false", old);
        marathon.States(id).Should().Equal("started", "succeeded");
    }

    [Theory]
    [InlineData("""{"cmd":"a","instances":"3"}""", "/instances")]
    [InlineData("""{"cmd":"a","instances":-1}""", "/instances")]
    [InlineData("""{"cmd":"a","args":["b"]}""", "/")]
    [InlineData("""{"instances":1}""", "/")]
    [InlineData("""{"cmd":"a","labels":{"a":1}}""", "/labels/a")]
    [InlineData("""{"cmd":"a","uris":["x"],"fetch":[{"uri":"y"}]}""", "/uris")]
    [InlineData("""{"cmd":"a","networks":[{"mode":"host"}],"ipAddress":{}}""", "/ipAddress")]
    [InlineData("""{"container":{"docker":{"image":"a","network":"BRIDGE"}},"networks":[{"mode":"host"}]}""", "/container/docker/network")]
    [InlineData("""{"container":{"docker":{"image":"a"},"portMappings":[{"containerPort":1}]},"networks":[{"mode":"host"}]}""", "/container/portMappings")]
    [InlineData("""{"container":{"type":"DOCKER","docker":{}}}""", "/container/docker/image")]
    [InlineData("""{"cmd":"a","networks":[{"mode":"container"}]}""", "/networks(0)")]
    [InlineData("""{"cmd":"a","upgradeStrategy":{"minimumHealthCapacity":1.5}}""", "/upgradeStrategy/minimumHealthCapacity")]
    [InlineData("""{"cmd":"a","readinessChecks":[{"portName":"http"}]}""", "/readinessChecks(0)/portName")]
    [InlineData("""{"cmd":"a","readinessChecks":[{},{}]}""", "/readinessChecks")]
    [InlineData("""{"cmd":"a","healthChecks":[{"portIndex":3}]}""", "/healthChecks(0)")]
    public async Task A_definition_that_breaks_a_rule_is_a_422_that_names_the_path(string json, string path)
    {
        var (status, body) = await marathon.Send(HttpMethod.Put, "/v2/apps/portal", JsonNode.Parse(json));

        status.Should().Be(422);
        body!["message"]!.GetValue<string>().Should().BeOneOf("Object is not valid", "Invalid JSON");
        body["details"]![0]!["path"]!.GetValue<string>().Should().Be(path);
        body["details"]![0]!["errors"]![0]!.GetValue<string>().Should().NotBeEmpty();
        (await marathon.Get("/v2/apps"))["apps"]!.AsArray().Should().BeEmpty();
    }

    [Theory]
    [InlineData("/v2/apps/Portal", "/id")]
    [InlineData("/v2/apps/prod/-x", "/id")]
    public async Task An_id_of_the_wrong_shape_is_a_422(string path, string field)
    {
        var (status, body) = await marathon.Send(HttpMethod.Put, path, App());
        status.Should().Be(422);
        body!["details"]![0]!["path"]!.GetValue<string>().Should().Be(field);
    }

    [Fact]
    public async Task What_is_no_JSON_is_a_400_whose_details_are_text()
    {
        using var content = new StringContent("""{"cmd":"a",}""", Encoding.UTF8, "application/json");
        using var answer = await marathon.Http.PutAsync("/v2/apps/portal", content, Cancellation);
        ((int)answer.StatusCode).Should().Be(400);
        var body = (await answer.Content.ReadFromJsonAsync<JsonObject>(Cancellation))!;
        body["message"]!.GetValue<string>().Should().Be("Invalid JSON");
        body["details"]!.GetValue<string>().Should().NotBeEmpty();
    }

    [Fact]
    public async Task What_is_there_already_or_not_at_all_is_refused_as_Marathon_does()
    {
        var app = App(more: ("id", "portal"));
        (await marathon.Send(HttpMethod.Post, "/v2/apps", app)).Status.Should().Be(201);
        var again = await marathon.Send(HttpMethod.Post, "/v2/apps", app);
        (again.Status, again.Body!["message"]!.GetValue<string>()).Should().Be((409, "An app with id [/portal] already exists."));
        var patched = await marathon.Send(HttpMethod.Patch, "/v2/apps/other", App());
        (patched.Status, patched.Body!["message"]!.GetValue<string>()).Should().Be((404, "App '/other' does not exist"));
        var unknown = await marathon.Send(HttpMethod.Get, "/v2/nothing");
        (unknown.Status, unknown.Body!["message"]!.GetValue<string>()).Should().Be((500, "URI not found"));
        var deployment = await marathon.Send(HttpMethod.Delete, "/v2/deployments/x");
        (deployment.Status, deployment.Body!["message"]!.GetValue<string>()).Should().Be((404, "DeploymentPlan x does not exist"));
    }

    [Fact]
    public async Task Several_apps_are_put_by_one_deployment_in_the_order_of_their_dependencies()
    {
        var both = new JsonArray(App(more: [("id", "/web"), ("dependencies", new JsonArray("/db"))]), App(more: ("id", "/db")));
        (await marathon.Send(HttpMethod.Put, "/v2/apps", both)).Status.Should().Be(200);
        marathon.Time.Step(0.1);
        var steps = (await marathon.Get("/v2/deployments")).AsArray().Should().ContainSingle().Subject!["steps"]!.AsArray();
        steps.Skip(1).Select(step => step!["actions"]![0]!["app"]!.GetValue<string>()).Should().Equal("/db", "/web");
    }

    [Fact]
    public async Task A_group_put_stops_what_it_leaves_out_and_a_dry_run_only_tells_the_steps()
    {
        await marathon.Live("/prod/a", App());
        await marathon.Live("/prod/b", App());
        var group = new JsonObject { ["apps"] = new JsonArray(App(more: ("id", "a"))) };

        var (_, dry) = await marathon.Send(HttpMethod.Put, "/v2/groups/prod?dryRun=true", group);
        dry!.ToJsonString().Should().Be("""{"steps":[{"actions":[{"action":"StopApplication","app":"/prod/b"}]}]}""");
        (await marathon.Get("/v2/apps/prod/b"))["app"]!["id"]!.GetValue<string>().Should().Be("/prod/b");

        await marathon.Put("/v2/groups/prod", group);
        marathon.Time.Step(5);
        var read = await marathon.Get("/v2/groups/prod");
        read["apps"]!.AsArray().Select(app => app!["id"]!.GetValue<string>()).Should().Equal("/prod/a");
    }

    [Fact]
    public async Task A_restart_replaces_the_tasks_of_the_same_definition()
    {
        await marathon.Live("/portal", App());
        var before = (await marathon.App("/portal"))["tasks"]![0]!["id"]!.GetValue<string>();
        (await marathon.Send(HttpMethod.Post, "/v2/apps/portal/restart")).Status.Should().Be(200);
        marathon.Time.Step(10);
        (await marathon.App("/portal"))["tasks"]!.AsArray().Should().ContainSingle()
            .Which!["id"]!.GetValue<string>().Should().NotBe(before);
    }

    [Fact]
    public async Task Somebody_else_may_change_an_app_whatever_is_locked()
    {
        await marathon.Live("/portal", App());
        marathon.Simulator.LockApp("/portal");
        marathon.Simulator.ChangeApp("/portal", new JsonObject { ["instances"] = 3 });
        marathon.Time.Step(5);
        (await marathon.App("/portal"))["tasksHealthy"]!.GetValue<int>().Should().Be(3);
    }
}
