using System.Globalization;
using System.Text.Json;

namespace PipelineBridge.Benchmarks.Deliveries;

/// <summary>Where the time of deliveries goes: between the times of their events in the journal.</summary>
sealed class DeliveryTimes
{
    /// <summary>The steps of a delivery, each to its event; the last one happens several times.</summary>
    static readonly (string Type, string Name)[] Steps =
    [
        ("image.pushrequested", "push asked"),
        ("artifact.published", "push: the registry stage has its work, finds the digest, sets a tag"),
        ("deployment.rolloutrequested", "release: the bridge reads the outcome and decides"),
        ("deployment.started", "rollout begun: the cluster stage has its work, writes to Marathon"),
        ("service.", "healthy: new tasks run and pass their check"),
        ("deployment.succeeded", "end: the bridge reads the outcome and decides"),
        ("notification.delivered", "told: the last message stands in the chat"),
    ];

    readonly Dictionary<string, DateTimeOffset?[]> chains = new(StringComparer.Ordinal);

    /// <summary>How many events were read.</summary>
    public int Events { get; private set; }

    /// <summary>Reads all events of the journal, over HTTP.</summary>
    public static async Task<DeliveryTimes> Read(HttpClient http, CancellationToken cancellation)
    {
        var times = new DeliveryTimes();
        for (long reached = 0, head = 1; reached < head;)
        {
            using var page = JsonDocument.Parse(await http.GetByteArrayAsync($"v1/events?after={reached}", cancellation));
            (reached, head) = (page.RootElement.GetProperty("reached").GetInt64(), page.RootElement.GetProperty("head").GetInt64());
            foreach (var e in page.RootElement.GetProperty("events").EnumerateArray())
            {
                times.Add(e.GetProperty("event"));
            }
        }
        return times;
    }

    /// <summary>A row for each step: the time since the one before, and its share of the whole.</summary>
    public IEnumerable<string> Rows()
    {
        var whole = chains.Values.Where(t => t.All(at => at is not null)).ToList();
        var all = whole.Sum(t => (t[^1] - t[0])!.Value.TotalMilliseconds);
        for (var i = 1; i < Steps.Length; i++)
        {
            var took = whole.Select(t => (t[i] - t[i - 1])!.Value.TotalMilliseconds).Order().ToList();
            yield return Row(Steps[i].Name, took, took.Sum() / all);
        }
        yield return Row($"all, of {whole.Count} deliveries", [.. whole.Select(t => (t[^1] - t[0])!.Value.TotalMilliseconds).Order()], 1);
    }

    static string Row(string name, List<double> took, double share) => took.Count == 0 ? $"| {name} | | |"
        : string.Create(CultureInfo.InvariantCulture, $"| {name} | {took[took.Count / 2]:0}, {took[(int)(took.Count * 0.99)]:0} | {share:P0} |");

    void Add(JsonElement e)
    {
        Events++;
        var data = e.GetProperty("data").GetProperty("context");
        var type = data.GetProperty("type").GetString()!.Replace("dev.cdeventsx.pipelinebridge-", "", StringComparison.Ordinal).Replace("dev.cdevents.", "", StringComparison.Ordinal);
        var step = Array.FindIndex(Steps, s => type.StartsWith(s.Type, StringComparison.Ordinal));
        if (step < 0 || !data.TryGetProperty("chainId", out var chain))
        {
            return;
        }
        var times = chains.TryGetValue(chain.GetString()!, out var found) ? found : chains[chain.GetString()!] = new DateTimeOffset?[Steps.Length];
        var time = e.GetProperty("time").GetDateTimeOffset();
        times[step] = step == Steps.Length - 1 && times[step] > time ? times[step] : time;
    }
}
