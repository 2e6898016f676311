using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PipelineBridge.Journeys.Site;
using PipelineBridge.Tests.Broker;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Journeys.OverTheBroker;

/// <summary>One trace from the call to the last effect, exported by each process to a collector.</summary>
[Collection(SharedBroker.Name), Trait("Needs", "service")]
public sealed class TraceJourneys(RabbitMqServer broker)
{
    const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_trace_of_the_call_is_that_of_the_bridge_and_of_every_stage()
    {
        var bodies = new ConcurrentQueue<byte[]>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var collector = builder.Build();
        // OTLP over HTTP: protobuf is posted to /v1/traces (OpenTelemetry Protocol, "OTLP/HTTP").
        collector.MapPost("/v1/traces", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body, Stop);
            bodies.Enqueue(body.ToArray());
            return Results.Bytes([], "application/x-protobuf");
        });
        await collector.StartAsync(Stop);
        await using var site = await BrokerSite.Start(broker, environment: new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Urls.First(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        });
        site.Http.DefaultRequestHeaders.Add("traceparent", $"00-{Trace}-00f067aa0ba902b7-01");
        var push = await site.Push("1");
        var deployment = await site.Deploy("1", after: (string)push["id"]!);
        (await site.End(deployment)).Should().Be("succeeded", site.ToString());
        await site.Told("live 1");
        string[] services = ["pipelinebridge-bridge", "pipelinebridge-registry", "pipelinebridge-cluster", "pipelinebridge-notifications"];
        IEnumerable<string> Missing() => services.Where(s => !bodies.Any(b => Has(b, Encoding.UTF8.GetBytes(s)) && Has(b, Convert.FromHexString(Trace))));
        var until = DateTime.UtcNow + Patience.Bound;
        while (Missing().Any() && DateTime.UtcNow < until)
        {
            await Task.Delay(100, Stop);
        }
        Missing().Should().BeEmpty($"each process exports spans of the caller's trace; there came {bodies.Count} exports, of {string.Join(", ", services.Where(s => bodies.Any(b => Has(b, Encoding.UTF8.GetBytes(s)))))}\n{site}");
    }

    static bool Has(byte[] body, byte[] part) => body.AsSpan().IndexOf(part) >= 0;
}
