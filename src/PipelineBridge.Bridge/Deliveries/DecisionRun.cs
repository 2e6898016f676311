using System.Text.Json;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;
using PipelineBridge.Bridge.Work;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>One run of the deciders: loads the state that an event concerns, applies what is decided, queues what follows.</summary>
sealed partial class DecisionRun(JournalTransaction tx, DeciderContext context, Queue<Decided> pending)
{
    public JournalTransaction Tx => tx;

    public DeciderContext Context => context;

    public void DeploymentAsked(CdEvent ask, long sequence, long order)
    {
        var content = ask.Read<DeploymentRequested>();
        var custom = ask.Custom!;
        var push = content.After is null ? null : Push(content.After, custom.By?.Key, custom.App);
        Lane(custom.App, custom.Environment!, l => DeploymentDecider.Asked(l, ask, order, push, context), sequence);
        if (push is { Ended: false })
        {
            AddWaiter(push.AskId ?? Convert.ToHexStringLower(PushKey(content.After!, custom.By?.Key)), new Waiter(custom.App, custom.Environment!, ask.Id));
        }
    }

    /// <summary>What a stage said of a work: its end closes it, a deferral moves it.</summary>
    public void WorkHappened(CdEvent e)
    {
        if (!EventId.TryParse(e.Custom!.WorkId, out var workId) || tx.Find(workId) is not { } workSequence)
        {
            return;
        }
        var work = CdEventReader.Read(tx.Body(workSequence)!);
        var queue = WorkQueues.Of(work);
        if (e.EventType!.Role == EventRole.End)
        {
            tx.CloseWork(workSequence, queue);
        }
        else if (e.Content is WorkDeferred deferred && tx.Work(workSequence, queue) is { } row)
        {
            if (deferred.Until.ToUnixTimeMilliseconds() > row.DeadlineMilliseconds)
            {
                pending.Enqueue(new Decided(GivenUp(work, e)));
            }
            else
            {
                // A deferral is no failure of ours: it does not count as an attempt.
                tx.PutWork(row with { State = WorkRowState.Ready, DueMilliseconds = deferred.Until.ToUnixTimeMilliseconds(), Attempts = Math.Max(1, row.Attempts - 1), Error = e.Custom.Cause });
            }
        }
        switch (work.Content)
        {
            case ImagePushRequested or ImageTagRequested:
                Images(s => ImageDecider.Happened(s, e, workSequence, context));
                PushEnded(work);
                break;
            case NotificationRequested word:
                TellingEnded(work, word, e, workSequence);
                break;
            case DeploymentRetireRequested { Scope: DeploymentRetireRequested.Old }:
                Lane(e.Custom.App, e.Custom.Environment!, l => Retirements.Ended(l, work, e, context));
                break;
            default:
                Lane(e.Custom.App, e.Custom.Environment!, l => DeploymentOutcomes.Happened(l, e, context));
                break;
        }
    }

    /// <summary>The trace that an event belongs to: that of its own request's ask, which may be another's than what it follows from.</summary>
    public string? TraceOf(CdEvent e, CdEvent? cause) =>
        cause is not null && (e.Custom?.RequestId is null || e.Custom.RequestId == cause.Custom?.RequestId) ? cause.TraceParent
        : RequestId.TryParse(e.Custom?.RequestId, out var id) && tx.Find(id.Ask) is { } ask ? CdEventReader.Read(tx.Body(ask)!).TraceParent
        : null;

    /// <summary>Nobody is there to do a work, or is again.</summary>
    public void WorkWaits(CdEvent work, long sequence, string? waitingFor)
    {
        switch (work.Content)
        {
            case ImagePushRequested or ImageTagRequested:
                Images(s => ImageDecider.Waits(s, sequence, waitingFor));
                break;
            case NotificationRequested:
                // Who is to be told cannot be told that.
                break;
            default:
                Lane(work.Custom!.App, work.Custom.Environment!, l => DeploymentOutcomes.Waits(l, work, waitingFor));
                break;
        }
    }

