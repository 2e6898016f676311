using System.Globalization;
using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>What people in chat read of a delivery: one message that changes as it goes on, and a reply when there is trouble. Pure.</summary>
public static class DeliveryMessage
{
    /// <summary>The message of a deployment, rollback or removal as it stands.</summary>
    public static NotificationRequested Of(RequestDocument document, string target, BridgeOptions options)
    {
        var version = Version(document.Image);
        var mood = document.State switch
        {
            RequestState.Succeeded => NotificationMood.Good,
            RequestState.Failed or RequestState.Refused => NotificationMood.Bad,
            RequestState.Superseded or RequestState.Cancelled => NotificationMood.Quiet,
            _ => NotificationMood.Moving,
        };
        return new NotificationRequested
        {
            Target = target,
            Thread = document.Id,
            Mood = mood,
            Title = $"{document.App} → {document.Environment}",
            Text = Text(document, version),
            Links = Links(document, options),
            Reply = mood == NotificationMood.Bad
                ? new NotificationReply($"{document.App} → {document.Environment} {document.State}: {document.Cause}", document.By?.Person, Quotable(document, options))
                : null,
        };
    }

    /// <summary>What chat may quote, which is nothing unless the environment says so: log lines may name patients.</summary>
    static IReadOnlyList<Evidence>? Quotable(RequestDocument document, BridgeOptions options) =>
        document is { Environment: { } environment, Evidence.Count: > 0 } && options.Environments.GetValueOrDefault(environment) is { EvidenceInChat: true } ? document.Evidence : null;

    /// <summary>The message of a build that failed.</summary>
    public static NotificationRequested OfFailedBuild(CdEvent finished, string target)
    {
        var content = finished.Read<PipelineRunFinished>();
        var build = finished.Custom!.Build;
        return new NotificationRequested
        {
            Target = target,
            Thread = finished.SubjectId,
            Mood = NotificationMood.Bad,
            Title = $"{finished.Custom.App} build {build?.Number?.ToString(CultureInfo.InvariantCulture) ?? finished.SubjectId}",
            Text = $"failed ({content.Outcome}){(content.PipelineName is null ? "" : $" in {content.PipelineName}")}",
            Links = content.Uri is null ? null : [new NotificationLink("log", content.Uri)],
            Reply = new NotificationReply($"The build of {finished.Custom.App} failed; nothing was deployed.", finished.Custom.By?.Person),
        };
    }

    /// <summary>The message of trouble in a running service; none for what is over with.</summary>
    public static NotificationRequested OfIncident(CdEvent incident, string target, BridgeOptions options)
    {
        var resolved = incident.Content is IncidentResolved;
        var description = incident.Content switch
        {
            IncidentDetected d => d.Description,
            IncidentResolved r => r.Description,
            _ => null,
        };
        return new NotificationRequested
        {
            Target = target,
            Thread = incident.SubjectId,
            Mood = resolved ? NotificationMood.Good : NotificationMood.Bad,
            Title = $"{incident.Custom!.App} on {incident.Custom.Environment}",
            Text = incident.Custom.Cause ?? description,
            Links = incident.ChainId is null ? null : [new NotificationLink("timeline", $"{options.Url}/chains/{incident.ChainId}")],
        };
    }

    /// <summary>How a deployment, rollback or removal stands, in one sentence.</summary>
    internal static string Text(RequestDocument document, string version)
    {
        var was = document.PreviousImage is { } previous && Version(previous) != version ? $", was {Version(previous)}" : "";
        var seconds = document.EndedAt is { } ended ? (ended - document.AskedAt).TotalSeconds : 0;
        var took = seconds >= 10 ? $"{seconds:0} s" : string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s");
        var still = document.NowRunning is null ? "" : $" {Version(document.NowRunning)} {(document.Effect == WorkEffect.TakenBack ? "still serves" : "runs now")}.";
        return (document.State, document.Kind) switch
        {
            (RequestState.Succeeded, "removal") => $"removed in {took}",
            (RequestState.Succeeded, _) when document.AlreadyLive == true => $"{version} was live already; nothing was done",
            (RequestState.Succeeded, "rollback") => $"rolled back to {version} in {took}{was}{Unchecked(document)}",
            (RequestState.Succeeded, _) => $"live {version} in {took}{was}{Unchecked(document)}",
            (RequestState.Failed, _) => $"failed {version}: {document.Cause}{still}",
            (RequestState.Refused, _) => $"refused {version}: {document.Cause} Nothing was changed.",
            (RequestState.Superseded, _) => $"{version} superseded{(document.SupersededBy is null ? "" : $" by {Short(document.SupersededBy)}")}",
            (RequestState.Cancelled, _) => $"{version} cancelled{(document.Effect == WorkEffect.TakenBack ? ", taken back" : "")}. {document.Cause}",
            (RequestState.Accepted, _) => $"{version} accepted",
            (RequestState.Waiting, _) => $"{version} waits for {document.WaitingFor}",
            (_, "removal") => "removing",
            _ when document.Progress is { Phase: "takingback" } => $"taking back {version}",
            _ when document.Progress is { } p => $"rolling out {version}{(p.Total > 0 ? $", {p.Healthy} of {p.Total} healthy" : "")}{(p.Waiting is null ? "" : $": {p.Waiting}")}",
            _ when document.WaitingFor is { } waiting => $"rolling out {version}: {waiting}",
            _ => $"rolling out {version}",
        };
    }

    static string Unchecked(RequestDocument document) => document.Unchecked == true ? " (unchecked: no health check)" : "";

    static NotificationLink[] Links(RequestDocument document, BridgeOptions options) => document.Build?.Url is { } log
        ? [new NotificationLink("timeline", $"{options.Url}/{document.Id}"), new NotificationLink("log", log)]
        : [new NotificationLink("timeline", $"{options.Url}/{document.Id}")];

    /// <summary>How people call an image: its tag, else the first characters of its digest.</summary>
    public static string Version(string? image) =>
        image is not null && ImageReference.TryParse(image, out var parsed, out _) ? parsed!.Tag ?? parsed.Digest?[..15] ?? parsed.Repository : "an image not known yet";

    static string Short(string requestId) => requestId.Length > 8 ? requestId[..8] : requestId;
}
