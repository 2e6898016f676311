using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using PipelineBridge.Bridge.Pages;
using PipelineBridge.Bridge.Security;

namespace PipelineBridge.Tests.Bridge.Pages;

public class SignInTests
{
    [Fact]
    public async Task A_key_opens_the_pages_and_what_they_link_to_and_leads_back_to_where_one_was_going()
    {
        await using var bridge = await RunningBridge.Start();
        var receipt = await bridge.Deploy();
        using var visitor = new PageVisitor(bridge);
        var path = $"/{receipt["id"]}";
        (await visitor.Get(path)).Status.Should().Be(HttpStatusCode.Unauthorized);
        using (var answer = await visitor.Post("/signin", ("key", RunningBridge.Key), ("person", "Grace Hopper"), ("to", path)))
        {
            answer.StatusCode.Should().Be(HttpStatusCode.SeeOther);
            answer.Headers.Location!.OriginalString.Should().Be(path);
        }
        var (status, html) = await visitor.Get(path);
        status.Should().Be(HttpStatusCode.OK);
        html.Should().Contain("Grace Hopper, key everything").And.Contain("Sign out").And.NotContain(RunningBridge.Key);
        (await visitor.Get($"/v1/requests/{receipt["id"]}")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_cookie_is_no_key_cannot_be_read_by_script_and_does_not_come_with_a_form_of_another_site()
    {
        await using var bridge = await RunningBridge.Start();
        using var visitor = new PageVisitor(bridge);
        using var answer = await visitor.Post("/signin", ("key", RunningBridge.Key));
        var cookie = answer.Headers.GetValues("Set-Cookie").Should().ContainSingle().Which;
        cookie.Should().StartWith("pipelinebridge=").And.Contain("httponly").And.Contain("samesite=lax").And.Contain("path=/").And.NotContain(RunningBridge.Key).And.NotContain("secure");
    }

    [Fact]
    public async Task Over_TLS_which_a_proxy_may_end_the_cookie_is_for_TLS_and_this_host_alone()
    {
        await using var bridge = await RunningBridge.Start();
        using var visitor = new PageVisitor(bridge) { Origin = "https://bridge.internal" };
        using var answer = await visitor.Post("/signin", ("key", RunningBridge.Key));
        answer.Headers.GetValues("Set-Cookie").Should().ContainSingle().Which.Should().StartWith("__Host-pipelinebridge=").And.Contain("; secure").And.Contain("path=/").And.NotContain("domain");
    }

    [Theory]
    [InlineData("not-a-key", 401)]
    [InlineData("", 422)]
    [InlineData(RunningBridge.StageKey, 403)]
    public async Task What_is_no_key_or_may_not_read_is_said_and_never_repeated(string key, int status)
    {
        await using var bridge = await RunningBridge.Start();
        using var visitor = new PageVisitor(bridge);
        using var answer = await visitor.Post("/signin", ("key", key), ("person", "Grace"), ("to", "/d-81c0"));
        ((int)answer.StatusCode).Should().Be(status);
        var html = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        html.Should().Contain("role=\"alert\"").And.Contain("value=\"/d-81c0\"").And.Contain("value=\"Grace\"");
        if (key.Length > 0)
        {
            html.Should().NotContain(key);
        }
        answer.Headers.Contains("Set-Cookie").Should().BeFalse();
    }

    [Theory]
    [InlineData("https://elsewhere/")]
    [InlineData("//elsewhere/")]
    [InlineData("/\\elsewhere")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/x\r\nSet-Cookie: a=b")]
    public async Task Nobody_is_led_elsewhere(string to)
    {
        await using var bridge = await RunningBridge.Start();
        using var visitor = new PageVisitor(bridge);
        using var answer = await visitor.Post("/signin", ("key", RunningBridge.Key), ("to", to));
        answer.Headers.Location!.OriginalString.Should().Be("/");
    }

    [Theory]
    [InlineData("https://elsewhere.example", null)]
    [InlineData("null", null)]
    [InlineData(null, null)]
    [InlineData("http://127.0.0.1:1", null)]
    [InlineData("same", "cross-site")]
    [InlineData("same", "same-site")]
    public async Task A_form_of_another_site_signs_nobody_in(string? origin, string? site)
    {
        await using var bridge = await RunningBridge.Start();
        using var visitor = new PageVisitor(bridge);
        visitor.Origin = origin == "same" ? visitor.Origin : origin;
        if (site is not null)
        {
            visitor.Headers["Sec-Fetch-Site"] = site;
        }
        using var answer = await visitor.Post("/signin", ("key", RunningBridge.Key));
        answer.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain("did not come from a page of this bridge");
        answer.Headers.Contains("Set-Cookie").Should().BeFalse();
    }

    [Fact]
    public async Task The_session_reads_and_never_writes_over_the_contract()
    {
        await using var bridge = await RunningBridge.Start();
        using var visitor = await PageVisitor.SignedIn(bridge);
        using var answer = await visitor.Post("/v1/rollbacks", ("app", "portal"));
        answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Signing_out_ends_the_session_wherever_its_cookie_went()
    {
        await using var bridge = await RunningBridge.Start();
        using var visitor = await PageVisitor.SignedIn(bridge);
        var cookie = visitor.Cookies.Should().ContainSingle().Which.Value;
        var (_, html) = await visitor.Get("/");
        var token = html[(html.IndexOf("name=\"token\" value=\"", StringComparison.Ordinal) + 20)..][..32];
        using (var wrong = await visitor.Post("/signout", ("token", new string('0', 32))))
        {
            wrong.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        }
        using var answer = await visitor.Post("/signout", ("token", token));
        answer.StatusCode.Should().Be(HttpStatusCode.SeeOther);
        using var kept = new HttpClient { BaseAddress = bridge.Http.BaseAddress };
        kept.DefaultRequestHeaders.Add("Cookie", $"pipelinebridge={cookie}");
        (await kept.GetAsync("/", TestContext.Current.CancellationToken)).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_key_in_the_header_counts_before_a_session()
    {
        await using var bridge = await RunningBridge.Start();
        using var visitor = await PageVisitor.SignedIn(bridge);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events");
        request.Headers.Add("Cookie", $"pipelinebridge={visitor.Cookies[0].Value}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "not-a-key");
        using var http = new HttpClient { BaseAddress = bridge.Http.BaseAddress };
        (await http.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public void A_session_ends_after_a_working_day()
    {
        var clock = new SetTime();
        var sessions = new Sessions(clock);
        var http = new DefaultHttpContext();
        sessions.Open(http, new Caller("ops", [Verb.Read], ["*"]), null, secure: false);
        var request = new DefaultHttpContext().Request;
        request.Headers.Cookie = http.Response.Headers.SetCookie.ToString().Split(';')[0];
        clock.Now += TimeSpan.FromHours(12) - TimeSpan.FromSeconds(1);
        sessions.Find(request).Should().NotBeNull();
        clock.Now += TimeSpan.FromSeconds(1);
        sessions.Find(request).Should().BeNull();
    }

    [Fact]
    public void Past_the_most_the_oldest_session_ends()
    {
        var clock = new SetTime();
        var sessions = new Sessions(clock);
        var first = new DefaultHttpContext();
        sessions.Open(first, new Caller("ops", [Verb.Read], ["*"]), null, secure: false);
        clock.Now += TimeSpan.FromSeconds(1);
        for (var n = 1; n < Sessions.Most; n++)
        {
            sessions.Open(new DefaultHttpContext(), new Caller("ops", [Verb.Read], ["*"]), null, secure: false);
        }
        var request = new DefaultHttpContext().Request;
        request.Headers.Cookie = first.Response.Headers.SetCookie.ToString().Split(';')[0];
        sessions.Find(request).Should().NotBeNull();
        sessions.Open(new DefaultHttpContext(), new Caller("ops", [Verb.Read], ["*"]), null, secure: false);
        sessions.Find(request).Should().BeNull();
    }

    [Fact]
    public void Only_a_path_of_this_site_is_gone_to() => SignInEndpoints.Local("/d-81c0?still=1").Should().Be("/d-81c0?still=1");

    sealed class SetTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 24, 8, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
