using System.Net;
using System.Text.Json.Nodes;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Bridge.Http;

public class EventsTests
{
    const string Foreign = """
        {"specversion":"1.0","id":"a-1","source":"/scanner","type":"dev.cdevents.artifact.signed.0.3.0","subject":"pkg:oci/portal","time":"2026-11-24T10:00:00Z","datacontenttype":"application/json",
         "data":{"context":{"specversion":"0.5.1","id":"a-1","source":"/scanner","type":"dev.cdevents.artifact.signed.0.3.0","timestamp":"2026-11-24T10:00:00Z","chainId":"c-1"},
                 "subject":{"id":"pkg:oci/portal","content":{"signature":"abc"}}}}
        """;

    [Fact]
    public async Task A_foreign_event_is_journaled_once_as_it_came()
    {
        await using var bridge = await RunningBridge.Start();

        using var first = await bridge.Send(HttpMethod.Post, "/v1/events", Foreign);
        using var second = await bridge.Send(HttpMethod.Post, "/v1/events", Foreign);

        first.StatusCode.Should().Be(HttpStatusCode.Accepted);
        second.StatusCode.Should().Be(HttpStatusCode.Accepted);
        bridge.Journal.Head.Should().Be(1);
        using var list = await bridge.Send(HttpMethod.Get, "/v1/events");
        var stored = (await Json(list))["events"]![0]!["event"]!;
        JsonNode.DeepEquals(stored, JsonNode.Parse(Foreign)).Should().BeTrue();
    }

    [Fact]
    public async Task A_batch_is_journaled_whole_or_not_at_all()
    {
        await using var bridge = await RunningBridge.Start();
        var bad = Foreign.Replace("\"1.0\"", "\"0.3\"", StringComparison.Ordinal);

        using var refused = await bridge.Send(HttpMethod.Post, "/v1/events", $"[{Foreign},{bad}]");
        bridge.Journal.Head.Should().Be(0);
        using var taken = await bridge.Send(HttpMethod.Post, "/v1/events", $"[{Foreign},{Foreign.Replace("a-1", "a-2", StringComparison.Ordinal)}]");

        refused.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        (await Json(refused))["errors"]![0]!["field"]!.ToString().Should().Be("[1].specversion");
        taken.StatusCode.Should().Be(HttpStatusCode.Accepted);
        bridge.Journal.Head.Should().Be(2);
    }

    [Theory]
    [InlineData("/scanner", "/pipelinebridge/bridge", "source")]
    [InlineData("dev.cdevents.artifact.signed.0.3.0", "dev.cdeventsx.pipelinebridge-deployment.succeeded.0.1.0", "type")]
    public async Task An_event_that_claims_to_be_ours_is_refused(string from, string to, string field)
    {
        await using var bridge = await RunningBridge.Start();

        using var response = await bridge.Send(HttpMethod.Post, "/v1/events", Foreign.Replace(from, to, StringComparison.Ordinal));

        response.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        (await Json(response))["errors"]![0]!["field"]!.ToString().Should().Be(field);
        bridge.Journal.Head.Should().Be(0);
    }

    [Fact]
    public async Task Events_after_a_sequence_hand_back_how_far_was_read()
    {
        await using var bridge = await RunningBridge.Start();
        await bridge.Until(await bridge.Deploy(), "succeeded");

        using var response = await bridge.Send(HttpMethod.Get, "/v1/events?type=deployment.succeeded&app=portal");

        var answer = await Json(response);
        answer["events"]!.AsArray().Should().ContainSingle();
        answer["reached"]!.GetValue<long>().Should().BeGreaterThan(3);
    }

    [Fact]
    public async Task The_stream_gives_what_comes_and_goes_on_after_the_last_id()
    {
        await using var bridge = await RunningBridge.Start();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events/stream");
        request.Headers.Add("Last-Event-ID", "0");
        using var response = await bridge.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

        await bridge.Deploy();

        (await Line(reader)).Should().Be("id: 1");
        (await Line(reader)).Should().StartWith("data: {\"specversion\":\"1.0\"").And.Contain("deployment.requested");
    }

    [Fact]
    public async Task Health_metrics_and_the_description_of_the_calls_need_no_key()
    {
        await using var bridge = await RunningBridge.Start();
        bridge.Http.DefaultRequestHeaders.Authorization = null;

        using var live = await bridge.Send(HttpMethod.Get, "/health/live");
        using var ready = await bridge.Send(HttpMethod.Get, "/health/ready");
        using var metrics = await bridge.Send(HttpMethod.Get, "/metrics");
        using var description = await bridge.Send(HttpMethod.Get, "/openapi/v1.json");

        live.StatusCode.Should().Be(HttpStatusCode.OK);
        ready.StatusCode.Should().Be(HttpStatusCode.OK);
        (await metrics.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain("pipelinebridge_oldest_open_work_seconds 0");
        var paths = (await Json(description))["paths"]!.AsObject().Select(p => p.Key);
        paths.Should().Contain(["/v1/builds", "/v1/pushes", "/v1/tags", "/v1/deployments", "/v1/rollbacks", "/v1/requests/{id}", "/v1/events", "/v1/deadletters", "/v1/chains/{id}", "/v1/work/{id}"]);
    }

    [Fact]
    public async Task What_is_not_there_is_a_problem_too()
    {
        await using var bridge = await RunningBridge.Start();

        using var path = await bridge.Send(HttpMethod.Get, "/v2/deployments");
        using var method = await bridge.Send(HttpMethod.Put, "/v1/pushes");

        path.StatusCode.Should().Be(HttpStatusCode.NotFound);
        path.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        method.StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
        method.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
    }

    static async Task<string?> Line(StreamReader reader) => await reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience.Bound, TestContext.Current.CancellationToken);

    static async Task<JsonObject> Json(HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsObject();
}
