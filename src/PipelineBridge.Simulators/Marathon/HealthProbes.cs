using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>Probes running tasks as their health check says, and has those killed that fail too often.</summary>
sealed class HealthProbes(
    MarathonSimulatorOptions options, Agenda agenda, EventHub events, Happenings happenings, Action<Instance, string> kill)
{
    // An interval of 0 seconds is valid and must not stop the clock.
    static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);

    public void Begin(Instance instance)
    {
        if (instance.App.HealthChecks is not [var check, ..])
        {
            return;
        }

        Schedule(instance, options.FirstProbe, check);
        if (HealthyAfter(instance) is { } wait && wait != options.FirstProbe)
        {
            instance.Appointments.Add(agenda.After(wait, () => Probe(instance, check)));
        }
    }

    void Schedule(Instance instance, TimeSpan wait, JsonObject check)
    {
        var now = agenda.Now;
        instance.Appointments.RemoveAll(appointment => appointment.Due < now);
        instance.Appointments.Add(agenda.After(wait, () =>
        {
            Probe(instance, check);
            if (instance.Condition == Condition.Running)
            {
                var interval = Seconds(check, "intervalSeconds");
                Schedule(instance, interval > Shortest ? interval : Shortest, check);
            }
        }));
    }

    void Probe(Instance instance, JsonObject check)
    {
        var now = agenda.Now;
        var health = instance.Health ??= new TaskHealth();
        var wasAlive = health.Alive;
        if (Passes(instance, now))
        {
            health.FirstSuccess ??= now;
            health.LastSuccess = now;
            health.ConsecutiveFailures = 0;
        }
        else if (health.FirstSuccess is null && now < instance.Since + Seconds(check, "gracePeriodSeconds"))
        {
            return;
        }
        else
        {
            Fail(instance, health, check, now);
        }

        if (health.Alive != wasAlive)
        {
            happenings.Add("health", instance.TaskId, instance.App.Id, health.Alive ? "alive" : "not alive", health.LastFailureCause);
            events.Publish(MarathonEvents.HealthStatusChanged(instance, health.Alive));
            events.Publish(MarathonEvents.InstanceHealthChanged(instance, health.Alive));
        }
    }

    void Fail(Instance instance, TaskHealth health, JsonObject check, DateTimeOffset now)
    {
        events.Publish(MarathonEvents.FailedHealthCheck(instance, check));
        var most = check["maxConsecutiveFailures"]!.GetValue<int>();
        var before = health.ConsecutiveFailures;
        health.LastFailure = now;
        health.LastFailureCause = instance.Behavior.ProbeAnswer;
        health.ConsecutiveFailures++;

        // Marathon compares the failures before this one: it kills on one more than the maximum; 0 never kills.
        if (most > 0 && before >= most)
        {
            happenings.Add("health", instance.TaskId, instance.App.Id, "killed", instance.Behavior.ProbeAnswer);
            kill(instance, instance.Behavior.ProbeAnswer);
        }
    }

    bool Passes(Instance instance, DateTimeOffset now)
    {
        var runs = now - instance.StartedAt!.Value;
        var sick = instance.Behavior.UnhealthyAfterMilliseconds is { } wait && runs >= TimeSpan.FromMilliseconds(wait);
        return !sick && HealthyAfter(instance) is { } healthy && runs >= healthy;
    }

    TimeSpan? HealthyAfter(Instance instance) => instance.Behavior switch
    {
        { NeverHealthy: true } => null,
        { HealthyAfterMilliseconds: { } wait } => TimeSpan.FromMilliseconds(wait),
        _ => options.FirstProbe,
    };

    TimeSpan Seconds(JsonObject check, string name) =>
        options.AppSecond * check[name]!.GetValue<double>();
}
