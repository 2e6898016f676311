using System.Net;
using System.Net.Http.Headers;
using System.Text;
using PipelineBridge.Events;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Bridge.Pages;

public class PageEndpointsTests
{
    [Fact]
    public async Task A_delivery_is_on_the_first_page_and_its_story_under_its_name_and_a_prefix()
    {
        await using var bridge = await RunningBridge.Start();
        var receipt = await bridge.Deploy();
        await bridge.Until(receipt, "succeeded");
        var id = (string)receipt["id"]!;

        var (status, board) = await Page(bridge, "/");
        status.Should().Be(HttpStatusCode.OK);
        board.Should().Contain($"href=\"/{id}\"").And.Contain(">412</span>").And.Contain("<th scope=\"col\">bare");
        foreach (var name in new[] { id, id[..6] })
        {
            (await Page(bridge, "/" + name)).Html.Should().Contain("asked to deploy portal → prod").And.Contain("portal → prod is live");
        }
        (await Page(bridge, "/chains/" + receipt["chainId"])).Html.Should().Contain($"href=\"/{id}\"");
    }

    [Fact]
    public async Task Every_page_forbids_what_is_not_its_own_and_is_kept_nowhere()
    {
        await using var bridge = await RunningBridge.Start();
        foreach (var path in new[] { "/", "/nowhere" })
        {
            using var response = await Get(bridge, path, RunningBridge.Key);
            response.Content.Headers.ContentType!.ToString().Should().Be("text/html; charset=utf-8");
            response.Headers.GetValues("Content-Security-Policy").Single().Should().StartWith("default-src 'none'; style-src 'sha256-").And.NotContain("unsafe");
            response.Headers.GetValues("X-Content-Type-Options").Should().Equal("nosniff");
            response.Headers.CacheControl!.NoStore.Should().BeTrue();
        }
    }

    [Theory]
    [InlineData("/nowhere", 404)]
    [InlineData("/d-81c", 404)]
    [InlineData("/d-0000000000", 404)]
    [InlineData("/x-81c0", 404)]
    [InlineData("/chains/none", 404)]
    public async Task What_is_not_there_is_a_page_for_a_browser_and_a_problem_for_a_machine(string path, int status)
    {
        await using var bridge = await RunningBridge.Start();
        var (code, html) = await Page(bridge, path);
        ((int)code).Should().Be(status);
        html.Should().Contain("<title>Not found</title>");
        using var machine = await bridge.Send(HttpMethod.Get, path);
        ((int)machine.StatusCode).Should().Be(status);
        machine.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
    }

    [Fact]
    public async Task Without_a_key_a_browser_is_shown_where_to_give_one_and_comes_back_to_where_it_was_going()
    {
        await using var bridge = await RunningBridge.Start();
        using var response = await Get(bridge, "/d-81c0?still=1", null);
        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        // Basic would make the browser ask by itself, and hide this page.
        response.Headers.WwwAuthenticate.Should().ContainSingle().Which.Scheme.Should().Be("Bearer");
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain("type=\"password\"").And.Contain("name=\"to\" value=\"/d-81c0?still=1\"");
    }

    [Fact]
    public async Task A_key_sees_its_own_apps_alone()
    {
        await using var bridge = await RunningBridge.Start();
        var mine = await bridge.Deploy();
        var other = await bridge.Deploy("registry.internal/billing:77", with: b => b["app"] = "billing");
        await bridge.Until(mine, "succeeded");
        await bridge.Until(other, "succeeded");

        (await Page(bridge, "/")).Html.Should().Contain("billing");
        (await Page(bridge, "/", RunningBridge.PortalKey)).Html.Should().Contain("portal").And.NotContain("billing");
        (await Page(bridge, "/" + other["id"], RunningBridge.PortalKey)).Status.Should().Be(HttpStatusCode.Forbidden);
        (await Page(bridge, "/chains/" + other["chainId"], RunningBridge.PortalKey)).Status.Should().Be(HttpStatusCode.NotFound);
        (await Page(bridge, "/", RunningBridge.StageKey)).Status.Should().Be(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task What_a_watcher_tells_is_trouble_until_it_is_over()
    {
        await using var bridge = await RunningBridge.Start();
        bridge.Stages.Deploy = async (work, client, cancellation) =>
        {
            await client.Tell(Told(new IncidentDetected(new Reference("prod"), "It crashes.")), cancellation);
            await client.Tell(Told(new IncidentDetected(new Reference("prod"), "It crashes.")) with { SubjectId = "prod/billing/service/1", Custom = new CustomData { App = "billing", Environment = "prod", Cause = "It is out of memory." } }, cancellation);
            return [ScriptedStages.Live(work)];
        };
        await bridge.Until(await bridge.Deploy(with: b => b["app"] = "other"), "succeeded");
        (await Page(bridge, "/")).Html.Should().Contain("2 incidents open").And.Contain("portal → prod: It crashes.").And.Contain("billing → prod: It is out of memory.");
        (await Page(bridge, "/", RunningBridge.PortalKey)).Html.Should().Contain("1 incident open").And.NotContain("out of memory");

        bridge.Stages.Deploy = async (work, client, cancellation) =>
        {
            await client.Tell(Told(new IncidentResolved(new Reference("prod"))), cancellation);
            return [ScriptedStages.Live(work)];
        };
        await bridge.Until(await bridge.Deploy(with: b => b["app"] = "other", image: "registry.internal/other:2"), "succeeded");
        (await Page(bridge, "/")).Html.Should().Contain("1 incident open").And.NotContain("It crashes.");
    }

    [Fact]
    public async Task A_target_that_loses_what_it_is_told_is_trouble_until_it_takes_something()
    {
        await using var bridge = await RunningBridge.Start();
        bridge.Stages.Notify = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Ended(WorkResult.Failed, WorkEffect.None, FailureCategory.Configuration, "There is no such channel.")]);
        await bridge.Until(await bridge.Deploy(), "succeeded");
        await Until(bridge, html => html.Contains("team: There is no such channel.", StringComparison.Ordinal));
        bridge.Stages.Notify = new ScriptedStages().Notify;
        await bridge.Until(await bridge.Deploy("registry.internal/portal:413"), "succeeded");
        await Until(bridge, html => !html.Contains("Targets that refuse", StringComparison.Ordinal));
    }

    static async Task Until(RunningBridge bridge, Func<string, bool> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience.Bound);
        while (!holds((await Page(bridge, "/")).Html))
        {
            await Task.Delay(50, limit.Token);
        }
    }

    static CdEvent Told(IEventContent content) => new()
    {
        Id = EventId.Random(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()).ToString(),
        Source = "/pipelinebridge/cluster",
        Type = EventTypes.Of(content).Name,
        Time = DateTimeOffset.UtcNow,
        SubjectId = "prod/portal/service/1",
        Content = content,
        Custom = new CustomData { App = "portal", Environment = "prod", Cause = "It crashes." },
    };

    static async Task<(HttpStatusCode Status, string Html)> Page(RunningBridge bridge, string path, string key = RunningBridge.Key)
    {
        using var response = await Get(bridge, path, key);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    static async Task<HttpResponseMessage> Get(RunningBridge bridge, string path, string? key)
    {
        // As a browser asks: with the key as the password of its own prompt.
        using var client = new HttpClient { BaseAddress = bridge.Http.BaseAddress };
        client.DefaultRequestHeaders.Accept.ParseAdd("text/html,application/xhtml+xml,*/*;q=0.8");
        if (key is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("anybody:" + key)));
        }
        return await client.GetAsync(path, TestContext.Current.CancellationToken);
    }
}
