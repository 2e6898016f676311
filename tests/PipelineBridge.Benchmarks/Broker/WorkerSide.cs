using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace PipelineBridge.Benchmarks.Broker;

/// <summary>
/// A worker of the queue of pushes as the executable composes it, whose handler notes when it began; beside it a bare
/// consumer of a quorum queue that does the same. The clock of <see cref="Stopwatch"/> is the machine's, alike in all processes.
/// </summary>
static class WorkerSide
{
    /// <summary>The queue of the bare consumer.</summary>
    public const string BareQueue = "benchmark.bare";

    const string Digest = "sha256:00000000000000000000000000000000000000000000000000000000000000aa";

    public static async Task<int> Serve(Uri broker, Uri bridge)
    {
        var options = new BrokerOptions(broker);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Critical);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(p => new OutcomePublisher(options, Setting.Topology, "registry", TimeProvider.System, p.GetRequiredService<ILogger<OutcomePublisher>>()));
        builder.Services.AddSingleton<IBridgeClient>(p => new HttpBridge(
            new HttpBridgeOptions(bridge, () => Setting.Key), p.GetRequiredService<OutcomePublisher>(), new HttpClient(), TimeProvider.System, p.GetRequiredService<ILogger<HttpBridge>>()));
        builder.Services.AddWorkReceiver([new StageQueue(Queues.RegistryPush, "registry", new NotingHandler())], options, Setting.Topology, attempts: 1);
        using var host = builder.Build();
        await host.StartAsync();
        await using var connection = await BrokerConnection.Open(options, "benchmark", CancellationToken.None);
        await using var channel = await connection.CreateChannelAsync();
        await BenchmarkBroker.DeclareQuorum(channel, BareQueue, CancellationToken.None);
        var bare = new AsyncEventingBasicConsumer(channel);
        bare.ReceivedAsync += async (_, e) =>
        {
            var began = Stopwatch.GetTimestamp();
            Console.WriteLine(began);
            await channel.BasicAckAsync(e.DeliveryTag, multiple: false);
        };
        await channel.BasicConsumeAsync(BareQueue, autoAck: false, bare);
        // Nothing is told to it but that it is over.
        while (await Console.In.ReadLineAsync() is not null)
        {
        }
        await host.StopAsync();
        return 0;
    }

    sealed class NotingHandler : IWorkHandler
    {
        public Task<IReadOnlyList<CdEvent>> Handle(WorkItem work, IBridgeClient bridge, CancellationToken cancellation)
        {
            var began = Stopwatch.GetTimestamp();
            Console.WriteLine(began);
            var ask = work.Content<ImagePushRequested>();
            var image = ImageReference.Parse(ask.Image) with { Digest = Digest };
            return Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new ArtifactPublished(), image.Purl, c => c with { Image = image.ToString(), Tags = ask.Tags })]);
        }
    }
}
