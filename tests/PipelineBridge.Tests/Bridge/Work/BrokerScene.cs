using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBridge.Bridge;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using PipelineBridge.Tests.Broker;
using PipelineBridge.Tests.Support;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace PipelineBridge.Tests.Bridge.Work;

/// <summary>A bridge with a real broker between it and its stages, whose part the test plays itself on the queues.</summary>
sealed class BrokerScene : IAsyncDisposable
{
    readonly RabbitMqServer server;
    IConnection? connection;

    BrokerScene(RabbitMqServer server, string virtualHost)
    {
        this.server = server;
        VirtualHost = virtualHost;
        Topology = new Topology(["main"], ["team"]);
        Options = new BrokerOptions(new Uri($"amqp://127.0.0.1:{server.Port}/{virtualHost}"));
    }

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public string VirtualHost { get; }

    public Topology Topology { get; }

    public BrokerOptions Options { get; }

    public RunningBridge Bridge { get; private set; } = null!;

    public static async Task<BrokerScene> Start(RabbitMqServer server, Func<BrokerParts, BrokerParts>? parts = null, Func<BridgeOptions, BridgeOptions>? options = null, string? user = null, Func<string, Task>? before = null)
    {
        RabbitMqServer.SkipWhereMissing();
        await server.Start();
        var scene = new BrokerScene(server, await server.NewVirtualHost());
        await scene.Declare();
        await (before?.Invoke(scene.VirtualHost) ?? Task.CompletedTask);
        var broker = new BrokerParts(user is null ? scene.Options : scene.Options with { Username = user, Password = () => user }, scene.Topology);
        scene.Bridge = await RunningBridge.Start(options, (parts ?? (p => p))(broker));
        return scene;
    }

    /// <summary>What another process does at its start.</summary>
    public async Task Declare() => await Topology.Declare(await Connection(), Options, Cancellation);

