using System.CommandLine;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Simulators.Slack;

namespace PipelineBridge.Verbs;

/// <summary><c>pipelinebridge simulate marathon|registry|slack</c>: a server written from the published API, for a first try and for tests.</summary>
static class SimulateVerb
{
    public static Command Command()
    {
        var port = new Option<int>("--port") { Description = "The port on 127.0.0.1; 0 takes a free one." };
        return new Command("simulate", "Run a simulator: it behaves like the server whose name it has, and says that it is none.")
        {
            Of("marathon", port, async (p, stop) => await MarathonSimulator.Start(new MarathonSimulatorOptions { Port = p }, stop), s => ((MarathonSimulator)s).Url),
            Of("registry", port, Registry, s => ((RegistrySimulator)s).Url),
            Of("slack", port, async (p, stop) => await SlackSimulator.Start(new SlackSimulatorOptions { Port = p }, stop), s => ((SlackSimulator)s).Url),
        };
    }

    /// <summary>A registry with two images to try with.</summary>
    static async Task<IAsyncDisposable> Registry(int port, CancellationToken stop)
    {
        var registry = await RegistrySimulator.Start(new RegistrySimulatorOptions { Port = port }, stop);
        registry.SeedImage("hello", "1.0", "hello 1.0");
        registry.SeedImage("hello", "1.1", "hello 1.1");
        return registry;
    }

    static Command Of(string name, Option<int> port, Func<int, CancellationToken, Task<IAsyncDisposable>> start, Func<IAsyncDisposable, Uri> url)
    {
        var command = new Command(name, $"A simulator of {name}.") { port };
        command.SetAction(async (parsed, stop) =>
        {
            await using var simulator = await start(parsed.GetValue(port), stop);
            Console.WriteLine($"{name} simulator: {url(simulator)}  (what it saw: {url(simulator)}_simulator/log). Ctrl-C ends it.");
            await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 0;
        });
        return command;
    }
}
