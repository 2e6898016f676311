using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>An answer of Marathon: its status, and its body read in whole.</summary>
sealed record MarathonAnswer(HttpStatusCode Status, string Body)
{
    /// <summary>Whether it is a 2xx.</summary>
    public bool IsGood => (int)Status is >= 200 and < 300;

    /// <summary>The body as JSON.</summary>
    /// <exception cref="ClusterUnreachableException">It is none: whoever answered was not Marathon.</exception>
    public JsonNode Json
    {
        get
        {
            try
            {
                return JsonNode.Parse(Body) ?? throw new ClusterUnreachableException("Marathon answered without a body.");
            }
            catch (JsonException e)
            {
                throw new ClusterUnreachableException("What answered in Marathon's place did not answer with JSON.", e);
            }
        }
    }

    /// <summary>
    /// What an error's body says, for evidence: <c>message</c>, and <c>details</c>, which is a list of paths and errors
    /// (422) or a text (400).
    /// </summary>
    public string ErrorText
    {
        get
        {
            try
            {
                if (JsonNode.Parse(Body) is not JsonObject json)
                {
                    return Whole;
                }
                var details = json["details"] switch
                {
                    JsonArray list => list.OfType<JsonObject>().Select(d => $"{d["path"].Text() ?? "/"}: {string.Join("; ", (d["errors"] as JsonArray ?? []).Select(e => e.Text()))}"),
                    JsonValue text => [text.Text() ?? ""],
                    _ => [],
                };
                return json["message"].Text() is { } message ? string.Join('\n', details.Prepend($"{(int)Status} {message}")) : Whole;
            }
            catch (JsonException)
            {
                return Whole;
            }
        }
    }

    string Whole => $"{(int)Status} {(Body.Length > 2000 ? Body[..2000] : Body)}".TrimEnd();
}
