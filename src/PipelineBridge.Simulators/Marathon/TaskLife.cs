namespace PipelineBridge.Simulators.Marathon;

/// <summary>The instances of all apps: starts their tasks when offers suit, takes them through their states, ends them.</summary>
sealed class TaskLife
{
    readonly MarathonSimulatorOptions options;
    readonly Agenda agenda;
    readonly Names names;
    readonly EventHub events;
    readonly Happenings happenings;
    readonly List<Instance> instances = [];
    readonly Dictionary<string, TaskFailure> failures = [];
    readonly HealthProbes probes;

    public TaskLife(MarathonSimulatorOptions options, Agenda agenda, Names names, EventHub events, Happenings happenings)
    {
        this.options = options;
        this.agenda = agenda;
        this.names = names;
        this.events = events;
        this.happenings = happenings;
        Queue = new LaunchQueue(options);
        probes = new HealthProbes(options, agenda, events, happenings, KillUnhealthy);
    }

    public LaunchQueue Queue { get; }

    public Behaviors Behaviors { get; } = new();

    public IReadOnlyList<Instance> All => instances;

    public IReadOnlyList<Instance> Of(string app) => [.. instances.Where(instance => instance.App.Id == app)];

    public TaskFailure? LastFailure(string app) => failures.GetValueOrDefault(app);

    /// <summary>Adds instances of a version; each starts as soon as delay and offers allow.</summary>
    public IReadOnlyList<Instance> Add(AppDefinition app, int count)
    {
        var added = new List<Instance>();
        for (; count > 0; count--)
        {
            var instance = new Instance($"{AppId.InTaskId(app.Id)}.instance-{names.Uuid()}", app, agenda.Now)
            {
                Number = names.InstanceNumber(),
            };
            instances.Add(instance);
            added.Add(instance);
            events.Publish(MarathonEvents.InstanceChanged(instance, "Scheduled"));
            Offer(instance);
        }

        return added;
    }

    /// <summary>Ends an instance and its task for good.</summary>
    public void GiveUp(Instance instance)
    {
        instance.GivenUp = true;
        if (!instance.HasTask)
        {
            Remove(instance);
        }
        else
        {
            Kill(instance);
        }
    }

    /// <summary>Ends the task of an instance; unless given up, the instance gets a new one.</summary>
    public void Kill(Instance instance)
    {
        if (instance.Condition is Condition.Scheduled or Condition.Killing)
        {
            return;
        }

        CancelAppointments(instance);
        Become(instance, Condition.Killing, "");
        Later(instance, options.Killing, () => End(instance, "TASK_KILLED", "Command terminated with signal Terminated", isFailure: false));
    }

    /// <summary>The task ends without being told to.</summary>
    public void Fail(Instance instance, string state, string message) => End(instance, state, message, isFailure: state != "TASK_KILLED");

    /// <summary>Looks again for offers for all that wait: a delay was reset or the script changed.</summary>
    public void OfferAgain()
    {
        foreach (var instance in instances.Where(instance => !instance.HasTask).ToList())
        {
            Offer(instance);
        }
    }

    void Offer(Instance instance)
    {
        CancelAppointments(instance);
        var now = agenda.Now;
        var notBefore = Queue.NotBefore(instance.App, now);
        if (notBefore > now)
        {
            Later(instance, notBefore - now, () => Offer(instance));
        }
        else if (Behaviors.NoOffers(instance.App) is { } reasons)
        {
            Queue.Decline(instance.App, reasons, now);
            Later(instance, options.OfferInterval, () => Offer(instance));
        }
        else
        {
            Queue.Accept(instance.App, now);
            Start(instance);
        }
    }

    void Start(Instance instance)
    {
        var behavior = instance.Behavior = Behaviors.Take(instance.App);
        instance.Incarnation++;
        instance.Agent = (int)((instance.Number + instance.Incarnation - 2) % options.Hosts.Count);
        instance.Host = options.Hosts[instance.Agent];
        instance.Ports = Ports(instance.App);
        instance.StagedAt = agenda.Now;
        Become(instance, Condition.Staging, "");
        Later(instance, Milliseconds(behavior.StagingMilliseconds) ?? options.Staging, () =>
        {
            if (behavior.PullFailure is { } failure)
            {
                End(instance, "TASK_FAILED", failure, isFailure: true);
                return;
            }

            Become(instance, Condition.Starting, "");
            Later(instance, Milliseconds(behavior.StartingMilliseconds) ?? options.Starting, () => Run(instance));
        });
    }

