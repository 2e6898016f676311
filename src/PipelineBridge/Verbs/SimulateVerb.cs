using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Simulators.Slack;

namespace PipelineBridge.Verbs;

/// <summary><c>pipelinebridge simulate marathon|registry|slack</c>: a server written from the published API, for a first try and for tests.</summary>
static class SimulateVerb
{
    public static Command Command()
    {
        var port = new Option<int>("--port") { Description = "The port; 0 takes a free one." };
        var address = new Option<IPAddress>("--address")
        {
            Description = "The address to listen on; 0.0.0.0 lets in whoever reaches this machine or container.",
            DefaultValueFactory = _ => IPAddress.Loopback,
            CustomParser = Address,
        };
        return new Command("simulate", "Run a simulator: it behaves like the server whose name it has, and says that it is none.")
        {
            Of("marathon", port, address, async (p, a, stop) => await MarathonSimulator.Start(new MarathonSimulatorOptions { Port = p, Address = a }, stop), s => ((MarathonSimulator)s).Url),
            Of("registry", port, address, Registry, s => ((RegistrySimulator)s).Url),
            Of("slack", port, address, async (p, a, stop) => await SlackSimulator.Start(new SlackSimulatorOptions { Port = p, Address = a }, stop), s => ((SlackSimulator)s).Url),
        };
    }

    /// <summary>A registry with two images to try with.</summary>
    static async Task<IAsyncDisposable> Registry(int port, IPAddress address, CancellationToken stop)
    {
        var registry = await RegistrySimulator.Start(new RegistrySimulatorOptions { Port = port, Address = address }, stop);
        registry.SeedImage("hello", "1.0", "hello 1.0");
        registry.SeedImage("hello", "1.1", "hello 1.1");
        return registry;
    }

    static Command Of(string name, Option<int> port, Option<IPAddress> address, Func<int, IPAddress, CancellationToken, Task<IAsyncDisposable>> start, Func<IAsyncDisposable, Uri> url)
    {
        var command = new Command(name, $"A simulator of {name}.") { port, address };
        command.SetAction(async (parsed, stop) =>
        {
            await using var simulator = await start(parsed.GetValue(port), parsed.GetValue(address)!, stop);
            Console.WriteLine($"{name} simulator: {url(simulator)}  (what it saw: {url(simulator)}_simulator/log). Ctrl-C ends it.");
            await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 0;
        });
        return command;
    }

    static IPAddress Address(ArgumentResult given)
    {
        if (IPAddress.TryParse(given.Tokens[0].Value, out var address))
        {
            return address;
        }
        given.AddError($"--address \"{given.Tokens[0].Value}\" is no IP address. Give one such as 127.0.0.1 or 0.0.0.0.");
        return IPAddress.None;
    }
}
