using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PipelineBridge.Tests.Broker;

/// <summary>
/// Debian's RabbitMQ, for one collection of tests: its own data, port, node name, cookie and name server. It ends with the
/// tests, also when their process is killed: whoever keeps it reads from that process and ends it at the end of the file.
/// </summary>
public sealed class RabbitMqServer : IAsyncLifetime
{
    const string Programs = "/usr/lib/rabbitmq/bin/";
    const string NameServer = "/usr/bin/epmd";

    /// <summary>Runs a program until it reads the name of a signal, or the end of the file.</summary>
    const string Keeper = """
        "$@" </dev/null &
        pid=$!
        read -r signal
        kill "-${signal:-KILL}" "$pid"
        wait "$pid"
        """;

    static readonly TimeSpan Bound = TimeSpan.FromSeconds(240);

    readonly DirectoryInfo home = Directory.CreateTempSubdirectory("pipelinebridge-rabbitmq-");
    readonly StringBuilder log = new();
    readonly int namePort = FreePort();
    readonly int distributionPort = FreePort();
    Process? names;
    Process? node;

    /// <summary>The port of AMQP, on loopback.</summary>
    public int Port { get; } = FreePort();

    /// <summary>A user that may do everything.</summary>
    public const string User = "guest";

    /// <summary>That user's password.</summary>
    public const string Password = "guest";

    /// <summary>The address of a virtual host.</summary>
    public Uri Url(string vhost = "/") => new($"amqp://{User}:{Password}@127.0.0.1:{Port}/{Uri.EscapeDataString(vhost)}");

    /// <summary>Further lines of <c>rabbitmq.conf</c>, read at the next start, e.g. <c>consumer_timeout = 6000</c>.</summary>
    public IReadOnlyList<string> Configuration { get; set; } = [];

    /// <summary>What the node wrote.</summary>
    public string Log
    {
        get
        {
            lock (log)
            {
                return log.ToString();
            }
        }
    }

    /// <summary>Whether Debian's package is there.</summary>
    public static bool IsInstalled => File.Exists(Programs + "rabbitmq-server") && File.Exists(NameServer);

    /// <summary>Each test of a class with this fixture calls it first.</summary>
    public static void SkipWhereMissing() => Assert.SkipUnless(IsInstalled, $"{Programs}rabbitmq-server is not installed (Debian package rabbitmq-server).");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (IsInstalled)
        {
            Directory.CreateDirectory(Path.Combine(home.FullName, "home"));
            var cookie = Path.Combine(home.FullName, "home", ".erlang.cookie");
            await File.WriteAllTextAsync(cookie, Guid.NewGuid().ToString("N"));
            if (!OperatingSystem.IsWindows())
            {
                // Erlang takes no cookie that others may read.
                File.SetUnixFileMode(cookie, UnixFileMode.UserRead);
            }
            await File.WriteAllTextAsync(Path.Combine(home.FullName, "plugins"), "[].\n");
            names = Keep(NameServer, "-port", $"{namePort}", "-address", "127.0.0.1");
            await Start();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Kill();
        await End(names, "KILL");
        names = null;
        home.Delete(recursive: true);
    }

    /// <summary>Starts the node and returns once it takes connections.</summary>
    public async Task Start()
    {
        if (node is not null)
        {
            return;
        }
        await File.WriteAllLinesAsync(Path.Combine(home.FullName, "rabbitmq.conf"), ["disk_free_limit.absolute = 1MB", .. Configuration]);
        node = Keep(Programs + "rabbitmq-server");
        using var bound = new CancellationTokenSource(Bound);
        while (!await Answers(bound.Token))
        {
            if (bound.IsCancellationRequested)
            {
                throw new TimeoutException($"RabbitMQ did not start within {Bound.TotalSeconds} s. It wrote:\n{Log}");
            }
            await Task.Delay(100);
        }
    }

    /// <summary>Stops the node as an operator would; its data stays.</summary>
    public async Task Stop()
    {
        await End(node, "TERM");
        node = null;
    }

    /// <summary>
    /// Returns once the node has on its disk which quorum queues there are: it writes that some seconds late, and one that is
    /// killed before comes back with a queue that nobody leads (seen with 3.10.8).
    /// </summary>
    public Task Settle() => Control("eval", "[dets:sync(T) || T <- dets:all()].");

