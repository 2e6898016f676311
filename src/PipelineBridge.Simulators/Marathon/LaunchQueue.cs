namespace PipelineBridge.Simulators.Marathon;

/// <summary>The delays before an app's next start, which grow with each failure, and what became of the offers for it.</summary>
sealed class LaunchQueue(MarathonSimulatorOptions options)
{
    /// <summary>Why an offer does not suit, in the order Marathon checks it.</summary>
    public static readonly IReadOnlyList<string> Reasons =
    [
        "UnfulfilledRole", "UnfulfilledConstraint", "NoCorrespondingReservationFound", "AgentMaintenance",
        "InsufficientCpus", "InsufficientMemory", "InsufficientDisk", "InsufficientGpus", "InsufficientPorts",
        "DeclinedScarceResources",
    ];

    readonly Dictionary<string, (DateTimeOffset From, TimeSpan Delay)> delays = [];
    readonly Dictionary<string, OfferCounts> offers = [];

    /// <summary>From when on the app's next task may start.</summary>
    public DateTimeOffset NotBefore(AppDefinition app, DateTimeOffset now)
    {
        if (!delays.TryGetValue(Key(app), out var delay))
        {
            return now;
        }

        // Marathon forgets a delay that is older than the app's longest.
        if (now > delay.From + options.AppSecond * app.MaxLaunchDelaySeconds)
        {
            delays.Remove(Key(app));
            return now;
        }

        return delay.From + delay.Delay;
    }

    /// <summary>After a failure: the app's backoffSeconds at first, then backoffFactor times the delay before.</summary>
    public void Grow(AppDefinition app, DateTimeOffset now)
    {
        var next = delays.TryGetValue(Key(app), out var delay)
            ? delay.Delay * app.BackoffFactor
            : options.AppSecond * app.BackoffSeconds;
        var most = options.AppSecond * app.MaxLaunchDelaySeconds;
        delays[Key(app)] = (now, next < most ? next : most);
    }

    public void Reset(AppDefinition app) => delays.Remove(Key(app));

    /// <summary>Counts a round of offers, one from each host, none of which suited.</summary>
    public void Decline(AppDefinition app, IReadOnlyList<string> reasons, DateTimeOffset now)
    {
        var counts = Offers(app.Id);
        counts.LastRound = new Dictionary<string, int>();
        for (var host = 0; host < options.Hosts.Count; host++)
        {
            var reason = reasons[host % reasons.Count];
            counts.LastRound[reason] = counts.LastRound.GetValueOrDefault(reason) + 1;
            counts.Attempt[reason] = counts.Attempt.GetValueOrDefault(reason) + 1;
        }

        counts.Processed += options.Hosts.Count;
        counts.Unused += options.Hosts.Count;
        counts.LastUnused = now;
    }

    public void Accept(AppDefinition app, DateTimeOffset now)
    {
        var counts = Offers(app.Id);
        counts.Processed++;
        counts.LastUsed = now;
    }

    public OfferCounts Offers(string app) => offers.TryGetValue(app, out var counts) ? counts : offers[app] = new OfferCounts();

    public void Forget(string app) => offers.Remove(app);

    static string Key(AppDefinition app) => $"{app.Id} {app.LastConfigChangeAt}";
}

/// <summary>What became of the offers for one app.</summary>
sealed class OfferCounts
{
    public int Processed { get; set; }

    public int Unused { get; set; }

    public DateTimeOffset? LastUnused { get; set; }

    public DateTimeOffset? LastUsed { get; set; }

    public Dictionary<string, int> LastRound { get; set; } = [];

    public Dictionary<string, int> Attempt { get; } = [];
}
