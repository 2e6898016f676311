using PipelineBridge.Events;

namespace PipelineBridge.Messaging;

/// <summary>
/// One work as a handler gets it: the event that asks for it, and the events that may come of it. Every event made here
/// has its derived id, so that a work that is done again after a crash says the same thing twice and is heard once.
/// </summary>
public sealed class WorkItem
{
    readonly TimeProvider clock;
    readonly CustomData custom;

    /// <summary>A work that was given to a stage.</summary>
    /// <param name="event">The event that asks for it.</param>
    /// <param name="attempts">How often it was given, this time included.</param>
    /// <param name="stage">The stage, the last part of its events' source.</param>
    /// <param name="clock">Tells when its events happen.</param>
    public WorkItem(CdEvent @event, int attempts, string stage, TimeProvider clock)
    {
        this.clock = clock;
        Event = @event;
        Attempts = attempts;
        Source = CdEvent.OurSource + stage;
        Id = @event.Key();
        custom = (@event.Custom ?? throw new ArgumentException("A work carries customData.", nameof(@event))) with
        {
            WorkId = Id.ToString(),
            By = null,
            Category = null,
            Cause = null,
            Evidence = null,
            Phases = null,
        };
    }

    /// <summary>The event that asks for the work.</summary>
    public CdEvent Event { get; }

    /// <summary>The work's id, which is its event's.</summary>
    public EventId Id { get; }

    /// <summary>How often it was given, this time included; above 1 its effect may have been made already.</summary>
    public int Attempts { get; }

    /// <summary>The source of the events that come of it.</summary>
    public string Source { get; }

    /// <summary>The app.</summary>
    public string App => custom.App;

    /// <summary>The environment; a dash where there is none.</summary>
    public string Environment => custom.Environment ?? "-";

    /// <summary>The request that it belongs to, by its whole name.</summary>
    public string RequestId => custom.RequestId ?? Id.ToString();

    /// <summary>The journal's sequence of the ask, where later wins; 0 where order does not matter.</summary>
    public long Sequence => custom.Sequence ?? 0;

    /// <summary>The content, as the record that its type has.</summary>
    public T Content<T>() where T : IEventContent => Event.Read<T>();

    /// <summary>The good end of the work.</summary>
    public CdEvent Done(IEventContent content, string? subjectId = null, Func<CustomData, CustomData>? with = null) =>
        Make(Id.Then("end"), content, subjectId, with);

    /// <summary>An end that is not the good one, with its cause.</summary>
    /// <param name="result">One of <see cref="WorkResult"/>.</param>
    /// <param name="effect">One of <see cref="WorkEffect"/>.</param>
    /// <param name="category">One of <see cref="FailureCategory"/>.</param>
    /// <param name="cause">One sentence of our own; it quotes nothing that was read from outside.</param>
    /// <param name="evidence">What shows it.</param>
    /// <param name="with">What else its customData says.</param>
    public CdEvent Ended(string result, string effect, string category, string cause, IReadOnlyList<Evidence>? evidence = null, Func<CustomData, CustomData>? with = null) =>
        Make(Id.Then("end"), new WorkEnded(result, effect), null, c =>
        {
            c = c with { Category = category, Cause = cause, Evidence = evidence is { Count: > 0 } ? evidence : null };
            return with is null ? c : with(c);
        });

    /// <summary>The work waits: for what, and until when it is given again.</summary>
    public CdEvent Deferred(DateTimeOffset until, string category, string cause) =>
        Observed(new WorkDeferred(until), c => c with { Category = category, Cause = cause });

    /// <summary>Something that is true once for the request.</summary>
    public CdEvent Fact(IEventContent content, string? subjectId = null, Func<CustomData, CustomData>? with = null) =>
        Make(Id.Then("fact", EventTypes.Of(content).Name, subjectId ?? ""), content, subjectId, with);

    /// <summary>Something seen now, which may look otherwise later.</summary>
    public CdEvent Observed(IEventContent content, Func<CustomData, CustomData>? with = null) =>
        Make(Id.Then("seen", EventTypes.Of(content).Name, clock.GetUtcNow().ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture)), content, null, with);

    CdEvent Make(EventId id, IEventContent content, string? subjectId, Func<CustomData, CustomData>? with) => new()
    {
        Id = id.ToString(),
        Source = Source,
        Type = EventTypes.Of(content).Name,
        Time = clock.GetUtcNow(),
        ChainId = Event.ChainId,
        TraceParent = Event.TraceParent,
        Links = [EventLink.Cause(Id)],
        SubjectId = subjectId ?? (custom.Environment is null ? custom.App : $"{custom.Environment}/{custom.App}"),
        Content = content,
        Custom = with is null ? custom : with(custom),
    };
}