    public void Lane(string app, string environment, Func<DeploymentLane, Decision<DeploymentLane>> decide, long? askSequence = null)
    {
        var key = DeploymentLane.Key(app, environment);
        var lane = tx.State(key, BridgeJson.Default.DeploymentLane) ?? new DeploymentLane { App = app, Environment = environment };
        var decision = decide(lane);
        if (!ReferenceEquals(decision.State, lane))
        {
            tx.PutState(key, decision.State, BridgeJson.Default.DeploymentLane);
        }
        foreach (var timer in decision.Timers)
        {
            var due = timer.Due.ToUnixTimeMilliseconds();
            tx.OpenWork(new WorkRow(askSequence ?? timer.Sequence!.Value, Queues.Bridge, "", WorkRowState.Ready, due, 0, null, due));
        }
        Apply(decision, askSequence);
        if (decision.Documents.Count > 0 || !ReferenceEquals(decision.State.Hold, lane.Hold))
        {
            var before = tx.Service(app, environment) is { } row ? JsonSerializer.Deserialize(row.Body, BridgeJson.Default.ServiceDocument) : null;
            var cell = ServiceDocument.After(before, decision.State, decision.Documents.Values);
            tx.PutService(new ServiceRow(app, environment, cell.State, cell.Image, cell.Image is null ? null : ImageReference.Parse(cell.Image).Digest,
                decision.State.NewestReleased, context.Now.ToUnixTimeMilliseconds(), JsonSerializer.SerializeToUtf8Bytes(cell, BridgeJson.Default.ServiceDocument)));
        }
        foreach (var document in decision.Documents.Values)
        {
            Tell(document);
        }
    }

    public void Images(Func<ImageState, Decision<ImageState>> decide)
    {
        var state = new ImageState(k => tx.State(k, BridgeJson.Default.TagLane), s => Document(s));
        var decision = decide(state);
        foreach (var (key, lane) in decision.State.Changed)
        {
            tx.PutState(key, lane, BridgeJson.Default.TagLane);
        }
        Apply(decision, null);
    }

    public void NotificationAsked(CdEvent ask, long sequence)
    {
        var word = ask.Read<NotificationRequested>();
        Put(new RequestDocument
        {
            Id = ask.Custom!.RequestId!,
            Kind = "notification",
            App = ask.Custom.App,
            Environment = ask.Custom.Environment,
            ChainId = ask.ChainId!,
            Sequence = sequence,
            State = RequestState.Running,
            Revision = 1,
            AskedAt = ask.Time,
            ReleasedAt = context.Now,
            By = ask.Custom.By,
            Build = ask.Custom.Build,
        }, sequence);
        Open(sequence, Queues.Notify(word.Target), word.Thread);
    }

    /// <summary>Tells every target that an event without a request concerns.</summary>
    public void Say(CdEvent cause, Func<string, NotificationRequested> word)
    {
        var topic = new Topic(cause.Custom!.App, cause.Custom.Environment, null, cause.ChainId, cause.Key());
        foreach (var target in Targets(topic.App, topic.Environment))
        {
            Telling(target, word(target), topic, cause.Key());
        }
    }

    public void Open(long sequence, string queue, string partition)
    {
        var now = context.Now.ToUnixTimeMilliseconds();
        tx.OpenWork(new WorkRow(sequence, queue, partition, WorkRowState.Ready, now, 0, null, now + context.Options.WorkSeconds * 1000L));
    }

    void Apply<T>(Decision<T> decision, long? askSequence)
    {
        foreach (var opened in decision.Opened)
        {
            Open(opened.Sequence, opened.Queue, opened.Partition);
        }
        foreach (var document in decision.Documents.Values)
        {
            Put(document, askSequence);
        }
        foreach (var decided in decision.Events)
        {
            pending.Enqueue(decided);
        }
    }