    public async Task<IChannel> Channel() => await (await Connection()).CreateChannelAsync(
        new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), Cancellation);

    /// <summary>A subscriber's own queue.</summary>
    public async Task<string> Subscribe(string key, Dictionary<string, object?>? arguments = null)
    {
        await using var channel = await Channel();
        var queue = $"subscriber.{Guid.NewGuid():N}";
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: Cancellation);
        await channel.QueueBindAsync(queue, Topology.EventsExchange, key, cancellationToken: Cancellation);
        return queue;
    }

    /// <summary>The next message of a queue, acknowledged; null when there is none within the wait.</summary>
    public async Task<BasicGetResult?> TryGet(string queue, double seconds = 10)
    {
        var until = TimeProvider.System.GetUtcNow().AddSeconds(seconds);
        while (true)
        {
            try
            {
                await using var channel = await Channel();
                if (Topology.IsSingle(queue))
                {
                    return await Consume(channel, queue, seconds);
                }
                do
                {
                    if (await channel.BasicGetAsync(queue, autoAck: true, Cancellation) is { } message)
                    {
                        return message;
                    }
                    await Task.Delay(20, Cancellation);
                }
                while (TimeProvider.System.GetUtcNow() < until);
                return null;
            }
            catch (Exception e) when (e is RabbitMQ.Client.Exceptions.AlreadyClosedException or RabbitMQ.Client.Exceptions.OperationInterruptedException)
            {
                // The broker was stopped, or its queue is not there again yet.
                TimeProvider.System.GetUtcNow().Should().BeBefore(until, e.Message);
                await Task.Delay(50, Cancellation);
            }
        }
    }

    /// <summary>The same for a queue with a single active consumer, from which nothing can be got by asking.</summary>
    static async Task<BasicGetResult?> Consume(IChannel channel, string queue, double seconds)
    {
        var first = new TaskCompletionSource<BasicGetResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, e) =>
        {
            first.TrySetResult(new BasicGetResult(e.DeliveryTag, e.Redelivered, e.Exchange, e.RoutingKey, 0, new BasicProperties(e.BasicProperties), e.Body.ToArray()));
            return Task.CompletedTask;
        };
        await channel.BasicQosAsync(0, 1, global: false, Cancellation);
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer, Cancellation);
        try
        {
            var message = await first.Task.WaitAsync(TimeSpan.FromSeconds(seconds), Cancellation);
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false, Cancellation);
            return message;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <summary>The next message of a queue, acknowledged.</summary>
    public async Task<BasicGetResult> Get(string queue, double seconds = 240) =>
        await TryGet(queue, seconds) ?? throw new TimeoutException($"Nothing came into {queue} within {seconds.ToString(CultureInfo.InvariantCulture)} s.");

    /// <summary>The ids of all messages that wait in a queue, which it is emptied of.</summary>
    public async Task<IReadOnlyList<string>> Ids(string queue)
    {
        var ids = new ConcurrentQueue<string>();
        await using var channel = await Channel();
        // Got one by one, each costs the quorum queue a round to its disk.
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, e) =>
        {
            ids.Enqueue(e.BasicProperties.MessageId!);
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer, Cancellation);
        await Until(async () => (await channel.QueueDeclarePassiveAsync(queue, Cancellation)).MessageCount == 0, "the queue is empty");
        for (var seen = -1; seen != ids.Count; await Task.Delay(500, Cancellation))
        {
            seen = ids.Count;
        }
        return [.. ids];
    }

    /// <summary>The next work of a queue, as its stage gets it.</summary>
    public async Task<WorkItem> Work(string queue, double seconds = 240) =>
        new(CdEventReader.Read((await Get(queue, seconds)).Body), 1, queue.Split('.')[0], TimeProvider.System);

    /// <summary>Waits until the journal has it too that the work of a queue was given: a bridge that is stopped before gives it again.</summary>
    public Task UntilGiven(string queue) => Until(() => Bridge.Journal.Read(r => r.OpenWork(queue, 1)) is [{ Attempts: 1 }], "it is marked as given");

    /// <summary>What a stage says, confirmed.</summary>
    public async Task Say(params CdEvent[] outcomes)
    {
        foreach (var e in outcomes)
        {
            await Say(e.RoutingKey, CdEventWriter.Write(e), BrokerMessage.Properties(e.Id, e.Type));
        }
    }

    /// <summary>Whatever comes into the queue of outcomes.</summary>
    public async Task Say(string key, ReadOnlyMemory<byte> body, BasicProperties? properties = null)
    {
        await using var channel = await Channel();
        await channel.BasicPublishAsync(Topology.EventsExchange, key, mandatory: true, properties ?? new BasicProperties { Persistent = true }, body, Cancellation);
    }

    public static CdEvent Pushed(WorkItem work) =>
        work.Done(new ArtifactPublished(), with: c => c with { Image = work.Event.Custom!.Image + "@" + ScriptedStages.Digest });

    public Task<JsonObject> Deploy() => Bridge.Deploy();

    public Task<JsonObject> Push(string image = "registry.internal/portal:412", string app = "portal") =>
        Bridge.Accepted("/v1/pushes", new JsonObject { ["app"] = app, ["image"] = image });

    public async Task<uint> Waiting(string queue)
    {
        await using var channel = await Channel();
        return (await channel.QueueDeclarePassiveAsync(queue, Cancellation)).MessageCount;
    }

    public async Task<string> Text(string path)
    {
        using var answer = await Bridge.Send(HttpMethod.Get, path);
        return await answer.Content.ReadAsStringAsync(Cancellation);
    }

    public static async Task Until(Func<Task<bool>> holds, string what)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        bound.CancelAfter(Patience.Bound);
        while (!await holds())
        {
            if (bound.IsCancellationRequested)
            {
                throw new TimeoutException($"It did not come to be that {what}.");
            }
            await Task.Delay(25, Cancellation);
        }
    }

    public static Task Until(Func<bool> holds, string what) => Until(() => Task.FromResult(holds()), what);

    public Task UntilConnected() => Until(async () => (await Text("/health/ready")).Contains("broker: connected since", StringComparison.Ordinal), "the bridge is connected");

    public IReadOnlyList<DeadLetterRow> DeadLetters() => Bridge.Journal.Read(r => r.DeadLetters(null, 100));

    async Task<IConnection> Connection()
    {
        if (connection is not { IsOpen: true })
        {
            connection = await BrokerConnection.Open(Options, "test", Cancellation);
        }
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        await Bridge.DisposeAsync();
        if (connection is not null)
        {
            await connection.DisposeAsync();
        }
        await server.Start();
    }
}
