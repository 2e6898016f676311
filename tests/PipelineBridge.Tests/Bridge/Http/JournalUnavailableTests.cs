using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Http;

public class JournalUnavailableTests
{
    [Fact]
    public async Task While_the_journal_cannot_be_written_asks_are_503_readiness_fails_and_the_same_key_joins_afterwards()
    {
        await using var bridge = await RunningBridge.Start();
        var body = new JsonObject { ["app"] = "portal", ["image"] = "registry.internal/portal:412" };
        using (var outside = new SqliteConnection($"Data Source={bridge.JournalPath};Pooling=False"))
        {
            outside.Open();
            await using var held = outside.BeginTransaction(deferred: false);

            using var refused = await bridge.Post("/v1/pushes", body, "412-push");
            using var ready = await bridge.Send(HttpMethod.Get, "/health/ready");
            using var read = await bridge.Send(HttpMethod.Get, "/v1/events");

            refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
            refused.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(5));
            ready.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
            read.StatusCode.Should().Be(HttpStatusCode.OK, "readers go on");
        }

        var receipt = await bridge.Accepted("/v1/pushes", body, "412-push");
        await bridge.Until(receipt, "succeeded");
        bridge.Journaled<ImagePushRequested>().Should().ContainSingle();
        using var again = await bridge.Send(HttpMethod.Get, "/health/ready");
        again.StatusCode.Should().Be(HttpStatusCode.OK);
    }
}