    void Put(RequestDocument document, long? askSequence)
    {
        var id = RequestId.Parse(document.Id);
        // A replay keeps its original's sequence in its document, and has a row of its own.
        var sequence = tx.Find(id.Ask) ?? askSequence ?? document.Sequence;
        tx.PutRequest(new RequestRow(sequence, id.Ask, id.Kind, document.App, document.Environment ?? "-", document.State, document.Revision, !document.HasEnded,
            JsonSerializer.SerializeToUtf8Bytes(document, BridgeJson.Default.RequestDocument)));
    }

    void Tell(RequestDocument document)
    {
        var id = RequestId.Parse(document.Id);
        var topic = new Topic(document.App, document.Environment, document.Id, document.ChainId, id.Ask);
        foreach (var target in Targets(document.App, document.Environment))
        {
            Telling(target, DeliveryMessage.Of(document, target, context.Options), topic, id.Ask);
        }
    }

    void Telling(string target, NotificationRequested word, Topic topic, EventId thread)
    {
        var key = TellingLane.Key(target, word.Thread);
        var lane = tx.State(key, BridgeJson.Default.TellingLane) ?? new TellingLane();
        var decision = TellingDecider.Say(lane, word, topic, thread, context);
        if (!ReferenceEquals(decision.State, lane))
        {
            tx.PutState(key, decision.State, BridgeJson.Default.TellingLane);
            Apply(decision, null);
        }
    }

    void TellingEnded(CdEvent work, NotificationRequested word, CdEvent e, long workSequence)
    {
        Refused(word.Target, e);
        if (RequestId.TryParse(work.Custom?.RequestId, out var id) && id.Ask == work.Key())
        {
            // The pipeline's own message: an ask that is its own work.
            var document = Document(workSequence)!;
            document = e.Content switch
            {
                NotificationDelivered => document with { State = RequestState.Succeeded, EndedAt = context.Now },
                WorkEnded => document with { State = RequestState.Failed, EndedAt = context.Now, Category = e.Custom!.Category, Cause = e.Custom.Cause, Evidence = e.Custom.Evidence },
                _ => document with { WaitingFor = e.Custom!.Cause },
            };
            Put(document with { Revision = document.Revision + 1 }, workSequence);
            return;
        }
        if (e.EventType!.Role != EventRole.End)
        {
            return;
        }
        var key = TellingLane.Key(word.Target, word.Thread);
        if (tx.State(key, BridgeJson.Default.TellingLane) is { } lane)
        {
            var decision = TellingDecider.Ended(lane, e, context);
            tx.PutState(key, decision.State, BridgeJson.Default.TellingLane);
            Apply(decision, null);
        }
    }

    RequestDocument? Document(long sequence) =>
        tx.Request(sequence) is { } row ? JsonSerializer.Deserialize(row.Body, BridgeJson.Default.RequestDocument) : null;

    IEnumerable<string> Targets(string app, string? environment)
    {
        var ofEnvironment = environment is not null && context.Options.Environments.TryGetValue(environment, out var e) ? e.Notify : [];
        var ofApp = context.Options.Apps is { } apps && apps.TryGetValue(app, out var a) ? a.Notify : [];
        return ofEnvironment.Union(ofApp, StringComparer.Ordinal);
    }

    /// <summary>The end that the bridge writes for a work that was deferred past its bound.</summary>
    CdEvent GivenUp(CdEvent work, CdEvent deferred) =>
        BridgeEvents.Make(work.Key().Then("end"), new WorkEnded(WorkResult.Failed, work.Content is ImageResolveRequested ? WorkEffect.None : WorkEffect.Unknown),
            context.Now, work.ChainId, deferred.Key(), deferred.Custom! with
            {
                Cause = $"It was tried for {context.Options.WorkSeconds} seconds and could not be done. The last reason: {deferred.Custom!.Cause}",
            });
}
