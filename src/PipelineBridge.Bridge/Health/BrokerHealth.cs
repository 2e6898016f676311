using System.Globalization;
using System.Text;
using PipelineBridge.Bridge.Work.Broker;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Health;

/// <summary>How the broker is, for <c>/health/ready</c> and <c>/metrics</c>.</summary>
static class BrokerHealth
{
    public static string Lines(BrokerStanding standing, UnsentCount unsent, DateTimeOffset now)
    {
        var text = new StringBuilder();
        text.Append(standing.ConnectedSince is { } since
            ? string.Create(CultureInfo.InvariantCulture, $"broker: connected since {since:yyyy-MM-dd HH:mm:ss} UTC")
            : string.Create(CultureInfo.InvariantCulture, $"broker: not connected since {standing.LostSince:yyyy-MM-dd HH:mm:ss} UTC"));
        text.Append(standing.Trouble is { } trouble ? $": {trouble}\n" : "\n");
        text.Append(CultureInfo.InvariantCulture, $"broker: {unsent.Count} events to be published");
        text.Append(unsent.OldestMilliseconds is { } oldest ? string.Create(CultureInfo.InvariantCulture, $", the oldest {Age(oldest, now):0} s old\n") : "\n");
        text.Append(standing.Misfit is { } misfit ? $"broker: {misfit}\n" : "");
        foreach (var (_, why) in standing.Unroutable.OrderBy(u => u.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"broker: {why}\n");
        }
        foreach (var (queue, seen) in standing.Queues.OrderBy(q => q.Key, StringComparer.Ordinal).Where(q => q.Value.Consumers == 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"broker: nobody reads {queue}; {seen.Waiting} wait in it\n");
        }
        return text.ToString();
    }

    public static void Metrics(StringBuilder text, BrokerStanding standing, UnsentCount unsent, long now)
    {
        Metric("pipelinebridge_broker_connected", "gauge", "1 while the relay is connected to the broker.", standing.ConnectedSince is null ? 0 : 1);
        Metric("pipelinebridge_unsent_events", "gauge", "Events that are still to be published.", unsent.Count);
        Metric("pipelinebridge_oldest_unsent_event_seconds", "gauge", "The age of the oldest event that is still to be published.",
            unsent.OldestMilliseconds is { } oldest ? Age(oldest, DateTimeOffset.FromUnixTimeMilliseconds(now)) : 0);
        Metric("pipelinebridge_relay_events_confirmed_total", "counter", "Events that the broker confirmed.", standing.EventsPublished);
        Metric("pipelinebridge_relay_work_confirmed_total", "counter", "Works that the broker confirmed.", standing.WorkGiven);
        Metric("pipelinebridge_relay_unroutable_queues", "gauge", "Queues that the broker could not route work to.", standing.Unroutable.Count);
        Metric("pipelinebridge_outcome_batches_total", "counter", "Batches of outcomes that were journaled.", standing.OutcomeBatches);
        Metric("pipelinebridge_outcomes_total", "counter", "Outcomes that were journaled.", standing.Outcomes);
        Metric("pipelinebridge_outcomes_refused_total", "counter", "Messages among the outcomes that were none.", standing.OutcomesRefused);
        Metric("pipelinebridge_dead_messages_total", "counter", "Messages that no queue could handle.", standing.Dead);
        text.Append("# HELP pipelinebridge_queue_consumers Consumers by queue.\n# TYPE pipelinebridge_queue_consumers gauge\n");
        foreach (var (queue, seen) in standing.Queues.OrderBy(q => q.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"pipelinebridge_queue_consumers{{queue=\"{queue}\"}} {seen.Consumers}\n");
        }

        void Metric(string name, string type, string help, double value) => HealthEndpoints.Metric(text, name, type, help, value);
    }

    static double Age(long milliseconds, DateTimeOffset now) => Math.Max(0, now.ToUnixTimeMilliseconds() - milliseconds) / 1000.0;
}
