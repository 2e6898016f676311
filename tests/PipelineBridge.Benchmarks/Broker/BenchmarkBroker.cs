using System.Net;
using System.Net.Sockets;
using PipelineBridge.Messaging.Broker;
using RabbitMQ.Client;

namespace PipelineBridge.Benchmarks.Broker;

/// <summary>Debian's RabbitMQ for one run, as it is after its installation, with the management plugin; its data, ports, cookie and name server are its own.</summary>
sealed class BenchmarkBroker : IAsyncDisposable
{
    const string Server = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    const string NameServer = "/usr/bin/epmd";

    /// <summary>A durable quorum queue on the bus, in the place of a team's own subscriber.</summary>
    public const string Subscriber = "benchmark.subscriber";

    readonly DirectoryInfo home = Directory.CreateTempSubdirectory("pipelinebridge-benchmark-rabbitmq-");
    readonly int namePort = KeptProcess.FreePort();
    readonly int distributionPort = KeptProcess.FreePort();
    readonly int port = KeptProcess.FreePort();
    KeptProcess? names;
    KeptProcess? node;

    /// <summary>Why there is no RabbitMQ here; null where there is.</summary>
    public static string? Missing => File.Exists(Server) && File.Exists(NameServer) ? null
        : $"This benchmark needs {Server} and {NameServer} (Debian package rabbitmq-server).";

    /// <summary>The port of the management API, on loopback.</summary>
    public int ManagementPort { get; } = KeptProcess.FreePort();

    /// <summary>How the broker is reached.</summary>
    public BrokerOptions Options => new(new Uri($"amqp://127.0.0.1:{port}/"));

    /// <summary>The node itself.</summary>
    public KeptProcess Node => node!;

    public static async Task<BenchmarkBroker> Start(CancellationToken cancellation)
    {
        var broker = new BenchmarkBroker();
        try
        {
            await broker.Begin(cancellation);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connection of the benchmark's own.</summary>
    public Task<IConnection> Connect(CancellationToken cancellation) => BrokerConnection.Open(Options, "benchmark", cancellation);

    /// <summary>Declares the queue that takes everything that is told on the bus.</summary>
    public static async Task Subscribe(IChannel channel, CancellationToken cancellation)
    {
        await DeclareQuorum(channel, Subscriber, cancellation);
        await channel.QueueBindAsync(Subscriber, Topology.EventsExchange, "#", cancellationToken: cancellation);
    }

    /// <summary>Declares a durable quorum queue.</summary>
    public static Task DeclareQuorum(IChannel channel, string queue, CancellationToken cancellation) =>
        channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: cancellation);

    public async ValueTask DisposeAsync()
    {
        await (node?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (names?.DisposeAsync() ?? ValueTask.CompletedTask);
        home.Delete(recursive: true);
    }

    async Task Begin(CancellationToken cancellation)
    {
        Directory.CreateDirectory(Of("home"));
        var cookie = Path.Combine(Of("home"), ".erlang.cookie");
        await File.WriteAllTextAsync(cookie, Guid.NewGuid().ToString("N"), cancellation);
        if (!OperatingSystem.IsWindows())
        {
            // Erlang takes no cookie that others may read.
            File.SetUnixFileMode(cookie, UnixFileMode.UserRead);
        }
        await File.WriteAllTextAsync(Of("plugins"), "[rabbitmq_management].\n", cancellation);
        await File.WriteAllLinesAsync(Of("rabbitmq.conf"), ["management.tcp.ip = 127.0.0.1", $"management.tcp.port = {ManagementPort}"], cancellation);
        names = await KeptProcess.Start("epmd", NameServer, ["-port", $"{namePort}", "-address", "127.0.0.1"], Surroundings());
        node = await KeptProcess.Start("RabbitMQ", Server, [], Surroundings());
        await node.Until(() => Answers(cancellation), cancellation);
        await node.UntilAnswered(new Uri($"http://127.0.0.1:{ManagementPort}/"), cancellation);
    }

    /// <summary>Whether the node answers AMQP's protocol header with its first frame, a method (AMQP 0-9-1, 2.2.4 and 4.2.2).</summary>
    async Task<bool> Answers(CancellationToken cancellation)
    {
        try
        {
            using var connection = new TcpClient();
            await connection.ConnectAsync(IPAddress.Loopback, port, cancellation);
            var stream = connection.GetStream();
            await stream.WriteAsync("AMQP\0\0\u0009\u0001"u8.ToArray(), cancellation);
            var first = new byte[1];
            return await stream.ReadAsync(first, cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(5), cancellation) == 1 && first[0] == 1;
        }
        catch (Exception e) when (e is SocketException or IOException or TimeoutException)
        {
            return false;
        }
    }

    string Of(string name) => Path.Combine(home.FullName, name);

    Dictionary<string, string> Surroundings() => new()
    {
        ["HOME"] = Of("home"),
        ["ERL_EPMD_PORT"] = $"{namePort}",
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODENAME"] = $"benchmark{port}@localhost",
        ["RABBITMQ_NODE_PORT"] = $"{port}",
        ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_DIST_PORT"] = $"{distributionPort}",
        ["RABBITMQ_MNESIA_BASE"] = Of("data"),
        ["RABBITMQ_LOG_BASE"] = Of("log"),
        ["RABBITMQ_LOGS"] = "-",
        ["RABBITMQ_PID_FILE"] = Of("pid"),
        ["RABBITMQ_CONFIG_FILE"] = Of("rabbitmq.conf"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Of("plugins"),
        // What the machine's own broker is configured with is none of ours.
        ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
        // The script then becomes the node, so that its id is the node's.
        ["RUNNING_UNDER_SYSTEMD"] = "true",
    };
}
