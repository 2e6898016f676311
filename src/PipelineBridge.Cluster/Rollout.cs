using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster;

/// <summary>
/// Brings one rollout to its end: finds its mark, writes where there is none, watches until the tasks are healthy or
/// the deadline passed. What fails or is cancelled after the write goes to <see cref="TakingBack"/>.
/// </summary>
sealed class Rollout(WorkItem work, IBridgeClient bridge, IClusterDriver driver, RolloutTurn turn, TimeProvider clock)
{
    static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    readonly DeploymentRolloutRequested ask = work.Content<DeploymentRolloutRequested>();
    readonly ProgressTeller progress = new(work, bridge, driver.Cluster, clock);
    readonly RolloutEnds ends = new(work, bridge, clock);

    // Whether the cluster was asked to change: what it then did may be known or not.
    bool wrote;

    /// <summary>Does it; returns what the work returns.</summary>
    /// <param name="process">Set when the process stops: the work is left as it stands and given again.</param>
    public async Task<IReadOnlyList<CdEvent>> Run(CancellationToken process)
    {
        var standing = await bridge.Standing(work.Id, process);
        if (standing.State == WorkState.Closed)
        {
            // Its end is journaled: another one would only contradict it.
            return [];
        }
        if (standing.State != WorkState.Open)
        {
            turn.Stop(standing.State == WorkState.Cancelled ? WorkResult.Cancelled : WorkResult.Superseded);
        }
        var plan = RolloutPlan.Of(work, standing);
        try
        {
            return await Decided(plan, standing, process);
        }
        catch (ClusterUnreachableException e)
        {
            return [work.Deferred(clock.GetUtcNow() + Patience.Deferral, FailureCategory.Cluster, e.Message)];
        }
        catch (ClusterRefusedException e)
        {
            // Something of ours may stand there: it is given again until the cluster lets us look, within the work's bound.
            return [work.Deferred(clock.GetUtcNow() + Patience.Deferral, e.Category, e.Message)];
        }
    }

    async Task<IReadOnlyList<CdEvent>> Decided(RolloutPlan plan, WorkStanding standing, CancellationToken process)
    {
        if (turn.Reason is not null)
        {
            return await Stopped(plan, standing.TakingBack, process);
        }
        if (standing.TakingBack)
        {
            return await TakeBack(plan, WorkResult.Failed, null, process);
        }
        using var going = CancellationTokenSource.CreateLinkedTokenSource(process, turn.Stopping);
        try
        {
            return await Forward(plan, standing.Started, going.Token, process);
        }
        catch (OperationCanceledException) when (!process.IsCancellationRequested && turn.Reason is not null)
        {
            return await Stopped(plan, false, process);
        }
        catch (ClusterRefusedException e) when (!wrote && work.Attempts == 1)
        {
            return await Unwritten(plan, Explained(e), process);
        }
    }

    async Task<IReadOnlyList<CdEvent>> Forward(RolloutPlan plan, bool started, CancellationToken going, CancellationToken process)
    {
        var now = await Patience.Try(c => driver.Look(plan.App, c), clock, going);
        if (!plan.IsMarkedOn(now))
        {
            if (now?.Mark?.Sequence > plan.Mark.Sequence)
            {
                return [ends.Superseded(WorkEffect.None)];
            }
            if (started)
            {
                // It stood there, and somebody took it away while nobody watched: it is not rolled out a second time.
                return [ends.Foreign(now, WorkResult.Failed)];
            }
            if (now is not null && driver.IsAlready(plan, now))
            {
                return [ends.Good(now, null, null, alreadyLive: true)];
            }
            try
            {
                await driver.Prepare(plan, why => progress.Tell("rolling", null, $"waits for {why}", going), going);
            }
            catch (ClusterRefusedException e)
            {
                return await Unwritten(plan, Explained(e), process);
            }
            if (await Write(plan, now, going, process) is { } ended)
            {
                return ended;
            }
        }
        wrote = true;
        await bridge.Tell(work.Fact(new DeploymentStarted(driver.Cluster, deployment)), process);
        return await Watch(plan, going, process);
    }

