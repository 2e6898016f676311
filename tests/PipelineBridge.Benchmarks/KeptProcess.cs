using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PipelineBridge.Benchmarks;

/// <summary>A program that ends with the benchmark, also when that is killed: whoever keeps it reads from the benchmark and ends it at the end of the file.</summary>
sealed class KeptProcess : IAsyncDisposable
{
    /// <summary>Says the program's id, runs it until it reads the name of a signal or the end of the file.</summary>
    const string Keeper = """
        "$@" </dev/null &
        pid=$!
        echo "$pid"
        read -r signal
        kill "-${signal:-KILL}" "$pid"
        wait "$pid"
        """;

    static readonly TimeSpan Bound = TimeSpan.FromSeconds(90);

    readonly StringBuilder said = new();
    readonly Process keeper;
    readonly int id;

    KeptProcess(string name, Process keeper, int id) => (Name, this.keeper, this.id) = (name, keeper, id);

    public string Name { get; }

    /// <summary>The processor time that it has used so far.</summary>
    public TimeSpan Processor
    {
        get
        {
            using var process = Process.GetProcessById(id);
            return process.TotalProcessorTime;
        }
    }

    /// <summary>The most memory that it had at any time.</summary>
    public long PeakBytes
    {
        get
        {
            using var process = Process.GetProcessById(id);
            return process.PeakWorkingSet64;
        }
    }

    // proc(5): a process that ended and was not waited for yet is a zombie.
    bool IsGone => !File.Exists($"/proc/{id}/stat") || File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);

    public static async Task<KeptProcess> Start(string name, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", Keeper, "sh", program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (variable, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[variable] = value;
        }
        // Else a daemon would tell the machine's own service manager of itself.
        start.Environment.Remove("NOTIFY_SOCKET");
        var keeper = Process.Start(start)!;
        var id = int.Parse((await keeper.StandardOutput.ReadLineAsync().WaitAsync(Bound))!, CultureInfo.InvariantCulture);
        var kept = new KeptProcess(name, keeper, id);
        kept.Listen(keeper.StandardOutput);
        kept.Listen(keeper.StandardError);
        return kept;
    }

    /// <summary>Waits until it does what it is for.</summary>
    /// <exception cref="InvalidOperationException">It ended, or did not within 90 s; the message holds what it said.</exception>
    public async Task Until(Func<Task<bool>> ready, CancellationToken cancellation)
    {
        for (var start = Stopwatch.GetTimestamp(); !await ready(); await Task.Delay(100, cancellation))
        {
            if (IsGone || Stopwatch.GetElapsedTime(start) > Bound)
            {
                throw new InvalidOperationException($"{Name} {(IsGone ? "ended" : $"was not ready within {Bound.TotalSeconds:0} s")}. It said:\n{this}");
            }
        }
    }

    /// <summary>Waits until an address answers 200.</summary>
    public async Task UntilAnswered(Uri address, CancellationToken cancellation)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        await Until(async () =>
        {
            try
            {
                using var answer = await http.GetAsync(address, cancellation);
                return answer.IsSuccessStatusCode;
            }
            catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
            {
                return false;
            }
        }, cancellation);
    }

    public override string ToString()
    {
        lock (said)
        {
            return said.ToString();
        }
    }

    /// <summary>Sends it a signal, and waits until it ended.</summary>
    public async Task Stop(string signal)
    {
        await keeper.StandardInput.WriteLineAsync(signal);
        await keeper.StandardInput.FlushAsync();
        await keeper.WaitForExitAsync().WaitAsync(Bound);
    }

    public async ValueTask DisposeAsync()
    {
        keeper.StandardInput.Close();
        await keeper.WaitForExitAsync().WaitAsync(Bound);
        keeper.Dispose();
    }

    public static int FreePort()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        return ((IPEndPoint)free.LocalEndpoint).Port;
    }

    void Listen(StreamReader stream) => _ = Task.Run(async () =>
    {
        while (await stream.ReadLineAsync() is { } line)
        {
            lock (said)
            {
                said.AppendLine(line);
            }
        }
    });
}
