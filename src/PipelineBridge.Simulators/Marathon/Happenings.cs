namespace PipelineBridge.Simulators.Marathon;

/// <summary>One thing that happened in the simulated cluster.</summary>
/// <param name="Time">When it happened.</param>
/// <param name="Kind">deployment, task, health, leader, stream or script.</param>
/// <param name="Subject">The id of the deployment or task, or what was scripted.</param>
/// <param name="App">The app or apps concerned; empty without.</param>
/// <param name="State">What it came to, such as TASK_RUNNING or succeeded.</param>
/// <param name="Detail">Why; null when there is nothing to say.</param>
public sealed record MarathonHappening(
    DateTimeOffset Time, string Kind, string Subject, string App, string State, string? Detail);

/// <summary>What happened in the simulated cluster, oldest first; the oldest are dropped past a bound.</summary>
sealed class Happenings(TimeProvider time)
{
    const int Kept = 20_000;

    readonly Lock gate = new();
    readonly Queue<MarathonHappening> kept = new();

    public IReadOnlyList<MarathonHappening> All
    {
        get
        {
            lock (gate)
            {
                return [.. kept];
            }
        }
    }

    public void Add(string kind, string subject, string app, string state, string? detail = null)
    {
        lock (gate)
        {
            kept.Enqueue(new MarathonHappening(time.GetUtcNow(), kind, subject, app, state, detail));
            if (kept.Count > Kept)
            {
                kept.Dequeue();
            }
        }
    }
}
