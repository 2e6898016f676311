using System.Net;
using System.Text.Json.Nodes;
using PipelineBridge.Bridge;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Http;

public class AsksTests
{
    [Fact]
    public async Task A_deployment_comes_to_its_one_end_and_is_told_in_one_thread()
    {
        await using var bridge = await RunningBridge.Start();

        var receipt = await bridge.Deploy();
        var end = await bridge.Until(receipt, "succeeded");

        ((string)receipt["id"]!).Should().StartWith("d-").And.HaveLength(28);
        ((string)receipt["statusUrl"]!).Should().Be($"https://bridge.internal/v1/requests/{receipt["id"]}");
        receipt["warnings"]!.AsArray().Should().ContainSingle().Which!.ToString().Should().Contain("healthChecks");
        ((string)end["image"]!).Should().Be("registry.internal/portal:412@" + ScriptedStages.Digest);
        bridge.Journaled<DeploymentSucceeded>().Should().ContainSingle();
        bridge.Journaled<ServiceDeployed>().Should().ContainSingle();
        bridge.Journaled<NotificationRequested>().Select(e => e.Read<NotificationRequested>().Thread).Distinct().Should().Equal((string)receipt["id"]!);
        bridge.Journaled<NotificationRequested>().Should().OnlyContain(e => e.ChainId == (string)receipt["chainId"]!);
    }

    [Fact]
    public async Task The_same_key_joins_the_first_ask_and_has_no_second_effect()
    {
        await using var bridge = await RunningBridge.Start();

        var first = await bridge.Deploy(key: "build-412");
        var second = await bridge.Deploy(key: "build-412");

        ((string)second["id"]!).Should().Be((string)first["id"]!);
        await bridge.Until(first, "succeeded");
        bridge.Journaled<DeploymentRequested>().Should().ContainSingle();
    }