    void Run(Instance instance)
    {
        instance.StartedAt = agenda.Now;
        Become(instance, Condition.Running, "");
        if (Milliseconds(instance.Behavior.CrashAfterMilliseconds) is { } life)
        {
            Later(instance, life, () => End(instance, "TASK_FAILED", instance.Behavior.CrashMessage, isFailure: true));
        }

        probes.Begin(instance);
    }

    void End(Instance instance, string state, string message, bool isFailure)
    {
        CancelAppointments(instance);
        var now = agenda.Now;
        if (isFailure)
        {
            failures[instance.App.Id] = new TaskFailure(
                instance.App.Id, instance.TaskId, state, message, instance.Host, MarathonEvents.AgentId(instance), instance.App.Version, now);
        }

        // Only what ended by itself is worth a delay; a killed task is replaced at once.
        if (state is "TASK_FAILED" or "TASK_ERROR" or "TASK_DROPPED" or "TASK_GONE" or "TASK_FINISHED")
        {
            Queue.Grow(instance.App, now);
        }

        happenings.Add("task", instance.TaskId, instance.App.Id, state, message.Length > 0 ? message : null);
        events.Publish(MarathonEvents.StatusUpdate(instance, state, message));
        events.Publish(MarathonEvents.InstanceChanged(instance, MarathonEvents.ConditionName(state)));
        instance.Condition = Condition.Scheduled;
        instance.Since = now;
        instance.Health = null;
        instance.StartedAt = instance.StagedAt = null;
        instance.Ports = [];
        if (instance.GivenUp)
        {
            Remove(instance);
        }
        else
        {
            events.Publish(MarathonEvents.InstanceChanged(instance, "Scheduled"));
            Offer(instance);
        }
    }

    void KillUnhealthy(Instance instance, string reason)
    {
        failures[instance.App.Id] = new TaskFailure(
            instance.App.Id, instance.TaskId, "TASK_KILLED", $"Task was killed since health check failed. Reason: {reason}",
            instance.Host, MarathonEvents.AgentId(instance), instance.App.Version, agenda.Now);
        events.Publish(MarathonEvents.UnhealthyKill(instance, reason));
        Kill(instance);
    }

    void Remove(Instance instance)
    {
        CancelAppointments(instance);
        instances.Remove(instance);
        if (!instances.Exists(other => other.App.Id == instance.App.Id))
        {
            Queue.Forget(instance.App.Id);
        }
    }

    void Become(Instance instance, Condition condition, string message)
    {
        instance.Condition = condition;
        instance.Since = agenda.Now;
        happenings.Add("task", instance.TaskId, instance.App.Id, instance.MesosState);
        if (condition != Condition.Staging)
        {
            events.Publish(MarathonEvents.StatusUpdate(instance, instance.MesosState, message));
        }

        events.Publish(MarathonEvents.InstanceChanged(instance, condition.ToString()));
    }

    int[] Ports(AppDefinition app)
    {
        var taken = instances.SelectMany(instance => instance.Ports).ToHashSet();
        return [.. (app.PortEntries ?? []).Select(entry => Port(app, entry!, taken)).OfType<int>()];
    }

    int? Port(AppDefinition app, System.Text.Json.Nodes.JsonNode entry, HashSet<int> taken)
    {
        var required = app.OnHostNetwork && app.Body["requirePorts"]!.GetValue<bool>();
        var wanted = app.OnHostNetwork ? (required ? entry["port"] : 0) : entry["hostPort"];
        if (wanted?.GetValue<int>() is not { } port)
        {
            return null;
        }

        if (port == 0)
        {
            port = names.HostPort(taken);
        }

        taken.Add(port);
        return port;
    }

    void Later(Instance instance, TimeSpan wait, Action act) => instance.Appointments.Add(agenda.After(wait, act));

    static TimeSpan? Milliseconds(int? value) => value is { } number ? TimeSpan.FromMilliseconds(number) : null;

    static void CancelAppointments(Instance instance)
    {
        instance.Appointments.ForEach(appointment => appointment.Cancelled = true);
        instance.Appointments.Clear();
    }
}