    string? deployment;

    // Whether it was written a moment ago, from here: then no other clock than ours says how long it has been rolling.
    bool isNew;

    /// <summary>Whether a write had no answer: it may have been made, and nothing later takes that back.</summary>
    bool unknown;

    /// <summary>Writes; null: it is done or may be done. A change of somebody else's is waited out, told and bounded.</summary>
    async Task<IReadOnlyList<CdEvent>?> Write(RolloutPlan plan, AppSnapshot? now, CancellationToken going, CancellationToken process)
    {
        var locked = new ClusterLock(clock);
        while (true)
        {
            try
            {
                going.ThrowIfCancellationRequested();
                wrote = true;
                // A write that began is not cut off by a stop: nobody would know whether it is made.
                deployment = await driver.Write(plan, now, process);
                isNew = true;
                return null;
            }
            catch (ClusterUnreachableException)
            {
                unknown = true;
                var seen = await Patience.Try(c => driver.Look(plan.App, c), clock, going);
                if (plan.IsMarkedOn(seen))
                {
                    return null;
                }
                now = seen;
                await Task.Delay(ClusterLock.Between, clock, going);
                if (locked.IsOver)
                {
                    throw;
                }
            }
            catch (ClusterRefusedException e) when (!unknown)
            {
                wrote = false;
                return await Unwritten(plan, Explained(e), process);
            }
            catch (ClusterLockedException e)
            {
                // A write without an answer may have been made all the same; then this lock may be our own.
                wrote = unknown;
                if (locked.IsOver)
                {
                    var why = new FailureExplanation(FailureCategory.Cluster, $"{e.Message} It was waited for during {ClusterLock.Bound.TotalMinutes:0} minutes.", []);
                    return unknown ? [await ends.Failed(WorkResult.Failed, WorkEffect.Unknown, why, null, process)] : await Unwritten(plan, why, process);
                }
                await progress.Tell("rolling", null, e.Message, going);
                await Task.Delay(ClusterLock.Between, clock, going);
                now = await Patience.Try(c => driver.Look(plan.App, c), clock, going);
                if (plan.IsMarkedOn(now))
                {
                    wrote = true;
                    return null;
                }
            }
            if (now?.Mark?.Sequence > plan.Mark.Sequence)
            {
                wrote = unknown;
                return [ends.Superseded(unknown ? WorkEffect.Unknown : WorkEffect.None)];
            }
        }
    }

    async Task<IReadOnlyList<CdEvent>> Watch(RolloutPlan plan, CancellationToken going, CancellationToken process)
    {
        await using var changes = driver.Listen(plan.App);
        DateTimeOffset? deadline = null;
        DateTimeOffset? ranAt = null;
        string? definition = null;
        while (true)
        {
            AppSnapshot? now;
            try
            {
                now = await driver.Look(plan.App, going);
            }
            catch (Exception e) when (e is ClusterUnreachableException or ClusterRefusedException)
            {
                // Nothing can be done without it; past the deadline the work is given again later and decides then.
                if ((deadline ??= clock.GetUtcNow() + plan.HealthTimeout) + Patience.Bound < clock.GetUtcNow())
                {
                    throw;
                }
                await progress.Tell("rolling", null, e.Message, going);
                await changes.Wait(Poll, going);
                continue;
            }
            if (now?.Mark?.Sequence > plan.Mark.Sequence)
            {
                return [ends.Superseded(WorkEffect.Made)];
            }
            if (now is { IsRolledBackByItself: true } && !plan.IsMarkedOn(now))
            {
                return await TakeBack(plan, WorkResult.Failed, await driver.Explain(plan, now, going), process);
            }
            definition ??= now?.Definition;
            if (now is null || !plan.IsMarkedOn(now) || now.Definition != definition || now.Image != plan.Mark.Image)
            {
                return [ends.Foreign(now, WorkResult.Failed)];
            }
            // The cluster's clock may differ from ours: it never gives more time than the whole of it from now on.
            var latest = clock.GetUtcNow() + plan.HealthTimeout;
            deadline ??= !isNew && now.WrittenAt + plan.HealthTimeout is var written && written < latest ? written : latest;
            ranAt ??= now.NewTasks.Count(t => t.State is not (AppTaskState.Staging or AppTaskState.Starting or AppTaskState.Failed)) >= now.Wanted ? clock.GetUtcNow() : null;
            if (now.IsSettled)
            {
                return [ends.Good(now, ranAt, clock.GetUtcNow(), alreadyLive: false)];
            }
            if (now.IsHopeless || clock.GetUtcNow() >= deadline)
            {
                return await Failed(plan, await driver.Explain(plan, now, going), process);
            }
            try
            {
                await driver.Continue(plan, now, process);
            }
            catch (ClusterRefusedException e)
            {
                return await Failed(plan, Explained(e), process);
            }
            catch (ClusterUnreachableException)
            {
                // The next look tells it.
            }
            var told = await progress.Tell("rolling", now, null, going);
            var left = deadline.Value - clock.GetUtcNow();
            var wait = told ? Poll : progress.UntilNext;
            await changes.Wait(left < wait ? TimeSpan.FromMilliseconds(Math.Max(10, left.TotalMilliseconds)) : wait, going);
        }
    }

