using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary><c>/v2/deployments</c>: reads what runs, takes it back or stops it.</summary>
sealed class DeploymentEndpoints(DeploymentEngine engine)
{
    public Answer All(MarathonCall call) => call.Method == "GET"
        ? Answer.Ok(new JsonArray([.. engine.Listed.Select(deployment => deployment.ToJson())]))
        : throw MarathonError.Plain(405, "Method Not Allowed");

    public Answer One(MarathonCall call, string id)
    {
        if (call.Method != "DELETE")
        {
            throw MarathonError.Plain(405, "Method Not Allowed");
        }

        var deployment = engine.Listed.FirstOrDefault(one => one.Id == id)
            ?? throw MarathonError.Plain(404, $"DeploymentPlan {id} does not exist");
        if (!call.Flag("force"))
        {
            return Answer.Of(engine.Revert(deployment));
        }

        engine.Cancel(deployment);
        return new Answer(202, null);
    }
}
