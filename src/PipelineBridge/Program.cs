using System.CommandLine;
using System.CommandLine.Help;
using PipelineBridge.CommandLine;
using PipelineBridge.Verbs;

var root = new RootCommand("PipelineBridge: a commit becomes a healthy, announced service.")
{
    AllVerb.Command(),
    BridgeVerb.Command(),
    WorkerVerb.Command(),
    DemoVerb.Command(),
    SimulateVerb.Command(),
    ConfigVerb.Command(),
    SpecVerb.Command(),
    JournalVerb.Command(),
    BrokerVerb.Command(),
    HealthVerb.Command(),
};
foreach (var verb in OperatorVerbs.All(Surroundings.OfProcess()))
{
    root.Add(verb);
}
foreach (var help in root.Options.OfType<HelpOption>())
{
    help.Aliases.Remove("/h");
    help.Aliases.Remove("/?");
    help.Aliases.Remove("-?");
}
return await WrongUse.OrRun(root.Parse(args), new InvocationConfiguration(), CancellationToken.None);
