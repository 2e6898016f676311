using System.CommandLine;
using Microsoft.Extensions.Logging;
using PipelineBridge.Bridge;
using PipelineBridge.Composition;
using PipelineBridge.Configuration;
using PipelineBridge.Journal;
using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Verbs;

/// <summary><c>pipelinebridge bridge</c>: the bridge alone; its stages are workers, and a broker is between them.</summary>
static class BridgeVerb
{
    public static Command Command()
    {
        var file = AllVerb.FileOption();
        var command = new Command("bridge", "Run the bridge alone; the stages run as workers, with RabbitMQ between.") { file };
        command.SetAction((parsed, stop) => Run(parsed.GetValue(file), stop));
        return command;
    }

    static async Task<int> Run(FileInfo? file, CancellationToken stop)
    {
        var result = BridgeConfiguration.Load(file?.FullName ?? BridgeConfiguration.DefaultFile(Directory.GetCurrentDirectory()), ConfigCheck.ProcessEnvironment(), Stages.Checks, Stages.PartsOfProcess("bridge"));
        ConfigurationReport.Write(Console.Error, result);
        if (result.Configuration is not { } configuration)
        {
            return 2;
        }
        if (configuration.Broker is not { } broker)
        {
            Console.Error.WriteLine($"{result.Source} has no broker, over which a bridge alone reaches its stages. Give broker: {{url: amqp://rabbit.internal:5672/, username: …, password: …}}, or run everything in one process: pipelinebridge all");
            return 2;
        }
        try
        {
            await BrokerStart.Prepare(broker, configuration.Topology, "bridge", stop);
            await using var process = await OneProcess.Start(configuration, LogLevel.Information, stop, new BrokerParts(broker, configuration.Topology));
            Console.WriteLine($"PipelineBridge's bridge on {string.Join(", ", process.App.Urls)}, journal {configuration.Journal}, broker {broker.Shown}. Ctrl-C ends it.");
            await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 0;
        }
        catch (Exception e) when (e is JournalRefusedException or IOException or UnauthorizedAccessException or BrokerException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}
