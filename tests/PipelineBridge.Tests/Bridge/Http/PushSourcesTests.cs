using System.Net;
using System.Text.Json.Nodes;
using PipelineBridge.Bridge;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Http;

public class PushSourcesTests
{
    [Theory]
    [InlineData(null, "registry", null, null)]
    [InlineData("registry", "registry", null, null)]
    [InlineData("oci-layout: builds/portal", "oci-layout", "builds/portal", null)]
    [InlineData("archive:builds/portal.tar", "archive", "builds/portal.tar", null)]
    [InlineData("engine: build-1", "engine", null, "build-1")]
    public async Task A_push_is_given_its_source(string? source, string kind, string? path, string? engine)
    {
        await using var bridge = await Start();

        await bridge.Accepted("/v1/pushes", Push("lab", source));

        bridge.Journaled<ImagePushRequested>().Should().ContainSingle().Which.Read<ImagePushRequested>()
            .Should().Match<ImagePushRequested>(p => p.Source == kind && p.Path == path && p.Engine == engine);
    }

    [Theory]
    [InlineData(null, "engine")]
    [InlineData("registry", "registry")]
    public async Task An_app_that_is_built_on_an_engine_is_pushed_from_there_when_the_ask_says_nothing(string? source, string kind)
    {
        await using var bridge = await Start();

        await bridge.Accepted("/v1/pushes", Push("portal", source));

        bridge.Journaled<ImagePushRequested>().Should().ContainSingle().Which.Read<ImagePushRequested>().Source.Should().Be(kind);
    }

    [Theory]
    [InlineData("engine: build-2", "\"build-2\" is no engine of bridge.yaml. Known are build-1.")]
    [InlineData("archive: nowhere/portal.tar", "\"nowhere\" is no root of layouts in bridge.yaml. Known are builds.")]
    [InlineData("engine", "it must be registry, oci-layout: or archive: and a path below a root of bridge.yaml, or engine: and the name of an engine of bridge.yaml.")]
    [InlineData("registry: x", "it must be registry, oci-layout: or archive: and a path below a root of bridge.yaml, or engine: and the name of an engine of bridge.yaml.")]
    public async Task A_source_that_is_not_known_is_refused_by_field_and_value(string source, string message)
    {
        await using var bridge = await Start();

        using var response = await bridge.Post("/v1/pushes", Push("lab", source));

        response.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        var mistake = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["errors"]!.AsArray().Should().ContainSingle().Subject!;
        ((string)mistake["field"]!).Should().Be("source");
        ((string)mistake["value"]!).Should().Be(source);
        ((string)mistake["message"]!).Should().Be(message);
        bridge.Journaled<ImagePushRequested>().Should().BeEmpty();
    }

    [Fact]
    public async Task A_check_answers_as_the_push_would_and_has_no_effect()
    {
        await using var bridge = await Start();
        var head = bridge.Journal.Head;

        using var good = await bridge.Post("/v1/pushes/check", Push("lab", "registry"));
        good.StatusCode.Should().Be(HttpStatusCode.NoContent);
        foreach (var wrong in new[] { Push("lab", "engine: build-2"), new JsonObject { ["app"] = "lab" }, new JsonObject { ["app"] = "lab", ["image"] = "registry.internal/lab", ["more"] = 1 } })
        {
            using var check = await bridge.Post("/v1/pushes/check", wrong);
            using var push = await bridge.Post("/v1/pushes", wrong);
            check.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
            (await check.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be(await push.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
        using var nobody = await bridge.Send(HttpMethod.Post, "/v1/pushes/check", Push("lab", "registry").ToJsonString(), token: "another");
        nobody.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        using var forbidden = await bridge.Send(HttpMethod.Post, "/v1/pushes/check", Push("lab", "registry").ToJsonString(), token: RunningBridge.PortalKey);
        forbidden.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        bridge.Journal.Head.Should().Be(head);
    }

    [Theory]
    [InlineData("/v1/pushes", "image")]
    [InlineData("/v1/pushes/check", "image")]
    [InlineData("/v1/tags", "from")]
    public async Task An_image_of_the_engines_own_needs_no_push_and_is_told_so_at_once(string path, string field)
    {
        await using var bridge = await RunningBridge.Start(o => o with { EngineRegistry = "localhost" });
        var ask = new JsonObject { ["app"] = "hospital", [field] = "localhost/hospital:1", ["tags"] = new JsonArray("latest") };

        using var response = await bridge.Post(path, ask);

        response.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        var mistake = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["errors"]!.AsArray().Should().ContainSingle().Subject!;
        $"{mistake["field"]} {mistake["value"]} {mistake["message"]}".Should()
            .Be($"{field} localhost/hospital:1 localhost/… names an image of this machine's engine, which no registry has: no push is needed, deploy it.");
        bridge.Journaled<ImagePushRequested>().Should().BeEmpty();
        bridge.Journaled<ImageTagRequested>().Should().BeEmpty();
    }

    [Fact]
    public async Task A_registry_of_that_name_is_pushed_to_where_no_engine_has_images_of_its_own()
    {
        await using var bridge = await RunningBridge.Start();
        await bridge.Accepted("/v1/pushes", new JsonObject { ["app"] = "hospital", ["image"] = "localhost/hospital:1" });
        bridge.Journaled<ImagePushRequested>().Should().ContainSingle();
    }

    [Fact]
    public async Task What_there_is_none_of_is_said_as_a_sentence()
    {
        await using var bridge = await RunningBridge.Start(o => o with { Engines = [] });
        using var response = await bridge.Post("/v1/pushes", Push("lab", "engine: build-2"));
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain("is no engine of bridge.yaml. This bridge has none.");
    }

    static Task<RunningBridge> Start() => RunningBridge.Start(o => o with
    {
        Layouts = ["builds"],
        Engines = ["build-1"],
        Apps = new Dictionary<string, AppOptions> { ["portal"] = new() { Engine = "build-1" }, ["lab"] = new() },
    });

    static JsonObject Push(string app, string? source)
    {
        var ask = new JsonObject { ["app"] = app, ["image"] = $"registry.internal/{app}:1" };
        if (source is not null)
        {
            ask["source"] = source;
        }
        return ask;
    }
}
