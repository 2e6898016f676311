using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using PipelineBridge.Tests.Support;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using EventId = PipelineBridge.Events.EventId;

namespace PipelineBridge.Tests.Broker;

/// <summary>A virtual host with our topology, workers with scripted handlers on it, and a test in the place of the bridge.</summary>
sealed class WorkerScene : IAsyncDisposable
{
    readonly List<IHost> workers = [];
    readonly Dictionary<string, Channel<BasicDeliverEventArgs>> read = [];
    readonly IConnection connection;
    readonly IChannel channel;

    WorkerScene(BrokerOptions options, IConnection connection, IChannel channel) => (Options, this.connection, this.channel) = (options, connection, channel);

    public static Topology Topology { get; } = new(["main"], ["team"]);

    public BrokerOptions Options { get; }

    public RecordingBridge Bridge { get; } = new();

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<WorkerScene> Make(RabbitMqServer broker)
    {
        var options = broker.Options(await broker.NewVirtualHost());
        await Topology.Declare(options, "scene", Stop);
        var connection = await BrokerConnection.Open(options, "scene", Stop);
        return new WorkerScene(options, connection, await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Stop));
    }

    /// <summary>Starts a worker of one queue and waits until it receives.</summary>
    public async Task<IHost> Worker(string queue, Func<WorkItem, CancellationToken, Task<IReadOnlyList<CdEvent>>> handle, int attempts = 2, BrokerOptions? options = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IBridgeClient>(Bridge);
        builder.Services.AddSingleton(p => new OutcomePublisher(options ?? Options, Topology, "test", TimeProvider.System, p.GetRequiredService<ILogger<OutcomePublisher>>()));
        builder.Services.AddWorkReceiver([new StageQueue(queue, "test", new Scripted(handle))], options ?? Options, Topology, attempts);
        var host = builder.Build();
        workers.Add(host);
        await host.StartAsync(Stop);
        var health = host.Services.GetRequiredService<Microsoft.Extensions.Diagnostics.HealthChecks.HealthCheckService>();
        await Until(async () => (await health.CheckHealthAsync(Stop)).Status == Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy, "the worker receives");
        return host;
    }

    /// <summary>A push to be done, as the relay would send it.</summary>
    public static CdEvent Push(int number) => new()
    {
        Id = EventId.Derive(1795525331042, "ask", "test", $"{number}").ToString(),
        Source = "/pipelinebridge/bridge",
        Type = EventTypes.Of<ImagePushRequested>().Name,
        Time = DateTimeOffset.UtcNow,
        SubjectId = "portal",
        Content = new ImagePushRequested($"registry.internal/portal:{number}", [], "registry"),
        Custom = new CustomData { App = "portal", RequestId = $"p-{number}", Sequence = number },
    };

    public Task Send(CdEvent work, string queue = Queues.RegistryPush, int givenBefore = 0) =>
        Send(CdEventWriter.Write(work), work.RoutingKey, queue, BrokerMessage.Properties(work.Id, work.Type, queue, givenBefore: givenBefore));

    public async Task Send(ReadOnlyMemory<byte> body, string key, string queue, BasicProperties? properties = null) =>
        await channel.BasicPublishAsync(Topology.WorkExchange, key, mandatory: true, properties ?? BrokerMessage.Properties("x", "x", queue), body, Stop);

    /// <summary>The next message of a queue, acknowledged once it was read.</summary>
    public async Task<BasicDeliverEventArgs> Next(string queue = Queues.Outcomes)
    {
        if (!read.TryGetValue(queue, out var messages))
        {
            // Of a queue with a single active consumer messages cannot be got one by one.
            read[queue] = messages = Channel.CreateUnbounded<BasicDeliverEventArgs>();
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += async (_, e) => await messages.Writer.WriteAsync(new BasicDeliverEventArgs(e.ConsumerTag, e.DeliveryTag, e.Redelivered, e.Exchange, e.RoutingKey, e.BasicProperties, e.Body.ToArray(), Stop), Stop);
            await channel.BasicConsumeAsync(queue, autoAck: true, consumer, Stop);
        }
        return await messages.Reader.ReadAsync(Stop).AsTask().WaitAsync(Patience.Bound, Stop);
    }

    /// <summary>How many messages of a queue came beside those that <see cref="Next"/> gave.</summary>
    public int Arrived(string queue) => read[queue].Reader.Count;

    public async Task<uint> Waiting(string queue) => (await channel.QueueDeclarePassiveAsync(queue, Stop)).MessageCount;

    public static async Task Until(Func<Task<bool>> seen, string what)
    {
        var until = DateTime.UtcNow + Patience.Bound;
        while (!await seen())
        {
            if (DateTime.UtcNow > until)
            {
                throw new TimeoutException($"Not within {Patience.Bound.TotalSeconds} s: {what}.");
            }
            await Task.Delay(20, Stop);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in workers)
        {
            await worker.StopAsync(CancellationToken.None);
            worker.Dispose();
        }
        await connection.DisposeAsync();
    }

    sealed class Scripted(Func<WorkItem, CancellationToken, Task<IReadOnlyList<CdEvent>>> handle) : IWorkHandler
    {
        public Task<IReadOnlyList<CdEvent>> Handle(WorkItem work, IBridgeClient bridge, CancellationToken cancellation) => handle(work, cancellation);
    }
}
