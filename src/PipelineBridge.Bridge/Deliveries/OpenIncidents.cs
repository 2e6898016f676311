using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>A trouble that was told and is not over.</summary>
/// <param name="Subject">The incident, as its events name it.</param>
/// <param name="App">The app; a dash where it concerns a whole cluster.</param>
/// <param name="Environment">The environment.</param>
/// <param name="Cause">What is wrong, in one sentence.</param>
/// <param name="Since">When it was told.</param>
/// <param name="ChainId">The chain that it belongs to, where there is one.</param>
public sealed record OpenIncident(string Subject, string App, string? Environment, string? Cause, DateTimeOffset Since, string? ChainId);

/// <summary>
/// The troubles that are open, for whoever asks what is wrong now. A watcher that is started again forgets what it told:
/// so a newer one of the same kind takes an older one's place, what an app is deployed with anew ends what it had, and
/// whatever a cluster shows or brings about ends that it does not answer. Pure.
/// </summary>
public sealed record OpenIncidents(IReadOnlyList<OpenIncident> Incidents)
{
    /// <summary>How many are kept: more than anybody reads, and few enough to be written with each change.</summary>
    public const int Most = 200;

    /// <summary>The key of this in the journal's state.</summary>
    public const string Key = "incidents";

    /// <summary>None.</summary>
    public static OpenIncidents None { get; } = new([]);

    /// <summary>The troubles after an event; itself when nothing changed.</summary>
    public OpenIncidents After(CdEvent e)
    {
        switch (e.Content)
        {
            case IncidentDetected detected:
                var opened = new OpenIncident(e.SubjectId, e.Custom?.App ?? "-", e.Custom?.Environment ?? detected.Environment.Id, e.Custom?.Cause ?? detected.Description, e.Time, e.ChainId);
                return new([.. Incidents.Where(i => Kind(i.Subject) != Kind(opened.Subject)).TakeLast(Most - 1), opened]);
            case IncidentResolved:
                return Without(i => i.Subject == e.SubjectId);
            case DeploymentSucceeded when e.Custom is { } custom:
                // Its tasks were found healthy at the version that was asked for; what is wrong after that is told again.
                // Old tasks that could not be stopped are no trouble of the new ones, and are told over by their own event.
                return Without(i => (i.App == custom.App && i.Environment == custom.Environment && Kind(i.Subject) != $"{custom.Environment}/{custom.App}/retirement") || IsOutage(i, custom.Environment));
            case EndpointsChanged when e.Custom?.Environment is { } environment:
                return Without(i => IsOutage(i, environment));
            default:
                return this;
        }
    }

    /// <summary>Those that a caller may see, newest first; of a whole cluster, who may see all apps.</summary>
    internal IEnumerable<OpenIncident> SeenBy(Caller caller) => Incidents.Where(i => i.App == "-" ? caller.Apps.Contains("*") : caller.MayTouch(i.App)).Reverse();

    OpenIncidents Without(Func<OpenIncident, bool> over) => Incidents.Any(over) ? new([.. Incidents.Where(i => !over(i))]) : this;

    // A watcher that is started again tells endpoints anew at its first good look.
    static bool IsOutage(OpenIncident incident, string? environment) => environment is not null && Kind(incident.Subject) == $"{environment}/-/cluster";

    // The subject ends with when it began: <environment>/<app>/<kind>/<milliseconds>.
    static string Kind(string subject) => subject.LastIndexOf('/') is > 0 and var at && subject.AsSpan(at + 1).IndexOfAnyExceptInRange('0', '9') < 0 ? subject[..at] : subject;
}
