using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>What an endpoint answers: a status, a JSON body or none, headers.</summary>
sealed record Answer(int Status, JsonNode? Body)
{
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    public static Answer Ok(JsonNode body) => new(200, body);

    /// <summary>The answer to a change that a deployment carries out: the body and the header name it.</summary>
    public static Answer Of(Deployment deployment, int status = 200) =>
        new(status, new JsonObject { ["version"] = deployment.Version, ["deploymentId"] = deployment.Id })
        {
            Headers = new Dictionary<string, string> { ["Marathon-Deployment-Id"] = deployment.Id },
        };

    public Answer With(string header, string value) =>
        this with { Headers = new Dictionary<string, string>(Headers) { [header] = value } };
}
