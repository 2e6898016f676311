using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Pages;

/// <summary>What an event means, in words for a person.</summary>
static class EventWords
{
    /// <summary>The look (a state's class) and the sentence of an event.</summary>
    public static (string Look, string Text) Of(CdEvent e)
    {
        var c = e.Custom;
        var at = c?.Environment is { } environment ? $"{c.App} → {environment}" : c?.App ?? e.SubjectId;
        var cause = c?.Cause is { } why ? $": {why}" : "";
        return e.Content switch
        {
            PipelineRunQueued => ("none", $"build queued: {Build(c, e)}"),
            PipelineRunStarted => ("moving", $"build started: {Build(c, e)}"),
            PipelineRunFinished f => (f.Outcome == "success" ? "live" : "failed", $"build ended: {Build(c, e)}, {f.Outcome ?? "without an outcome"}{(f.Errors is null ? "" : $": {f.Errors}")}"),
            ImagePushRequested p => ("waiting", $"asked to push {p.Image}{(p.Tags.Count > 0 ? $", also as {string.Join(", ", p.Tags)}" : "")}"),
            ImageTagRequested t => ("waiting", $"asked to tag {t.From} as {string.Join(", ", t.Tags)}"),
            ImageProgressed p => ("moving", $"pushing: {p.Layers} of {p.TotalLayers} layers, {PageWords.Bytes(p.ReadBytes)} of {PageWords.Bytes(p.TotalBytes)}"),
            ImageResolveRequested r => ("none", $"the digest of {r.Image} is looked up"),
            ImageResolved r => ("none", $"the digest was found: {r.Image}"),
            ArtifactPublished => ("live", $"in the registry: {c?.Image ?? e.SubjectId}{(c?.Pushed is { } p ? $", {PageWords.Bytes(p.NewBytes)} of {PageWords.Bytes(p.TotalBytes)} were new" : "")}"),
            DeploymentRequested { Removal: true } => ("waiting", $"asked to remove {at}"),
            DeploymentRequested { Rollback: true } d => ("waiting", $"asked to roll back {at}{(d.Image is null ? "" : $" to {d.Image}")}"),
            DeploymentRequested d => ("waiting", $"asked to deploy {at}: {d.Image ?? (d.After is null ? "an image not named" : $"the image of {d.After}")}"),
            DeploymentRolloutRequested r => ("moving", $"released to the cluster {r.Cluster}: {r.Image}"),
            DeploymentCancelRequested r => ("moving", $"the cluster {r.Cluster} is to stop the rollout"),
            DeploymentRetireRequested r => ("moving", r.Scope == DeploymentRetireRequested.All ? $"the cluster {r.Cluster} is to remove the app" : $"the cluster {r.Cluster} is to stop the old tasks"),
            DeploymentRetired r => ("none", r.Tasks == 0 ? "there was no old task left" : $"old tasks stopped and removed: {r.Tasks}"),
            DeploymentStarted s => ("moving", $"the cluster {s.Cluster} took it on"),
            DeploymentProgressed p => ("moving", Progress(p)),
            ServiceDeployed => ("live", $"every task is {Healthy(c)}, for the first time in this environment{Already(c)}"),
            ServiceUpgraded => ("live", $"every task is {Healthy(c)}{Already(c)}"),
            ServiceRolledBack s => ("failed", $"taken back to {c?.Image ?? s.ArtifactId}{cause}"),
            ServiceRemoved => ("none", "removed from the cluster"),
            WorkEnded w => (w.Result == WorkResult.Failed ? "failed" : "none", $"the work {(w.Result == WorkResult.Failed ? "failed" : $"was {w.Result}")}, {Effect(w.Effect)}{cause}"),
            WorkDeferred w => ("waiting", $"tried again at {PageWords.Full(w.Until)}{cause}"),
            DeploymentSucceeded { Removed: true } => ("live", $"{at} is removed"),
            DeploymentSucceeded { AlreadyLive: true } => ("live", $"{at} was live already; nothing was done"),
            DeploymentSucceeded d => ("live", $"{at} is live{(c?.Image is null ? "" : $": {c.Image}")}{(d.Unchecked == true ? " (unchecked: no health check)" : "")}{(d.NotRouted == true ? "; its zone has no front end, so healthy is the end" : "")}"),
            DeploymentFailed d => ("failed", $"{at} failed, {Effect(d.Effect)}{cause}{(d.NowRunning is null ? "" : $" Now running: {d.NowRunning}")}"),
            DeploymentSuperseded d => ("none", $"superseded{(d.ByRequest is null ? " by a newer one" : $" by {PageWords.Short(d.ByRequest)}")}, {Effect(d.Effect)}"),
            DeploymentRefused => ("failed", $"refused, nothing was changed{cause}"),
            DeploymentCancelled d => ("none", $"cancelled, {Effect(d.Effect)}{cause}"),
            DeploymentHeld h => ("held", $"{at} is held until {PageWords.Full(h.Until)}: {h.Reason}"),
            DeploymentHoldLifted h => ("none", $"the hold on {at} ended: {h.Reason}"),
            EndpointsChanged n => ("none", $"healthy tasks on {n.Cluster}: {n.Tasks.Count}"),
            IncidentDetected i => ("failed", $"trouble in {at}{(c?.Cause ?? i.Description) switch { null => "", var what => $": {what}" }}"),
            IncidentResolved i => ("live", $"the trouble in {at} is over{(i.Description is null ? "" : $": {i.Description}")}"),
            NotificationRequested n => ("none", $"to tell {n.Target}: {Message(n)}"),
            NotificationDelivered n => ("none", $"{n.Target} was told"),
            _ => ("none", $"{e.EventType?.ShortName ?? e.Type}: {e.SubjectId}"),
        };
    }

