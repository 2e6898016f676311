using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using RabbitMQ.Client;

namespace PipelineBridge.Benchmarks.Broker;

/// <summary>How long it takes on an idle system from the POST of a push to the first line of its handler in a worker, beside a bare message from publisher to consumer.</summary>
static class HandlerRun
{
    const int WarmUp = 200;
    const string Goal = "5, 25";

    /// <summary>How long nothing happens before the next one.</summary>
    static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(20);

    static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    public static async Task<int> Run(BenchmarkBroker broker, int samples, CancellationToken cancellation)
    {
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        Console.WriteLine($"{samples} of each one after the other by turns, {WarmUp} before them");
        await Setting.Topology.Declare(broker.Options, "benchmark", cancellation);
        await using var bridge = ServedProcess.Start("bridge", broker.Options.Url.OriginalString);
        var port = await bridge.Fresh(cancellation);
        await using var worker = ServedProcess.Start("worker", broker.Options.Url.OriginalString, $"http://127.0.0.1:{port}/");
        await using var connection = await broker.Connect(cancellation);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);
        await BenchmarkBroker.DeclareQuorum(channel, WorkerSide.BareQueue, cancellation);
        await Attended(channel, Queues.RegistryPush, cancellation);
        await Attended(channel, WorkerSide.BareQueue, cancellation);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = Bound };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Setting.Key);
        using var caller = new LoadConnection(port);
        var call = Call.Push();
        var (handler, bare) = (new List<long>(), new List<long>());
        for (var i = -WarmUp; i < samples; i++)
        {
            var posted = Stopwatch.GetTimestamp();
            var receipt = await caller.Send(call, cancellation);
            var id = Id(receipt);
            handler.Add(await Began(worker, cancellation) - posted);
            await Ended(http, id, cancellation);
            await Task.Delay(Idle, cancellation);

            var body = call.NextBody();
            var published = Stopwatch.GetTimestamp();
            await channel.BasicPublishAsync("", WorkerSide.BareQueue, mandatory: true, BrokerMessage.Properties("benchmark", "benchmark"), body, cancellation);
            bare.Add(await Began(worker, cancellation) - published);
            await Task.Delay(Idle, cancellation);
        }
        var (ours, peer) = (Of(handler), Of(bare));
        Console.WriteLine($"""

            | | p50, p99 ms | most ms |
            |---|---|---|
            | `POST /v1/pushes` to its handler's first line (goal {Goal}) | {Times(ours)} |
            | a bare message from publish to its consumer's first line | {Times(peer)} |

            ratio {Ratio(ours, peer, 0.5)} at p50, {Ratio(ours, peer, 0.99)} at p99
            {Setting.Machine(Path.GetTempPath())}
            """);
        return 0;
    }

    static Sample Of(List<long> ticks) => new([.. ticks.Skip(WarmUp).Order()], TimeSpan.Zero);

    static string Times(Sample sample) => string.Create(CultureInfo.InvariantCulture, $"{sample.Milliseconds(0.5):0.00}, {sample.Milliseconds(0.99):0.0} | {sample.Milliseconds(1):0.0}");

    static string Ratio(Sample ours, Sample peer, double share) => (ours.Milliseconds(share) / peer.Milliseconds(share)).ToString("0.0", CultureInfo.InvariantCulture);

    static async Task<long> Began(ServedProcess worker, CancellationToken cancellation) => long.Parse(await worker.Line(cancellation), CultureInfo.InvariantCulture);

    static string Id(ReadOnlyMemory<byte> receipt)
    {
        using var document = JsonDocument.Parse(receipt);
        return document.RootElement.GetProperty("id").GetString()!;
    }

    static async Task Attended(IChannel channel, string queue, CancellationToken cancellation)
    {
        for (var start = Stopwatch.GetTimestamp(); await channel.ConsumerCountAsync(queue, cancellation) == 0; await Task.Delay(50, cancellation))
        {
            if (Stopwatch.GetElapsedTime(start) > Bound)
            {
                throw new TimeoutException($"Nobody consumes {queue} after {Bound.TotalSeconds:0} s.");
            }
        }
    }

    /// <summary>Waits until a request has its end.</summary>
    static async Task Ended(HttpClient http, string id, CancellationToken cancellation)
    {
        for (var start = Stopwatch.GetTimestamp(); ; await Task.Delay(5, cancellation))
        {
            using var document = JsonDocument.Parse(await http.GetByteArrayAsync($"v1/requests/{id}", cancellation));
            if (document.RootElement.TryGetProperty("endedAt", out _))
            {
                return;
            }
            if (Stopwatch.GetElapsedTime(start) > Bound)
            {
                throw new TimeoutException($"A push has no end after {Bound.TotalSeconds:0} s: {document.RootElement}");
            }
        }
    }
}
