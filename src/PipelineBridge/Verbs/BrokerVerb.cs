using System.CommandLine;
using PipelineBridge.Composition;
using PipelineBridge.Configuration;

namespace PipelineBridge.Verbs;

/// <summary><c>pipelinebridge broker definitions</c>: the users and permissions that the broker needs.</summary>
static class BrokerVerb
{
    public static Command Command()
    {
        var file = AllVerb.FileOption();
        var definitions = new Command("definitions", "Print users, permissions and topic permissions, for: rabbitmqctl import_definitions FILE") { file };
        definitions.SetAction(parsed =>
        {
            var result = BridgeConfiguration.Load(parsed.GetValue(file)?.FullName ?? BridgeConfiguration.DefaultFile(Directory.GetCurrentDirectory()), ConfigCheck.ProcessEnvironment(), needed: []);
            if (result.Configuration is not { } configuration)
            {
                ConfigurationReport.Write(Console.Error, result, "nothing was printed");
                return 2;
            }
            Console.Out.WriteLine(BrokerDefinitions.Of(configuration.Topology, configuration.Broker?.VirtualHost ?? "/"));
            return 0;
        });
        return new Command("broker", "The broker.") { definitions };
    }
}