    /// <summary>What it made does not come up: it is kept or taken back, as was asked.</summary>
    async Task<IReadOnlyList<CdEvent>> Failed(RolloutPlan plan, FailureExplanation why, CancellationToken process) => ask.OnFailure == OnFailure.Keep
        ? [await ends.Failed(WorkResult.Failed, WorkEffect.Made, why, plan.Mark.Image, process)]
        : await TakeBack(plan, WorkResult.Failed, why, process);

    /// <summary>It is to stop: what it made is left to the newer, or taken back when it was cancelled.</summary>
    async Task<IReadOnlyList<CdEvent>> Stopped(RolloutPlan plan, bool takingBack, CancellationToken process)
    {
        // Nothing was asked of the cluster yet, in no process: there is nothing to look for.
        var untouched = !wrote && work.Attempts == 1;
        var now = untouched ? null : await Patience.Try(c => driver.Look(plan.App, c), clock, process);
        var made = takingBack || plan.IsMarkedOn(now);
        if (!made)
        {
            await Patience.Try(async c =>
            {
                await driver.GiveUp(plan, c);
                return true;
            }, clock, process);
        }
        return turn.Reason == WorkResult.Superseded ? [ends.Superseded(made ? WorkEffect.Made : WorkEffect.None)]
            : made ? await TakeBack(plan, WorkResult.Cancelled, RolloutEnds.Cancelled, process)
            : await Unwritten(plan, RolloutEnds.Cancelled, process, WorkResult.Cancelled);
    }

    /// <summary>
    /// It ends without a write of its own. What it stopped may stand there half: with nothing to replace it, it is taken
    /// back like one's own.
    /// </summary>
    async Task<IReadOnlyList<CdEvent>> Unwritten(RolloutPlan plan, FailureExplanation why, CancellationToken process, string result = WorkResult.Failed)
    {
        if (ask.Supersedes is not null && plan.IsHalfOfOlder(await Patience.Try(c => driver.Look(plan.App, c), clock, process)))
        {
            return await TakeBack(plan, result, why with { Cause = $"{why.Cause} What the deployment before it had begun is not left half." }, process);
        }
        return [await ends.Failed(result, WorkEffect.None, why, null, process)];
    }

    static FailureExplanation Explained(ClusterRefusedException e) => new(e.Category, e.Message, e.Answer is null ? [] : [(e.EvidenceName, e.Answer)]);

    Task<IReadOnlyList<CdEvent>> TakeBack(RolloutPlan plan, string result, FailureExplanation? why, CancellationToken process) =>
        new TakingBack(work, bridge, driver, turn, progress, ends, clock).Run(plan, result, why, process);
}
