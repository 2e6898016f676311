using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using PipelineBridge.Simulators;

namespace PipelineBridge.Tests.Simulators;

public sealed class SimulatorServerTests : IAsyncLifetime
{
    readonly List<string> told = [];
    int handled;
    SimulatorServer server = null!;
    HttpClient http = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await SimulatorServer.Start(
            new SimulatorServerOptions { Name = "teapot", Description = "Brews nothing.", Announce = told.Add },
            app =>
            {
                app.MapGet("/forever", context => Task.Delay(Timeout.Infinite, context.RequestAborted));
                app.Map("/brew", async context =>
                {
                    Interlocked.Increment(ref handled);
                    RequestLog.Note(context, "sort", "green");
                    await context.Response.WriteAsync("a whole cup of tea", context.RequestAborted);
                });
            },
            Cancellation);
        http = new HttpClient { BaseAddress = server.Url };
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task It_says_in_every_answer_at_the_root_and_once_at_start_that_it_is_a_simulator()
    {
        foreach (var path in new[] { "/", "/brew", "/nothing-here", "/_simulator/log" })
        {
            using var answer = await http.GetAsync(path, Cancellation);
            answer.Headers.GetValues("X-Simulator").Should().Equal("PipelineBridge teapot simulator");
        }

        (await http.GetStringAsync("/", Cancellation)).Should().Contain("no real teapot").And.Contain("Brews nothing.");
        told.Should().ContainSingle().Which.Should().Contain("simulator").And.Contain(server.Url.ToString());
    }

    [Fact]
    public async Task It_records_what_it_received_but_no_credential()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/brew?cups=2&token=topsecret");
        request.Headers.Add("Authorization", "Bearer topsecret");
        using var answer = await http.SendAsync(request, Cancellation);

        var log = await http.GetStringAsync("/_simulator/log", Cancellation);

        log.Should().NotContain("topsecret");
        var entry = JsonNode.Parse(log)!["requests"]!.AsArray().Should().ContainSingle().Subject!;
        entry["method"]!.GetValue<string>().Should().Be("POST");
        entry["path"]!.GetValue<string>().Should().Be("/brew");
        entry["query"]!.GetValue<string>().Should().Be("?cups=2&token=***");
        entry["status"]!.GetValue<int>().Should().Be(200);
        entry["facts"]!["sort"]!.GetValue<string>().Should().Be("green");
        server.Log.Requests.Should().ContainSingle().Which.Facts.Should().Contain("sort", "green");
    }

    [Fact]
    public async Task A_scripted_status_with_body_and_headers_is_shown_as_often_as_asked_then_no_more()
    {
        using var accepted = await http.PostAsJsonAsync("/_simulator/faults", new
        {
            pathPrefix = "/brew",
            method = "GET",
            times = 2,
            status = 503,
            body = """{"tea":"gone"}""",
            headers = new Dictionary<string, string> { ["Retry-After"] = "7" },
        }, Cancellation);
        accepted.StatusCode.Should().Be(HttpStatusCode.Created);

        (await http.PostAsync("/brew", null, Cancellation)).StatusCode.Should().Be(HttpStatusCode.OK, "another method is no match");
        for (var i = 0; i < 2; i++)
        {
            using var answer = await http.GetAsync("/brew", Cancellation);
            answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
            answer.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(7));
            (await answer.Content.ReadAsStringAsync(Cancellation)).Should().Be("""{"tea":"gone"}""");
        }

        (await http.GetAsync("/brew", Cancellation)).StatusCode.Should().Be(HttpStatusCode.OK);
        handled.Should().Be(2);
        server.Faults.Pending.Should().BeEmpty();
    }

    [Fact]
    public async Task A_dropped_connection_takes_no_effect_and_a_lost_answer_does()
    {
        server.Faults.Add(new Fault { PathPrefix = "/brew", DropConnection = true });
        await Getting("/brew").Should().ThrowAsync<HttpRequestException>();
        handled.Should().Be(0);

        server.Faults.Add(new Fault { PathPrefix = "/brew", LoseAnswer = true });
        await Getting("/brew").Should().ThrowAsync<HttpRequestException>();
        handled.Should().Be(1);
        await Until(() => server.Log.Requests.All(request => request.Ended is not null));
        server.Log.Requests[^1].Facts.Should().Contain("lostStatus", "200");
        server.Log.Requests.Should().OnlyContain(request => request.Status == null, "no status was sent");
    }

    [Fact]
    public async Task A_cut_answer_brings_its_first_bytes_and_then_fails()
    {
        server.Faults.Add(new Fault { PathPrefix = "/brew", TruncateAfterBytes = 7 });
        using var answer = await http.GetAsync("/brew", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await using var body = await answer.Content.ReadAsStreamAsync(Cancellation);
        var read = new byte[7];
        await body.ReadExactlyAsync(read, Cancellation);

        System.Text.Encoding.UTF8.GetString(read).Should().Be("a whole");
        var rest = async () => await body.ReadExactlyAsync(new byte[1], Cancellation);
        await rest.Should().ThrowAsync<HttpIOException>("a cut answer must not look like a short one that ended well");
    }

    [Fact]
    public async Task A_hanging_request_ends_with_its_client_or_with_the_server()
    {
        server.Faults.Add(new Fault { PathPrefix = "/brew", Hang = true });
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var hanging = http.GetAsync("/brew", impatient.Token);
        var endless = http.GetAsync("/forever", Cancellation);
        await Until(() => server.Log.Requests.Count == 2);
        hanging.IsCompleted.Should().BeFalse();

        await impatient.CancelAsync();
        await Until(() => server.Log.Requests.Single(request => request.Path == "/brew").Ended is not null);
        server.Log.Requests.Single(request => request.Path == "/forever").Ended.Should().BeNull();

        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        await FluentActions.Awaiting(() => endless).Should().ThrowAsync<HttpRequestException>();
    }

    [Fact]
    public async Task A_delay_holds_the_answer_back_and_clearing_forgets_what_was_not_shown()
    {
        server.Faults.Add(new Fault { PathPrefix = "/brew", DelayMilliseconds = 150, Times = 9 });
        var watch = System.Diagnostics.Stopwatch.StartNew();
        (await http.GetStringAsync("/brew", Cancellation)).Should().Be("a whole cup of tea");
        watch.ElapsedMilliseconds.Should().BeGreaterThanOrEqualTo(140);

        server.Faults.Pending.Should().ContainSingle().Which.Times.Should().Be(8);
        using var cleared = await http.DeleteAsync("/_simulator/faults", Cancellation);
        server.Faults.Pending.Should().BeEmpty();
    }

    [Theory]
    [InlineData("""{"pathPrefix":"/x","time":2}""", "time")]
    [InlineData("""{"pathPrefix":"/x"}""", "nothing is scripted")]
    [InlineData("""{"pathPrefix":"x","hang":true}""", "begins with")]
    [InlineData("""{"pathPrefix":"/x","times":0,"status":700}""", "status is 700")]
    [InlineData("null", "is an object")]
    public async Task A_fault_that_makes_no_sense_is_refused_with_the_reason(string fault, string reason)
    {
        using var answer = await http.PostAsync("/_simulator/faults", new StringContent(fault), Cancellation);
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync(Cancellation)).Should().Contain(reason);
        server.Faults.Pending.Should().BeEmpty();
    }

    Func<Task> Getting(string path) => async () => (await http.GetAsync(path, Cancellation)).Dispose();

    static async Task Until(Func<bool> condition)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        bound.CancelAfter(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            await Task.Delay(10, bound.Token);
        }
    }
}
