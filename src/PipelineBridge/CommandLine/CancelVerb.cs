using System.CommandLine;
using System.Text.Json.Nodes;
using PipelineBridge.Bridge.Deliveries;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge cancel</c>: a deployment that is not live yet is to be taken back.</summary>
static class CancelVerb
{
    public static Command Command(Surroundings at)
    {
        var request = new Names(at).Request("The request, e.g. d-81c0.");
        var command = new Command("cancel", "Take a deployment back that is not live yet, and follow it to its end.") { request };
        AskOptions.AddTo(command);
        return VerbRun.Verb(command, at, (run, stop) => run.AskAndFollow(
            HttpMethod.Post, $"/v1/requests/{Uri.EscapeDataString(run.Parsed.GetValue(request)!)}/cancel", new JsonObject(), stop, RequestState.Cancelled));
    }
}
