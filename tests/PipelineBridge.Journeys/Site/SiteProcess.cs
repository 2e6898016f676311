using System.Diagnostics;
using System.Text;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Journeys.Site;

/// <summary>One process of the product: started, killed, frozen and woken at will, and what it said.</summary>
sealed class SiteProcess(string name, string health, IReadOnlyDictionary<string, string> environment, params string[] arguments) : IAsyncDisposable
{
    readonly StringBuilder said = new();
    Process? process;

    public string Name => name;

    /// <summary>Where it answers for its health.</summary>
    public string Health => health;

    public bool IsRunning => process is { HasExited: false };

    /// <summary>Starts it and waits until it is alive; not until it is ready, which may need others.</summary>
    public async Task Start()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "pipelinebridge.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DOTNET_gcServer"] = "0", ["DOTNET_TieredPGO"] = "0" },
        };
        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Answers("/health/live");
    }

    /// <summary>Waits until it says that it is ready.</summary>
    public Task Ready() => Answers("/health/ready");

    /// <summary>kill -9.</summary>
    public async Task Kill()
    {
        if (process is { } running)
        {
            running.Kill();
            await running.WaitForExitAsync(CancellationToken.None);
            running.Dispose();
            process = null;
        }
    }

    /// <summary>SIGTERM, as an operator or a machine that restarts ends it.</summary>
    public async Task Stop()
    {
        await Signal("TERM");
        await process!.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience.Bound, TestContext.Current.CancellationToken);
        process.Dispose();
        process = null;
    }

    /// <summary>Stops it in the middle of whatever it does, as a machine that hangs would.</summary>
    public Task Freeze() => Signal("STOP");

    public Task Wake() => Signal("CONT");

    /// <summary>The bytes of memory that it has.</summary>
    public long ResidentBytes
    {
        get
        {
            process!.Refresh();
            return process.WorkingSet64;
        }
    }

    public override string ToString()
    {
        lock (said)
        {
            return $"--- {name}\n{said}";
        }
    }

    public async ValueTask DisposeAsync() => await Kill();

    public static int FreePort() => PipelineBridge.Tests.Support.FreePort.Take();

    async Task Signal(string signal)
    {
        using var kill = Process.Start("/bin/kill", ["-" + signal, $"{process!.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    async Task Answers(string path)
    {
        using var http = new HttpClient { BaseAddress = new Uri(health), Timeout = TimeSpan.FromSeconds(30) };
        var until = DateTime.UtcNow + Patience.Bound;
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(path, TestContext.Current.CancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !TestContext.Current.CancellationToken.IsCancellationRequested)
            {
            }
            if (process is not { HasExited: false } || DateTime.UtcNow > until)
            {
                throw new TimeoutException($"{name} did not answer {path}.\n{this}");
            }
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    void Keep(string? line)
    {
        lock (said)
        {
            said.AppendLine(line);
        }
    }
}
