using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace PipelineBridge.Bridge.Health;

/// <summary>What was counted since the start: answers by status.</summary>
public sealed class BridgeCounters
{
    readonly ConcurrentDictionary<(string Method, int Status), long> answers = new();

    /// <summary>Counts an answer.</summary>
    public void Answered(string method, int status) =>
        // The method is the caller's own word: only those that are known make a row.
        answers.AddOrUpdate((method is "GET" or "POST" or "PUT" or "DELETE" or "HEAD" ? method : "other", status), 1, static (_, n) => n + 1);

    internal void Write(StringBuilder text)
    {
        text.Append("# HELP pipelinebridge_http_answers_total Answers by method and status since the start.\n# TYPE pipelinebridge_http_answers_total counter\n");
        foreach (var ((method, status), count) in answers.OrderBy(a => a.Key.Method, StringComparer.Ordinal).ThenBy(a => a.Key.Status))
        {
            text.Append(CultureInfo.InvariantCulture, $"pipelinebridge_http_answers_total{{method=\"{method}\",status=\"{status}\"}} {count}\n");
        }
    }
}
