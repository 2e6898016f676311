using System.CommandLine;
using PipelineBridge.Demo;

namespace PipelineBridge.Verbs;

/// <summary><c>pipelinebridge demo</c>: two deliveries on simulators, told while they happen.</summary>
static class DemoVerb
{
    public static Command Command()
    {
        var once = new Option<bool>("--once") { Description = "End after the two deliveries: 0 when both went as told, else 1." };
        var registry = new Option<Uri?>("--registry") { Description = "A registry of your own instead of the simulator; it must have hello:1.0 and hello:1.1." };
        var marathon = new Option<Uri?>("--marathon") { Description = "A Marathon of your own instead of the simulator." };
        var port = new Option<int>("--port") { Description = "The port of the page; a free one is taken when it is in use.", DefaultValueFactory = _ => 8080 };
        var command = new Command("demo", "Two deliveries in one process on simulators: one that works, one that is taken back.") { once, registry, marathon, port };
        command.SetAction((parsed, stop) => new DemoRun(Console.Out)
        {
            Once = parsed.GetValue(once),
            Registry = parsed.GetValue(registry),
            Marathon = parsed.GetValue(marathon),
            Port = parsed.GetValue(port),
        }.Run(stop));
        return command;
    }
}
