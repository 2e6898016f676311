using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Work.Broker;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Health;

/// <summary><c>/health/live</c>, <c>/health/ready</c> and <c>/metrics</c>; open to everybody, and without names of apps.</summary>
static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", (Delegate)Live).Produces<string>(StatusCodes.Status200OK, "text/plain").WithSummary("The process runs");
        app.MapGet("/health/ready", (Delegate)Ready).Produces<string>(StatusCodes.Status200OK, "text/plain").Produces<string>(StatusCodes.Status503ServiceUnavailable, "text/plain").WithSummary("Writes are accepted");
        app.MapGet("/metrics", (Delegate)Metrics).Produces<string>(StatusCodes.Status200OK, "text/plain").WithSummary("Figures in Prometheus' text format");
    }

    static Task Live(HttpContext http) => Text(http, StatusCodes.Status200OK, "live\n");

    static async Task Ready(HttpContext http)
    {
        var journal = http.RequestServices.GetRequiredService<EventJournal>();
        if (!journal.Writable)
        {
            // Readiness comes back by itself: a probe writes nothing but a transaction of its own.
            try
            {
                await journal.Probe(http.RequestAborted);
            }
            catch (Exception e) when (e is JournalUnavailableException or JournalBusyException)
            {
            }
        }
        // Asks are taken without the broker too: how it is stands here for people, and decides nothing.
        var broker = BrokerLines(http, journal);
        await (journal.Writable
            ? Text(http, StatusCodes.Status200OK, $"ready: the journal is written\n{broker}")
            : Text(http, StatusCodes.Status503ServiceUnavailable, $"not ready: the journal cannot be written: {journal.WriteError}\n{broker}"));
    }

    static string BrokerLines(HttpContext http, EventJournal journal) => http.RequestServices.GetService<BrokerStanding>() is { } standing
        ? BrokerHealth.Lines(standing, journal.Read(r => r.CountUnsent()), http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow())
        : "";

    static Task Metrics(HttpContext http)
    {
        var journal = http.RequestServices.GetRequiredService<EventJournal>();
        var counters = http.RequestServices.GetRequiredService<BridgeCounters>();
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().ToUnixTimeMilliseconds();
        var (queues, counts, oldest) = journal.Read(r =>
        {
            var open = r.OpenWorkCounts();
            var first = open.Where(q => q.Queue != Queues.Bridge).Select(q => q.OldestSequence).Order().ToList();
            return (open, r.Counts(), first.Count == 0 ? null : r.Event(first[0])?.Time.ToUnixTimeMilliseconds());
        });
        var text = new StringBuilder();
        Metric(text, "pipelinebridge_journal_head", "counter", "The sequence of the newest event.", journal.Head);
        Metric(text, "pipelinebridge_journal_writable", "gauge", "1 when the last write to the journal succeeded.", journal.Writable ? 1 : 0);
        Metric(text, "pipelinebridge_journal_queue", "gauge", "Writes that wait for the journal's writer.", journal.QueueLength);
        Metric(text, "pipelinebridge_requests_open", "gauge", "Requests without an end.", counts.OpenRequests);
        Metric(text, "pipelinebridge_dead_letters_open", "gauge", "Work that could not be handled, neither replayed nor dropped.", counts.OpenDeadLetters);
        Metric(text, "pipelinebridge_oldest_open_work_seconds", "gauge", "The age of the oldest open work, without the bridge's own timers.", oldest is { } o ? Math.Max(0, now - o) / 1000.0 : 0);
        text.Append("# HELP pipelinebridge_work_open Open work by queue.\n# TYPE pipelinebridge_work_open gauge\n");
        foreach (var queue in queues)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"pipelinebridge_work_open{{queue=\"{queue.Queue}\"}} {queue.Ready + queue.Running}\n");
        }
        if (http.RequestServices.GetService<BrokerStanding>() is { } standing)
        {
            BrokerHealth.Metrics(text, standing, journal.Read(r => r.CountUnsent()), now);
        }
        counters.Write(text);
        return Text(http, StatusCodes.Status200OK, text.ToString(), "text/plain; version=0.0.4; charset=utf-8");
    }

    internal static void Metric(StringBuilder text, string name, string type, string help, double value) =>
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n{name} {value}\n");

    static Task Text(HttpContext http, int status, string text, string contentType = "text/plain; charset=utf-8") =>
        Answers.WriteBytes(http, status, Encoding.UTF8.GetBytes(text), contentType);
}
