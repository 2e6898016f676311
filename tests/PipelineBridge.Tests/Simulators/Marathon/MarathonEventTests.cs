using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using PipelineBridge.Tests.Support;
using static PipelineBridge.Tests.Simulators.Marathon.RunningMarathon;

namespace PipelineBridge.Tests.Simulators.Marathon;

public sealed class MarathonEventTests : IAsyncLifetime
{
    RunningMarathon marathon = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => marathon = await Start();

    public ValueTask DisposeAsync() => marathon.DisposeAsync();

    [Fact]
    public async Task A_delivery_is_told_as_events_of_the_types_asked_for()
    {
        await using var stream = await Stream.Open(
            marathon, "event_stream_attached", "deployment_info", "deployment_step_success", "deployment_success", "health_status_changed_event", "api_post_event");
        (await stream.Next())["eventType"]!.GetValue<string>().Should().Be("event_stream_attached");

        var id = await marathon.Put("/v2/apps/portal", App(), 201);
        marathon.Time.Step(5);

        (await stream.Next())["appDefinition"]!["id"]!.GetValue<string>().Should().Be("/portal");
        var types = new List<string>();
        JsonNode last;
        do
        {
            last = await stream.Next();
            types.Add(last["eventType"]!.GetValue<string>());
        }
        while (types[^1] != "deployment_success");

        types.Should().Equal(
            "deployment_info", "deployment_step_success", "deployment_info", "health_status_changed_event", "deployment_step_success", "deployment_success");
        last["id"]!.GetValue<string>().Should().Be(id);
        last["plan"]!["id"]!.GetValue<string>().Should().Be(id);
    }

    [Fact]
    public async Task A_task_tells_each_of_its_states_with_its_version_and_its_place()
    {
        await using var stream = await Stream.Open(marathon, "status_update_event");
        await marathon.Put("/v2/apps/portal", App(), 201);
        marathon.Time.Step(3);
        marathon.Simulator.EndTasks("/portal", "TASK_FAILED", "gone");
        var version = (await marathon.App("/portal"))["version"]!.GetValue<string>();
        foreach (var (state, message) in new[] { ("TASK_STARTING", ""), ("TASK_RUNNING", ""), ("TASK_FAILED", "gone") })
        {
            var told = await stream.Next();
            told["taskStatus"]!.GetValue<string>().Should().Be(state);
            told["message"]!.GetValue<string>().Should().Be(message);
            told["appId"]!.GetValue<string>().Should().Be("/portal");
            told["version"]!.GetValue<string>().Should().Be(version);
            told["host"]!.GetValue<string>().Should().StartWith("127.0.0.");
            told["ports"]!.AsArray().Should().ContainSingle();
        }
    }

    [Fact]
    public async Task A_refused_change_is_told_as_a_failed_deployment_of_an_id_that_nobody_was_given()
    {
        var id = await marathon.Put("/v2/apps/portal", App(), 201);
        await using var stream = await Stream.Open(marathon, "deployment_failed");
        (await marathon.Send(HttpMethod.Put, "/v2/apps/portal", App("registry/portal:2"))).Status.Should().Be(409);
        var failed = await stream.Next();
        failed["id"]!.GetValue<string>().Should().NotBe(id);
        failed["reason"]!.GetValue<string>().Should().StartWith("App is locked");

        await marathon.Put("/v2/apps/portal?force=true", App("registry/portal:2"));
        failed = await stream.Next();
        failed["id"]!.GetValue<string>().Should().Be(id);
        failed["reason"]!.GetValue<string>().Should().Be("The upgrade has been cancelled");
    }

    [Fact]
    public async Task Nothing_of_before_is_told_to_a_new_reader()
    {
        await marathon.Live("/portal", App());
        await using var stream = await Stream.Open(marathon);
        (await stream.Next())["eventType"]!.GetValue<string>().Should().Be("event_stream_attached");
        await marathon.Put("/v2/apps/portal", new JsonObject { ["instances"] = 2 });
        (await stream.Next())["eventType"]!.GetValue<string>().Should().Be("group_change_success");
    }

    [Fact]
    public async Task Events_change_places_and_come_twice_when_scripted_so()
    {
        await using var stream = await Stream.Open(marathon, "group_change_success", "api_post_event");
        marathon.Simulator.SwapEvents(1);
        await marathon.Put("/v2/apps/portal?force=true", new JsonObject { ["cmd"] = "a" }, 201);
        (await stream.Next())["eventType"]!.GetValue<string>().Should().NotBe("group_change_success");
        (await stream.Next())["eventType"]!.GetValue<string>().Should().Be("group_change_success");

        marathon.Simulator.DoubleEvents(1);
        await marathon.Put("/v2/apps/other", new JsonObject { ["cmd"] = "a" }, 201);
        var first = await stream.Next();
        JsonNode.DeepEquals(await stream.Next(), first).Should().BeTrue();
    }

    [Fact]
    public async Task Streams_are_dropped_when_scripted_so()
    {
        await using var stream = await Stream.Open(marathon, "deployment_success");
        marathon.Simulator.DropEventStreams().Should().Be(1);
        var next = async () => await stream.Next();
        await next.Should().ThrowAsync<ChannelClosedException>();
        marathon.Simulator.EventStreams.Should().Be(0);
    }

    [Fact]
    public async Task A_reader_that_does_not_read_is_dropped()
    {
        await using var narrow = await Start(options => options with { EventBacklog = 2 });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/events?event_type=api_post_event");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var answer = await narrow.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        var text = new string('x', 300_000);
        for (var at = 0; at < 200 && narrow.Simulator.EventStreams > 0; at++)
        {
            using var put = await narrow.Http.PutAsync(
                "/v2/apps/portal?force=true", System.Net.Http.Json.JsonContent.Create(new { cmd = "a", labels = new { text, at = $"{at}" } }), Cancellation);
        }

        narrow.Simulator.EventStreams.Should().Be(0);
        narrow.Simulator.Happenings.Should().ContainSingle(one => one.Kind == "stream" && one.State == "dropped");
    }

    [Fact]
    public async Task Whoever_does_not_accept_an_event_stream_is_refused()
    {
        using var answer = await marathon.Http.GetAsync("/v2/events", Cancellation);
        answer.StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
    }

    /// <summary>An open event stream, read in the background.</summary>
    sealed class Stream : IAsyncDisposable
    {
        readonly Channel<JsonNode> told = Channel.CreateUnbounded<JsonNode>();
        readonly HttpResponseMessage answer;
        readonly Task reading;

        Stream(HttpResponseMessage answer)
        {
            this.answer = answer;
            reading = Read();
        }

        public static async Task<Stream> Open(RunningMarathon marathon, params IReadOnlyList<string> types)
        {
            var query = string.Join('&', types.Select(type => "event_type=" + type));
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/events?" + query);
            request.Headers.Accept.ParseAdd("text/event-stream");
            return new Stream(await marathon.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation));
        }

        public async Task<JsonNode> Next()
        {
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            bound.CancelAfter(Patience.Bound);
            return await told.Reader.ReadAsync(bound.Token);
        }

        public async ValueTask DisposeAsync()
        {
            answer.Dispose();
            await reading;
        }

        async Task Read()
        {
            try
            {
                using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancellation));
                while (await reader.ReadLineAsync(Cancellation) is { } line)
                {
                    if (line.StartsWith("data: ", StringComparison.Ordinal))
                    {
                        told.Writer.TryWrite(JsonNode.Parse(line["data: ".Length..])!);
                    }
                }
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException)
            {
            }

            told.Writer.TryComplete();
        }
    }
}
