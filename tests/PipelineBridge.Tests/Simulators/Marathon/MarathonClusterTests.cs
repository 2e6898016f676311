using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Tests.Support;
using static PipelineBridge.Tests.Simulators.Marathon.RunningMarathon;

namespace PipelineBridge.Tests.Simulators.Marathon;

public sealed class MarathonClusterTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_follower_answers_for_the_leader_but_sends_readers_of_events_to_it()
    {
        await using var marathon = await Start(options => options with { Nodes = 2 });
        var (leader, follower) = (marathon.Simulator.Nodes[0], marathon.Simulator.Nodes[1]);

        using var put = await marathon.Http.PutAsJsonAsync(new Uri(follower, "/v2/apps/portal"), App(), Cancellation);
        put.StatusCode.Should().Be(HttpStatusCode.Created);
        put.Headers.GetValues("X-Marathon-Leader").Should().Equal(leader.ToString().TrimEnd('/'));
        (await marathon.App("/portal"))["id"]!.GetValue<string>().Should().Be("/portal");

        using var events = await marathon.Http.GetAsync(new Uri(follower, "/v2/events?event_type=a"), Cancellation);
        events.StatusCode.Should().Be(HttpStatusCode.Redirect);
        events.Headers.Location.Should().Be(new Uri(leader, "/v2/events?event_type=a"));
    }

    [Fact]
    public async Task A_change_of_leader_closes_streams_keeps_apps_and_without_a_leader_all_is_502()
    {
        await using var marathon = await Start(options => options with { Nodes = 2 });
        await marathon.Live("/portal", App());
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var stream = await marathon.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);

        marathon.Simulator.SwitchLeader(marathon.Simulator.Nodes[1]);

        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        bound.CancelAfter(Patience.Bound);
        (await stream.Content.ReadAsStringAsync(bound.Token)).Should().Contain("event_stream_attached");
        (await marathon.Get("/v2/leader"))["leader"]!.GetValue<string>().Should().Be(marathon.Simulator.Nodes[1].Authority);
        (await marathon.App("/portal"))["tasksHealthy"]!.GetValue<int>().Should().Be(1);
        marathon.Simulator.SwitchLeader(null);
        using var none = await marathon.Http.GetAsync("/v2/apps", Cancellation);
        none.StatusCode.Should().Be(HttpStatusCode.BadGateway);
        marathon.Simulator.Invoking(one => one.SwitchLeader(new Uri("http://127.0.0.1:1/"))).Should().Throw<ArgumentException>();
    }

    [Fact]
    public async Task Users_are_known_by_password_or_token_and_may_read_only_where_it_is_said()
    {
        await using var marathon = await Start(options => options with
        {
            Users = [new MarathonUser("ci", "sesame"), new MarathonUser("eye", "peek", MayChange: false)],
        });

        (await As(null)).Should().Be(HttpStatusCode.Unauthorized);
        (await As(Basic("ci", "wrong"))).Should().Be(HttpStatusCode.Unauthorized);
        (await As(Basic("eye", "peek"))).Should().Be(HttpStatusCode.Forbidden);
        (await As(Basic("eye", "peek"), HttpMethod.Get)).Should().Be(HttpStatusCode.OK);
        (await As(Basic("ci", "sesame"))).Should().Be(HttpStatusCode.Created);
        (await As("token=sesame", HttpMethod.Get)).Should().Be(HttpStatusCode.OK);
        (await marathon.Http.GetStringAsync("/_simulator/log", Cancellation)).Should().NotContain("sesame").And.NotContain("peek");

        async Task<HttpStatusCode> As(string? authorization, HttpMethod? method = null)
        {
            using var request = new HttpRequestMessage(method ?? HttpMethod.Put, method is null ? "/v2/apps/portal" : "/v2/apps");
            request.Content = method is null ? JsonContent.Create(App()) : null;
            if (authorization is not null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            }

            using var answer = await marathon.Http.SendAsync(request, Cancellation);
            return answer.StatusCode;
        }

        static string Basic(string name, string password) =>
            "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"));
    }

    [Fact]
    public async Task It_says_that_it_is_a_simulator()
    {
        await using var marathon = await Start();
        using var info = await marathon.Http.GetAsync("/v2/info", Cancellation);
        info.Headers.GetValues("X-Simulator").Should().Equal("PipelineBridge marathon simulator");
        var body = (await info.Content.ReadFromJsonAsync<JsonObject>(Cancellation))!;
        body["name"]!.GetValue<string>().Should().Be("marathon");
        body["simulator"]!.GetValue<string>().Should().Contain("no real Marathon");
        (await marathon.Http.GetStringAsync("/", Cancellation)).Should().Contain("no real marathon").And.Contain("/_simulator/behaviors");
    }

    [Fact]
    public async Task Everything_can_be_scripted_and_read_over_HTTP()
    {
        await using var marathon = await Start(options => options with { Nodes = 2 });
        await Script("behaviors", """{"app":"/portal","neverHealthy":true,"probeAnswer":"503 no"}""", 201);
        await marathon.Put("/v2/apps/portal", App(), 201);
        marathon.Time.Step(8);
        (await marathon.App("/portal"))["tasks"]![0]!["healthCheckResults"]![0]!["lastFailureCause"]!.GetValue<string>().Should().Be("503 no");

        (await marathon.Get("/_simulator/behaviors")).AsArray().Should().ContainSingle();
        (await marathon.Send(HttpMethod.Delete, "/_simulator/behaviors?app=/portal")).Status.Should().Be(204);
        (await marathon.Get("/_simulator/behaviors")).AsArray().Should().BeEmpty();
        await Script("changes", """{"app":"/portal","update":{"instances":2}}""", 200);
        (await marathon.App("/portal"))["instances"]!.GetValue<int>().Should().Be(2);
        var locked = await Script("locks", """{"app":"/other","milliseconds":1000}""", 201);
        (await marathon.Get("/v2/deployments")).AsArray().Select(one => one!["id"]!.GetValue<string>())
            .Should().Contain(JsonNode.Parse(locked)!["deploymentId"]!.GetValue<string>());
        marathon.Time.Step(3);
        await Script("tasks", """{"app":"/portal","state":"TASK_LOST","message":"lost"}""", 200);
        (await marathon.App("/portal"))["lastTaskFailure"]!["message"]!.GetValue<string>().Should().Be("lost");
        await Script("events", """{"drop":true,"swapNext":1,"doubleNext":1}""", 200);
        await Script("leader", $$"""{"node":"{{marathon.Simulator.Nodes[1]}}"}""", 204);
        marathon.Simulator.Leader.Should().Be(marathon.Simulator.Nodes[1]);

        (await Script("behaviors", """{"app":"portal"}""", 400)).Should().Contain("it is absolute");
        (await Script("behaviors", """{"sick":true}""", 400)).Should().Contain("sick");
        var log = await marathon.Get("/_simulator/log");
        log["happenings"]!.AsArray().Select(one => one!["state"]!.GetValue<string>()).Should().Contain("TASK_LOST");
        log["requests"]!.AsArray().Select(one => one!["path"]!.GetValue<string>()).Should().Contain("/v2/apps/portal");

        async Task<string> Script(string what, string json, int status)
        {
            using var content = new StringContent(json, MediaTypeHeaderValue.Parse("application/json"));
            using var answer = await marathon.Http.PostAsync("/_simulator/" + what, content, Cancellation);
            var text = await answer.Content.ReadAsStringAsync(Cancellation);
            ((int)answer.StatusCode).Should().Be(status, "the answer is {0}", text);
            return text;
        }
    }

    [Fact]
    public async Task On_the_real_clock_a_delivery_goes_its_way_by_itself()
    {
        await using var marathon = await Start(options => options with
        {
            Time = TimeProvider.System,
            Staging = TimeSpan.FromMilliseconds(30),
            Starting = TimeSpan.FromMilliseconds(30),
            FirstProbe = TimeSpan.FromMilliseconds(30),
        });
        var id = await marathon.Put("/v2/apps/portal", App(instances: 3), 201);
        for (var tries = 0; tries < 400 && marathon.States(id).Last() != "succeeded"; tries++)
        {
            await Task.Delay(25, Cancellation);
        }

        marathon.States(id).Should().Equal("started", "succeeded");
        (await marathon.App("/portal"))["tasksHealthy"]!.GetValue<int>().Should().Be(3);
    }

    [Fact]
    public async Task An_answer_that_is_lost_leaves_the_change_made()
    {
        await using var marathon = await Start();
        marathon.Simulator.Faults.Add(new Fault { PathPrefix = "/v2/apps", Method = "PUT", LoseAnswer = true });
        var put = () => marathon.Put("/v2/apps/portal", App());
        await put.Should().ThrowAsync<HttpRequestException>();
        (await marathon.App("/portal"))["id"]!.GetValue<string>().Should().Be("/portal");

        marathon.Simulator.Faults.Add(new Fault { PathPrefix = "/v2", Times = 2, Status = 503 });
        (await marathon.Send(HttpMethod.Get, "/v2/apps")).Status.Should().Be(503);
        (await marathon.Send(HttpMethod.Get, "/v2/apps")).Status.Should().Be(503);
        (await marathon.Send(HttpMethod.Get, "/v2/apps")).Status.Should().Be(200);
    }
}
