using PipelineBridge.CommandLine;
using PipelineBridge.Tests.Docs;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.CommandLine;

/// <summary>A run of <c>events tail</c> in this process, read while it goes on.</summary>
sealed class TailRun : IAsyncDisposable
{
    readonly CancellationTokenSource stop = new();
    readonly Lines output = new();
    readonly Lines errors = new();
    readonly Task<int> run;

    public TailRun(TimeProvider clock, IReadOnlyDictionary<string, string> variables, params string[] arguments)
    {
        var at = new Surroundings { Output = output, Errors = errors, Variable = name => variables.GetValueOrDefault(name), Clock = clock };
        run = EventsVerb.Command(at).Parse(["tail", .. arguments]).InvokeAsync(new() { Output = output, Error = errors }, stop.Token);
    }

    public IReadOnlyList<string> Output => output.All;

    public string Errors => string.Join('\n', errors.All);

    /// <summary>Waits until it has written something to standard error so many times.</summary>
    public Task UntilSaid(string text, int times = 1) => Until(() => errors.All.Count(l => l.Contains(text, StringComparison.Ordinal)) >= times, $"{times} x {text}");

    /// <summary>Waits until it has printed so many lines.</summary>
    public Task UntilPrinted(int count) => Until(() => output.All.Count >= count, $"{count} lines");

    /// <summary>Presses Ctrl-C; the exit code.</summary>
    public async Task<int> Stop()
    {
        await stop.CancelAsync();
        return await Exit();
    }

    /// <summary>The exit code, once it ends.</summary>
    public Task<int> Exit() => run.WaitAsync(Patience.Bound, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Stop();
        stop.Dispose();
        await output.DisposeAsync();
        await errors.DisposeAsync();
    }

    Task Until(Func<bool> holds, string what) => SubscriberScene.Until(() => Task.FromResult(holds() || (run.IsCompleted
        ? throw new InvalidOperationException($"It ended with {run.Result} before {what}. It said:\n{Errors}\nand printed:\n{string.Join('\n', Output)}") : false)), what);

    /// <summary>Lines that one writes and another reads.</summary>
    sealed class Lines : StringWriter
    {
        readonly List<string> lines = [];

        public IReadOnlyList<string> All
        {
            get
            {
                lock (lines)
                {
                    return [.. lines];
                }
            }
        }

        public override void WriteLine(string? value)
        {
            lock (lines)
            {
                lines.Add(value ?? "");
            }
        }
    }
}