    /// <summary>Ends the node without a word; its data stays as it is at that moment.</summary>
    public async Task Kill()
    {
        await End(node, "KILL");
        node = null;
    }

    /// <summary>Deletes all that the node keeps: exchanges, queues, messages, virtual hosts. It must be stopped.</summary>
    public void DeleteData()
    {
        if (node is not null)
        {
            throw new InvalidOperationException("Data is deleted while the node is stopped.");
        }
        Directory.Delete(Path.Combine(home.FullName, "data"), recursive: true);
    }

    /// <summary>Makes a virtual host of its own for a test, and says its name. Quicker than a node for each.</summary>
    public async Task<string> NewVirtualHost()
    {
        var name = "t" + Guid.NewGuid().ToString("N")[..8];
        await MakeVirtualHost(name);
        return name;
    }

    /// <summary>Makes a virtual host of that name in which <see cref="User"/> may do everything.</summary>
    public Task MakeVirtualHost(string name) => Control("eval", $"""
        _ = rabbit_vhost:add(<<"{name}">>, <<"tests">>), rabbit_auth_backend_internal:set_permissions(<<"{User}">>, <<"{name}">>, <<".*">>, <<".*">>, <<".*">>, <<"tests">>).
        """);

    /// <summary>Runs <c>rabbitmqctl</c> and gives what it wrote.</summary>
    public async Task<string> Control(params string[] arguments)
    {
        using var process = Process.Start(Environment(new ProcessStartInfo(Programs + "rabbitmqctl", ["--silent", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }))!;
        using var bound = new CancellationTokenSource(Bound);
        var output = process.StandardOutput.ReadToEndAsync(bound.Token);
        var errors = process.StandardError.ReadToEndAsync(bound.Token);
        try
        {
            await process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"rabbitmqctl {arguments[0]} did not end within {Bound.TotalSeconds} s.");
        }
        return process.ExitCode == 0 ? await output
            : throw new InvalidOperationException($"rabbitmqctl {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{await errors}");
    }

    /// <summary>Whether the node answers AMQP's protocol header with its first frame, a method (AMQP 0-9-1, 2.2.4 and 4.2.2).</summary>
    async Task<bool> Answers(CancellationToken cancellation)
    {
        try
        {
            using var connection = new TcpClient();
            await connection.ConnectAsync(IPAddress.Loopback, Port, cancellation);
            var stream = connection.GetStream();
            await stream.WriteAsync("AMQP\0\0\u0009\u0001"u8.ToArray(), cancellation);
            var first = new byte[1];
            return await stream.ReadAsync(first, cancellation) == 1 && first[0] == 1;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return false;
        }
    }

    Process Keep(string program, params string[] arguments)
    {
        var process = Process.Start(Environment(new ProcessStartInfo("/bin/sh", ["-c", Keeper, "sh", program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }))!;
        process.OutputDataReceived += Note;
        process.ErrorDataReceived += Note;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    static async Task End(Process? process, string signal)
    {
        if (process is null)
        {
            return;
        }
        using (process)
        {
            using var bound = new CancellationTokenSource(Bound);
            await process.StandardInput.WriteLineAsync(signal);
            process.StandardInput.Close();
            await process.WaitForExitAsync(bound.Token);
        }
    }

    ProcessStartInfo Environment(ProcessStartInfo start)
    {
        string Of(string name) => Path.Combine(home.FullName, name);
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["HOME"] = Of("home"),
            ["ERL_EPMD_PORT"] = $"{namePort}",
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODENAME"] = $"tests{Port}@localhost",
            ["RABBITMQ_NODE_PORT"] = $"{Port}",
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
            // The script then becomes the node and leaves signals to it, and a signal reaches it without a program between.
            ["RUNNING_UNDER_SYSTEMD"] = "true",
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none",
        })
        {
            start.Environment[name] = value;
        }
        start.Environment.Remove("NOTIFY_SOCKET");
        return start;
    }

    void Note(object sender, DataReceivedEventArgs line)
    {
        lock (log)
        {
            log.AppendLine(line.Data);
        }
    }

    static int FreePort() => PipelineBridge.Tests.Support.FreePort.Take();
}