    /// <summary>What an event is about, in one word that a reader's eye follows down the column.</summary>
    public static string Topic(CdEvent e) => e.Content switch
    {
        PipelineRunQueued or PipelineRunStarted or PipelineRunFinished => "build",
        ImageTagRequested => "tags",
        ImagePushRequested or ImageProgressed or ImageResolveRequested or ImageResolved or ArtifactPublished => "image",
        DeploymentProgressed or ServiceDeployed or ServiceUpgraded or ServiceRolledBack or ServiceRemoved or DeploymentRetireRequested or DeploymentRetired or EndpointsChanged => "tasks",
        DeploymentHeld or DeploymentHoldLifted => "hold",
        IncidentDetected or IncidentResolved => "incident",
        NotificationRequested or NotificationDelivered => "message",
        WorkEnded or WorkDeferred => "work",
        DeploymentRequested or DeploymentRolloutRequested or DeploymentCancelRequested or DeploymentStarted or DeploymentSucceeded or DeploymentFailed or DeploymentSuperseded or DeploymentRefused or DeploymentCancelled => "deploy",
        _ => e.EventType?.ShortName.Split('.')[0] ?? "event",
    };

    /// <summary>The sentence of a message that was told.</summary>
    public static string Told(CdEvent message) => message.Content is NotificationRequested n ? $"{n.Target} was told: {Message(n)}" : Of(message).Text;

    static string Message(NotificationRequested n) => $"{n.Title}{(n.Text is null ? "" : $", {n.Text}")}";

    static string Build(CustomData? c, CdEvent e) => (c?.Build?.Job, c?.Build?.Number) switch
    {
        ({ } job, { } number) => $"{job} #{number}",
        ({ } job, null) => job,
        _ => e.SubjectId,
    };

    static string Progress(DeploymentProgressed p) => p.Phase switch
    {
        "takingback" => "taking back",
        "removing" => "removing",
        _ => "rolling out",
    } + (p.Total > 0 && p.Phase != "removing" ? $"{(p.Waiting is null ? ":" : ",")} {p.Healthy} of {p.Total} healthy" : "") + (p.Waiting is null ? "" : $": {p.Waiting}");

    static string Healthy(CustomData? c) => c?.Unchecked == true ? "running (unchecked: no health check)" : "healthy";

    static string Already(CustomData? c) => c?.AlreadyLive == true ? "; it ran already and nothing was done" : "";

    static string Effect(string effect) => effect switch
    {
        WorkEffect.None => "nothing was changed",
        WorkEffect.Made => "the change stands",
        WorkEffect.TakenBack => "the change was taken back",
        _ => "what it left is not known",
    };
}
