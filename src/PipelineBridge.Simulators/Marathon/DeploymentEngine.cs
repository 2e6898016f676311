namespace PipelineBridge.Simulators.Marathon;

/// <summary>The apps as they should be, and the deployments that bring them there: plans, locks, steps, ends.</summary>
sealed class DeploymentEngine
{
    const string Cancelled = "The upgrade has been cancelled";

    readonly MarathonSimulatorOptions options;
    readonly Agenda agenda;
    readonly Names names;
    readonly TaskLife tasks;
    readonly EventHub events;
    readonly Happenings happenings;
    readonly List<Deployment> running = [];

    public DeploymentEngine(
        MarathonSimulatorOptions options, Agenda agenda, Names names, TaskLife tasks, EventHub events, Happenings happenings)
    {
        this.options = options;
        this.agenda = agenda;
        this.names = names;
        this.tasks = tasks;
        this.events = events;
        this.happenings = happenings;
        agenda.Settle = Advance;
    }

    public IReadOnlyDictionary<string, AppDefinition> Apps { get; private set; } =
        new SortedDictionary<string, AppDefinition>(StringComparer.Ordinal);

    public AppVersions Versions { get; } = new();

    /// <summary>The deployments that the list shows.</summary>
    public IReadOnlyList<Deployment> Listed => [.. running.Where(deployment => deployment.Listed)];

    /// <summary>All deployments that hold a lock, listed or not.</summary>
    public IReadOnlyList<Deployment> Running => running;

    /// <summary>What a change would come to, without doing it.</summary>
    public Deployment Plan(AppChange change, IReadOnlyList<string>? toKill = null)
    {
        var version = names.Version();
        var target = new SortedDictionary<string, AppDefinition>(StringComparer.Ordinal);
        var wanted = change.Apply(Apps);
        foreach (var (id, body) in wanted)
        {
            var before = Apps.GetValueOrDefault(id);
            target[id] = Versioned(id, before, ServicePorts.Assign(body, before, [.. Apps.Values, .. target.Values]), version, change.Restart == id);
        }

        return new Deployment(
            names.Uuid().ToString(), version, Apps, target, DeploymentPlanning.Steps(Apps, target, toKill ?? []));
    }

    /// <summary>Changes the apps by a deployment; refuses what is locked unless forced.</summary>
    public Deployment Change(AppChange change, bool force, IReadOnlyList<string>? toKill = null)
    {
        if (running.Count >= options.MaxRunningDeployments)
        {
            throw MarathonError.TooManyDeployments(options.MaxRunningDeployments);
        }

        var deployment = Plan(change, toKill);

        // Marathon stores versions before it looks at locks, so that the list of versions has refused ones.
        foreach (var id in deployment.AffectedApps.Where(deployment.Target.ContainsKey))
        {
            Versions.Store(deployment.Target[id]);
        }

        Lock(deployment, change.Group, force);
        Apps = deployment.Target;
        foreach (var id in deployment.Original.Keys.Where(id => !Apps.ContainsKey(id)))
        {
            Versions.Forget(id);
        }

        events.Publish(MarathonEvents.GroupChanged(change.Group, deployment.Version));
        Start(deployment);
        return deployment;
    }

    /// <summary>Locks an app by a deployment of somebody else, which changes nothing; ended by time or by force.</summary>
    public Deployment LockApp(string app, TimeSpan? wait)
    {
        var foreign = new ForeignLock(app);
        var deployment = new Deployment(names.Uuid().ToString(), names.Version(), Apps, Apps, [[foreign]]) { Listed = true, CurrentStep = 1 };
        running.Add(deployment);
        happenings.Add("deployment", deployment.Id, app, "started", "Scripted: somebody else's.");
        if (wait is { } time)
        {
            agenda.After(time, () => foreign.Released = true);
        }

        return deployment;
    }

    /// <summary>Goes back to what was before a deployment, by a new one; an app that it brought is deleted.</summary>
    public Deployment Revert(Deployment deployment) => Change(AppChange.Back(deployment), force: true);

    /// <summary>Stops a deployment where it is.</summary>
    public void Cancel(Deployment deployment)
    {
        running.Remove(deployment);
        Fail(deployment, Cancelled);
    }

    void Lock(Deployment deployment, string group, bool force)
    {
        var conflicts = running.Where(other => other.AffectedApps.Intersect(deployment.AffectedApps).Any()).ToList();
        if (conflicts.Count > 0 && !force)
        {
            Fail(deployment, MarathonError.LockedMessage);
            events.Publish(MarathonEvents.GroupChangeFailed(group, deployment.Version, MarathonError.LockedMessage));
            throw MarathonError.Locked(conflicts.Select(conflict => conflict.Id));
        }

        conflicts.ForEach(Cancel);
    }

    void Start(Deployment deployment)
    {
        happenings.Add("deployment", deployment.Id, string.Join(",", deployment.AffectedApps), "started");
        if (deployment.Steps.Count == 0)
        {
            Succeed(deployment);
            return;
        }

        running.Add(deployment);
        agenda.After(options.ListingGap, () =>
        {
            deployment.Listed = true;
            agenda.After(options.ListingGap, () => BeginStep(deployment, 1));
        });
    }

    void BeginStep(Deployment deployment, int step)
    {
        if (!running.Contains(deployment))
        {
            return;
        }

        deployment.CurrentStep = step;
        events.Publish(MarathonEvents.DeploymentStep("deployment_info", deployment));
        foreach (var action in deployment.CurrentActions)
        {
            action.Begin(tasks);
        }
    }

    void Advance()
    {
        foreach (var deployment in running.Where(deployment => deployment.CurrentStep > 0).ToList())
        {
            while (running.Contains(deployment) && AdvanceAll(deployment.CurrentActions))
            {
                events.Publish(MarathonEvents.DeploymentStep("deployment_step_success", deployment));
                if (deployment.CurrentStep < deployment.Steps.Count)
                {
                    BeginStep(deployment, deployment.CurrentStep + 1);
                    continue;
                }

                running.Remove(deployment);
                Succeed(deployment);
            }
        }
    }

    // Every action takes its turn, also behind one that is not done.
    bool AdvanceAll(IReadOnlyList<DeploymentAction> actions)
    {
        var done = true;
        foreach (var action in actions)
        {
            done &= action.Advance(tasks);
        }

        return done;
    }

    void Succeed(Deployment deployment)
    {
        foreach (var stopped in deployment.Steps.SelectMany(step => step).OfType<StopApplication>())
        {
            events.Publish(MarathonEvents.AppTerminated(stopped.AppId));
        }

        happenings.Add("deployment", deployment.Id, string.Join(",", deployment.AffectedApps), "succeeded");
        events.Publish(MarathonEvents.DeploymentSucceeded(deployment));
    }

    void Fail(Deployment deployment, string reason)
    {
        happenings.Add("deployment", deployment.Id, string.Join(",", deployment.AffectedApps), "failed", reason);
        events.Publish(MarathonEvents.DeploymentFailed(deployment, reason));
    }

    static AppDefinition Versioned(
        string id, AppDefinition? before, System.Text.Json.Nodes.JsonObject body, string version, bool restart)
    {
        body = AppDefinition.Reread(body);
        if (before is null || restart || before.IsUpgrade(body))
        {
            return new AppDefinition(id, body, version, version, version);
        }

        return body["instances"]!.GetValue<int>() != before.Instances
            ? before with { Body = body, Version = version, LastScalingAt = version }
            : before;
    }
}
