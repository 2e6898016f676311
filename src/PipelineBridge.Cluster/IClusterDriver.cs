namespace PipelineBridge.Cluster;

/// <summary>What the rollout policy needs of a kind of cluster: to look, to write, to take back, to remove, to explain.</summary>
/// <remarks>
/// Every call may throw <see cref="ClusterUnreachableException"/> (nobody knows whether a write was made) and
/// <see cref="ClusterRefusedException"/> (nothing was made); a write also <see cref="ClusterLockedException"/> (nothing was made).
/// </remarks>
public interface IClusterDriver
{
    /// <summary>The cluster's name in the configuration.</summary>
    string Cluster { get; }

    /// <summary>What the cluster says of an app now; null when it has none of that name.</summary>
    Task<AppSnapshot?> Look(AppKey app, CancellationToken cancellation);

    /// <summary>Whether the app as it is already does all that the plan says.</summary>
    bool IsAlready(RolloutPlan plan, AppSnapshot now);

    /// <summary>Does what must be done before anything of the app changes; it may take long, be cut off and be done again.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="waitsFor">Is told what it waits for.</param>
    Task Prepare(RolloutPlan plan, Func<string, Task> waitsFor, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Ends what preparing began, for a plan that is not written.</summary>
    Task GiveUp(RolloutPlan plan, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Writes the plan with its mark over what was seen, and returns the cluster's own id of what it then does, when it has one.</summary>
    Task<string?> Write(RolloutPlan plan, AppSnapshot? now, CancellationToken cancellation);

    /// <summary>Goes on with a plan, or with its taking back, whose write was cut off in the middle; where a write is one call, there is nothing to go on with.</summary>
    Task Continue(RolloutPlan plan, AppSnapshot now, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Begins to go back to what served before the plan, leaving alone what still serves. May be called again after a crash.</summary>
    Task TakeBack(RolloutPlan plan, AppSnapshot now, CancellationToken cancellation);

    /// <summary>Stops and removes the tasks of other deployments that came before this one; how many they were. Where the cluster does that itself there are none.</summary>
    Task<int> Retire(AppKey app, DeploymentMark current, CancellationToken cancellation) => Task.FromResult(0);

    /// <summary>Removes the app; false when there was none.</summary>
    Task<bool> Remove(AppKey app, CancellationToken cancellation);

    /// <summary>Why the plan has not come to its good end, from what the cluster says.</summary>
    Task<FailureExplanation> Explain(RolloutPlan plan, AppSnapshot now, CancellationToken cancellation);

    /// <summary>Listens for changes of an app, so that looking again needs no waiting for the next poll.</summary>
    IClusterChanges Listen(AppKey app);
}

/// <summary>Wakes whoever watches an app.</summary>
public interface IClusterChanges : IAsyncDisposable
{
    /// <summary>Returns when the cluster said that something changed, at the latest after the wait.</summary>
    Task Wait(TimeSpan atMost, CancellationToken cancellation);
}

/// <summary>An app in an environment.</summary>
public readonly record struct AppKey(string App, string Environment)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Environment}/{App}";
}

/// <summary>Why a rollout fails: where the cause lies, one sentence of our own, and what was read that shows it.</summary>
/// <param name="Category">One of <see cref="Events.FailureCategory"/>.</param>
/// <param name="Cause">One sentence that quotes nothing.</param>
/// <param name="Evidence">Names and texts, e.g. <c>last answer</c>.</param>
public sealed record FailureExplanation(string Category, string Cause, IReadOnlyList<(string Name, string Text)> Evidence);