    [Fact]
    public async Task Many_at_once_with_the_same_key_make_one_ask()
    {
        await using var bridge = await RunningBridge.Start();

        var receipts = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => bridge.Deploy(key: "build-412")));

        receipts.Select(r => (string)r["id"]!).Distinct().Should().ContainSingle();
        bridge.Journaled<DeploymentRequested>().Should().ContainSingle();
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_refused()
    {
        await using var bridge = await RunningBridge.Start();
        await bridge.Deploy(key: "build-412");

        using var response = await bridge.Post("/v1/deployments", Deployment("registry.internal/portal:413"), "build-412");

        response.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        (await Problem(response))["errors"]![0]!["field"]!.ToString().Should().Be("Idempotency-Key");
    }

    [Fact]
    public async Task A_specification_of_another_kind_of_cluster_is_refused_given_or_kept_from_before_the_environment_moved()
    {
        var environments = new Dictionary<string, EnvironmentOptions> { ["prod"] = new() { Zone = "internal", Cluster = "main", ClusterKind = "marathon", SpecificationFormat = "marathon" } };
        await using var bridge = await RunningBridge.Start(o => o with { Environments = environments });
        const string Deployment = """{"app":"portal","environment":"prod","image":"registry.internal/portal:1"}""";
        await bridge.Until(await bridge.Deploy(), "succeeded");
        await bridge.Stop();
        environments["prod"] = environments["prod"] with { ClusterKind = "swarm", SpecificationFormat = "service" };
        await bridge.StartAgain();

        using var given = await bridge.Send(HttpMethod.Post, "/v1/deployments", Deployment.Replace("}", ""","spec":{},"specFormat":"marathon"}""", StringComparison.Ordinal));
        using var kept = await bridge.Send(HttpMethod.Post, "/v1/deployments", Deployment);

        (await Mistake(given)).Should().Be("specFormat marathon: prod runs on swarm, which takes a specification of format service alone.");
        (await Mistake(kept)).Should().Be("spec : there is none, and that of the last deployment is of format marathon: prod runs on swarm, which takes a specification of format service alone. Give one.");
        bridge.Journal.Read(r => r.Requests("portal", "prod", 10)).Should().ContainSingle();

        static async Task<string> Mistake(HttpResponseMessage response)
        {
            response.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
            var error = (await Problem(response))["errors"]!.AsArray().Should().ContainSingle().Subject!;
            return $"{error["field"]} {error["value"]}: {error["message"]}";
        }
    }

    [Theory]
    [InlineData("""{"app":"Portal","environment":"prod","image":"registry.internal/portal:1","spec":{}}""", "app", "lower-case")]
    [InlineData("""{"app":"portal","environment":"stage","image":"registry.internal/portal:1","spec":{}}""", "environment", "bare, prod, test")]
    [InlineData("""{"app":"portal","environment":"bare","image":"registry.internal/portal:1","spec":{}}""", "environment", "clusters")]
    [InlineData("""{"app":"portal","environment":"prod","image":"portal:1","spec":{}}""", "image", "names no registry")]
    [InlineData("""{"app":"portal","environment":"prod","image":"registry.internal/Portal:1","spec":{}}""", "image", "lower-case")]
    [InlineData("""{"app":"portal","environment":"prod","spec":{}}""", "image", "one of the two")]
    [InlineData("""{"app":"portal","environment":"prod","image":"registry.internal/portal:1"}""", "spec", "there is none")]
    [InlineData("""{"app":"portal","environment":"prod","image":"registry.internal/portal:1","spec":{"cmd":"wrong"}}""", "spec.cmd", "it must be right")]
    [InlineData("""{"app":"portal","environment":"prod","image":"registry.internal/portal:1","spec":{},"specFormat":"swarm"}""", "specFormat", "marathon")]
    [InlineData("""{"app":"portal","environment":"prod","image":"registry.internal/portal:1","spec":{},"replica":3}""", "replica", "not known here")]
    [InlineData("""{"app":"portal","environment":"prod","image":"registry.internal/portal:1","spec":{},"replicas":"three"}""", "replicas", "another kind")]
    [InlineData("""{"app":"portal","environment":"prod","image":"registry.internal/portal:1","spec":{},"onFailure":"panic"}""", "onFailure", "rollback or keep")]
    [InlineData("""{"app":"portal","environment":"prod","image":"registry.internal/portal:1","spec":{},"hostnames":["no host"]}""", "hostnames[0]", "no host name")]
    public async Task A_refusal_names_the_field_and_what_would_be_right_and_has_no_effect(string body, string field, string right)
    {
        await using var bridge = await RunningBridge.Start();

        using var response = await bridge.Send(HttpMethod.Post, "/v1/deployments", body);

        response.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        response.Content.Headers.ContentType!.ToString().Should().Be("application/problem+json; charset=utf-8");
        var errors = (await Problem(response))["errors"]!.AsArray();
        errors.Should().Contain(e => e!["field"]!.ToString() == field && e["message"]!.ToString().Contains(right, StringComparison.Ordinal), errors.ToJsonString());
        bridge.Journal.Head.Should().Be(0);
    }

    [Fact]
    public async Task All_mistakes_are_told_at_once()
    {
        await using var bridge = await RunningBridge.Start();

        using var response = await bridge.Send(HttpMethod.Post, "/v1/deployments", """{"app":"P","environment":"x","image":"y","replicas":-1}""");

        (await Problem(response))["errors"]!.AsArray().Should().HaveCount(4);
    }

    [Theory]
    [InlineData("{\"app\":\"portal\",", "line 1")]
    [InlineData("", "empty")]
    [InlineData("[1]", "no JSON object")]
    [InlineData("nonsense", "no JSON object")]
    public async Task A_body_that_is_no_json_object_is_400(string body, string says)
    {
        await using var bridge = await RunningBridge.Start();

        using var response = await bridge.Send(HttpMethod.Post, "/v1/deployments", body);

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await Problem(response))["detail"]!.ToString().Should().Contain(says);
    }

    [Fact]
    public async Task A_body_of_2_MiB_is_413_and_says_how_much_is_taken()
    {
        await using var bridge = await RunningBridge.Start();

        using var response = await bridge.Send(HttpMethod.Post, "/v1/events", new string(' ', 2 * 1024 * 1024));

        response.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
        (await Problem(response))["detail"]!.ToString().Should().Contain("1048576");
    }

    [Fact]
    public async Task Without_a_key_it_is_401_and_with_a_wrong_one_too()
    {
        await using var bridge = await RunningBridge.Start();
        bridge.Http.DefaultRequestHeaders.Authorization = null;

        using var none = await bridge.Post("/v1/deployments", Deployment());
        using var wrong = await bridge.Send(HttpMethod.Post, "/v1/deployments", Deployment().ToJsonString(), token: "not-a-key");

        none.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        wrong.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await wrong.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().NotContain("not-a-key");
    }

    [Fact]
    public async Task A_key_does_only_its_verbs_for_its_apps_and_reads_only_them()
    {
        await using var bridge = await RunningBridge.Start();
        var lab = await bridge.Accepted("/v1/pushes", new JsonObject { ["app"] = "lab", ["image"] = "registry.internal/lab:1" });

        using var deploy = await bridge.Send(HttpMethod.Post, "/v1/deployments", Deployment().ToJsonString(), token: RunningBridge.PortalKey);
        using var other = await bridge.Send(HttpMethod.Post, "/v1/pushes", """{"app":"lab","image":"registry.internal/lab:1"}""", token: RunningBridge.PortalKey);
        using var push = await bridge.Send(HttpMethod.Post, "/v1/pushes", """{"app":"portal","image":"registry.internal/portal:1"}""", token: RunningBridge.PortalKey);
        using var read = await bridge.Send(HttpMethod.Get, $"/v1/requests/{lab["id"]}", token: RunningBridge.PortalKey);
        using var events = await bridge.Send(HttpMethod.Get, "/v1/events", token: RunningBridge.PortalKey);
        using var stage = await bridge.Send(HttpMethod.Get, "/v1/work/00000000000000000000000000");

        deploy.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        other.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        push.StatusCode.Should().Be(HttpStatusCode.Accepted);
        read.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await events.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().NotContain("\"app\":\"lab\"");
        stage.StatusCode.Should().Be(HttpStatusCode.Forbidden, "a stage's calls are not part of *");
    }

    [Fact]
    public async Task What_a_browser_sends_by_itself_reads_and_never_writes()
    {
        await using var bridge = await RunningBridge.Start();
        bridge.Http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("ann:" + RunningBridge.Key)));

        using var read = await bridge.Send(HttpMethod.Get, "/v1/events");
        using var write = await bridge.Post("/v1/deployments", Deployment());

        read.StatusCode.Should().Be(HttpStatusCode.OK);
        write.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task An_image_from_outside_the_app_s_repository_is_refused()
    {
        await using var bridge = await RunningBridge.Start(o => o with
        {
            Apps = new Dictionary<string, PipelineBridge.Bridge.AppOptions> { ["portal"] = new() { Repository = "registry.internal/portal" } },
        });

        using var foreign = await bridge.Post("/v1/deployments", Deployment("registry.internal/other:1"));
        using var push = await bridge.Post("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = "registry.internal/other:1" });
        using var own = await bridge.Post("/v1/deployments", Deployment());
        using var unknown = await bridge.Post("/v1/pushes", new JsonObject { ["app"] = "lab", ["image"] = "registry.internal/lab:1" });

        foreign.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        (await Problem(foreign))["errors"]![0]!["message"]!.ToString().Should().Contain("registry.internal/portal");
        push.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        own.StatusCode.Should().Be(HttpStatusCode.Accepted);
        (await Problem(unknown))["errors"]![0]!["message"]!.ToString().Should().Contain("Known are portal");
    }

    [Fact]
    public async Task A_deployment_after_a_push_of_another_app_is_refused()
    {
        await using var bridge = await RunningBridge.Start();
        var lab = await bridge.Accepted("/v1/pushes", new JsonObject { ["app"] = "lab", ["image"] = "registry.internal/lab:1" });

        using var response = await bridge.Post("/v1/deployments", new JsonObject { ["app"] = "portal", ["environment"] = "prod", ["after"] = ((string)lab["id"]!)[..6], ["spec"] = new JsonObject() });

        response.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        (await Problem(response))["errors"]![0]!["field"]!.ToString().Should().Be("after");
    }

    [Fact]
    public async Task Two_deployments_within_a_millisecond_have_one_order_and_each_its_end()
    {
        await using var bridge = await RunningBridge.Start();
        var release = new TaskCompletionSource();
        bridge.Stages.Resolve = async (work, _, c) =>
        {
            await release.Task.WaitAsync(c);
            return [work.Done(new ImageResolved(work.Content<ImageResolveRequested>().Image + "@" + ScriptedStages.Digest))];
        };

        var receipts = await Task.WhenAll(bridge.Deploy("registry.internal/portal:1"), bridge.Deploy("registry.internal/portal:2"));
        release.SetResult();

        var older = receipts.OrderBy(r => bridge.Request(r).Result["sequence"]!.GetValue<long>()).First();
        var newer = receipts.Single(r => r != older);
        await bridge.Until(newer, "succeeded");
        await Work.BrokerScene.Until(async () => (await bridge.Request(older))["endedAt"] is not null, "the older one has its end too");
        var end = (string)(await bridge.Request(older))["state"]!;
        end.Should().BeOneOf("superseded", "succeeded");
        bridge.Journaled<DeploymentSucceeded>().Count.Should().Be(end == "succeeded" ? 2 : 1);
        var rollouts = bridge.Stages.Of<DeploymentRolloutRequested>().Select(w => w.RequestId);
        var order = new[] { (string)older["id"]!, (string)newer["id"]! };
        if (end == "succeeded")
        {
            rollouts.Should().Equal(order);
        }
        else
        {
            rollouts.Should().Contain(order[1]);
        }
    }

    static JsonObject Deployment(string image = "registry.internal/portal:412") =>
        new() { ["app"] = "portal", ["environment"] = "prod", ["image"] = image, ["spec"] = new JsonObject() };

    static async Task<JsonObject> Problem(HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsObject();
}
