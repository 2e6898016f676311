using System.CommandLine;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge await</c>: follow a request, or the newest deployment of an app, to its end.</summary>
static class AwaitVerb
{
    public static Command Command(Surroundings at)
    {
        var request = new Names(at).RequestOrApp("The request, e.g. d-81c0; or an app, with its environment.");
        var environment = new Names(at).Environment("The environment, after an app.");
        environment.Arity = ArgumentArity.ZeroOrOne;
        var command = new Command("await", "Follow a request, or the newest deployment of an app in an environment, to its end.") { request, environment };
        AskOptions.AddWait(command);
        return VerbRun.Verb(command, at, async (run, stop) =>
        {
            var (what, where) = (run.Parsed.GetValue(request)!, run.Parsed.GetValue(environment));
            return await run.Follow(where is null ? what : await Newest(run, what, where, stop), stop);
        });
    }

    static async Task<string> Newest(VerbRun run, string app, string environment, CancellationToken stop)
    {
        var (answer, _) = await run.Bridge.Read($"/v1/deployments?app={Uri.EscapeDataString(app)}&environment={Uri.EscapeDataString(environment)}&limit=1", CommandJson.Default.DeploymentsAnswer, stop);
        return answer.Deployments is [{ } newest, ..]
            ? newest.Id
            : throw new VerbException(ExitCode.Refused, $"{app} was never deployed to {environment} by this bridge: there is nothing to wait for.");
    }
}
