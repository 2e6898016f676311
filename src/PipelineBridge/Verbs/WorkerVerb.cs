using System.CommandLine;
using PipelineBridge.Composition;
using PipelineBridge.Configuration;
using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Verbs;

/// <summary><c>pipelinebridge worker</c>: one or several stages in a process of their own.</summary>
static class WorkerVerb
{
    public static Command Command()
    {
        var file = AllVerb.FileOption();
        var stages = new Option<string[]>("--stage", "-s")
        {
            Description = $"The stages to run, one or several of: {string.Join(", ", Stages.Names)}.",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        stages.AcceptOnlyFromAmong([.. Stages.Names]);
        var health = new Option<string?>("--health") { Description = "Where to answer /health/live, /health/ready and /metrics, such as http://127.0.0.1:8081; without it nowhere." };
        health.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !(Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttp && url.AbsolutePath == "/"))
            {
                result.AddError($"--health \"{text}\" is no address to listen on. Give one such as http://127.0.0.1:8081.");
            }
        });
        var command = new Command("worker", "Run stages as a process of their own, with RabbitMQ between them and the bridge.") { stages, file, health };
        command.SetAction((parsed, stop) => Run(parsed.GetValue(file), parsed.GetValue(stages)!, parsed.GetValue(health), stop));
        return command;
    }

    static async Task<int> Run(FileInfo? file, string[] stages, string? health, CancellationToken stop)
    {
        var result = BridgeConfiguration.Load(file?.FullName ?? BridgeConfiguration.DefaultFile(Directory.GetCurrentDirectory()), ConfigCheck.ProcessEnvironment(),
            needed: [.. stages.SelectMany(Stages.PartsOfProcess).Distinct()]);
        ConfigurationReport.Write(Console.Error, result);
        if (result.Configuration is not { } configuration)
        {
            return 2;
        }
        if (configuration.Broker is not { } broker || configuration.Worker is not { } bridge)
        {
            Console.Error.WriteLine($"{result.Source} has no {(configuration.Broker is null ? "broker: {url: amqp://rabbit.internal:5672/, username: …, password: …}" : "worker: {bridge: http://bridge.internal:8080, key: …}")}, which a worker needs.");
            return 2;
        }
        try
        {
            await BrokerStart.Prepare(broker, configuration.Topology, $"worker {string.Join(" ", stages)}", stop, [.. stages.SelectMany(configuration.Topology.OfStage)]);
            await using var process = await WorkerProcess.Start(configuration, broker, bridge, stages, health, stop);
            Console.WriteLine($"PipelineBridge's worker for {string.Join(", ", stages)}, broker {broker.Shown}, bridge {bridge.Url}{(process.Health is { } at ? $", health {at}" : "")}. Ctrl-C ends it.");
            await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BrokerException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}
