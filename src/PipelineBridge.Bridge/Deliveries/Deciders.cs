using System.Diagnostics;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>
/// Runs the deciders in the journal's transaction: an event is appended, the decider of its lane says what follows,
/// that is appended too, and so on until nothing follows. Loads and keeps their states; decides nothing itself.
/// </summary>
public sealed class Deciders(BridgeOptions options)
{
    /// <summary>Journals an event and everything that follows from it.</summary>
    /// <param name="tx">The writer's transaction.</param>
    /// <param name="e">The event.</param>
    /// <param name="born">Whether it was born in the bridge, so that the relay has to publish it.</param>
    /// <param name="body">Its bytes, when they are at hand.</param>
    /// <param name="order">For a replay: the sequence of the original, by which it wins or loses.</param>
    /// <param name="idempotencyKey">The key with which an ask was posted, for deployments that wait for it.</param>
    /// <returns>Its sequence, and whether it was new; nothing follows from one that is not.</returns>
    public Appended Happened(JournalTransaction tx, CdEvent e, bool born, ReadOnlyMemory<byte>? body = null, long? order = null, byte[]? idempotencyKey = null)
    {
        var first = Append(tx, e, born, body);
        if (!first.IsNew)
        {
            KeepContradiction(tx, e, first.Sequence);
            return first;
        }
        using var span = Tracing.Source.StartActivity($"decide {e.EventType?.ShortName ?? e.Type}", ActivityKind.Internal, e.TraceParent);
        Run(tx, e, run =>
        {
            Route(run, e, first.Sequence, order ?? first.Sequence);
            if (idempotencyKey is not null && e.Content is ImagePushRequested)
            {
                run.PushCameToBeKnown(e, idempotencyKey);
            }
        });
        return first;
    }

    /// <summary>Journals that a stage is about to take a work back.</summary>
    public void TakingBack(JournalTransaction tx, EventId work)
    {
        if (tx.Find(work) is { } sequence && CdEventReader.Read(tx.Body(sequence)!) is { Custom: { Environment: { } environment } custom } e)
        {
            Run(tx, e, run => run.Lane(custom.App, environment, l => DeploymentOutcomes.TakingBack(l, e.Id, run.Context)));
        }
    }

    /// <summary>The bound passed within which a deployment waits for a push that nobody knows.</summary>
    public void PushNeverCame(JournalTransaction tx, CdEvent ask) =>
        Run(tx, ask, run => run.Lane(ask.Custom!.App, ask.Custom.Environment!, l => PushWaits.NeverCame(l, ask.Id, run.Context)));

    /// <summary>What is to do a work is not there, so that its request says for what it waits; null: it is there again.</summary>
    public void Waits(JournalTransaction tx, CdEvent work, long sequence, string? waitingFor) =>
        Run(tx, work, run => run.WorkWaits(work, sequence, waitingFor));

    /// <summary>Takes a deployment back that has no end yet.</summary>
    public void Cancel(JournalTransaction tx, RequestDocument document, Actor by) =>
        Run(tx, null, run => run.Lane(document.App, document.Environment!, l => DeploymentDecider.Cancelled(l, document.Id, by, run.Context)));

    void Run(JournalTransaction tx, CdEvent? cause, Action<DecisionRun> begin)
    {
        var pending = new Queue<Decided>();
        var run = new DecisionRun(tx, new DeciderContext(tx.Now, options), pending);
        begin(run);
        while (pending.TryDequeue(out var next))
        {
            var follows = next.Event with { TraceParent = run.TraceOf(next.Event, cause) };
            var appended = Append(tx, follows, born: true, null);
            if (!appended.IsNew)
            {
                continue;
            }
            if (next.Queue is not null)
            {
                run.Open(appended.Sequence, next.Queue, next.Partition);
            }
            Route(run, follows, appended.Sequence, appended.Sequence);
        }
    }

    /// <summary>A second end that says something else than the first: it is kept beside it, and nothing follows from it.</summary>
    static void KeepContradiction(JournalTransaction tx, CdEvent e, long firstSequence)
    {
        if (e.EventType?.Role != EventRole.End)
        {
            return;
        }
        var first = CdEventReader.Read(tx.Body(firstSequence)!);
        if (first.Type != e.Type || (first.Content is WorkEnded a && e.Content is WorkEnded b && a != b))
        {
            var (result, effect) = e.Content is WorkEnded ended ? (ended.Result, ended.Effect) : ("", "");
            Append(tx, e with { Id = e.Key().Then("contradicted", e.Type, result + effect).ToString(), Links = [EventLink.Cause(first.Key())] }, born: false, null);
        }
    }

    static Appended Append(JournalTransaction tx, CdEvent e, bool born, ReadOnlyMemory<byte>? body)
    {
        var references = new List<string>(2);
        if (e.Custom?.Image is { } image && image.IndexOf('@', StringComparison.Ordinal) is > 0 and var at)
        {
            references.Add(image[(at + 1)..]);
        }
        if (e.Content is PipelineRunQueued or PipelineRunStarted or PipelineRunFinished && e.Links is { } links)
        {
            references.AddRange(links.Where(l => l.LinkKind == CommitLink).Select(l => l.Target!.ContextId));
        }
        return tx.Append(new NewEvent(e.Key(), e.Type, e.ChainId ?? e.Id, e.Time, e.Custom?.App ?? "-", e.Custom?.Environment ?? "-", born, body ?? CdEventWriter.Write(e), references));
    }

    /// <summary>The kind of link by which a build names its commit.</summary>
    public const string CommitLink = "COMMIT";

    static void Route(DecisionRun run, CdEvent e, long sequence, long order)
    {
        run.Incidents(e);
        switch (e.Content)
        {
            case DeploymentRequested:
                run.DeploymentAsked(e, sequence, order);
                break;
            case ImagePushRequested or ImageTagRequested:
                run.Images(s => ImageDecider.Asked(s, e, sequence, order, run.Context));
                break;
            case NotificationRequested when IsAsk(e):
                run.NotificationAsked(e, sequence);
                break;
            case DeploymentHeld held:
                run.Lane(e.Custom!.App, e.Custom.Environment!, l => DeploymentDecider.HoldChanged(l, new Hold(held.Reason, held.Until, e.Id, e.Custom.By), run.Context));
                run.Tx.OpenWork(new WorkRow(sequence, Queues.Bridge, "", WorkRowState.Ready, held.Until.ToUnixTimeMilliseconds(), 0, null, held.Until.ToUnixTimeMilliseconds()));
                break;
            case DeploymentHoldLifted:
                run.Lane(e.Custom!.App, e.Custom.Environment!, l => DeploymentDecider.HoldChanged(l, null, run.Context));
                break;
            case PipelineRunFinished { Outcome: "failure" or "error" } when e.Custom is not null:
                run.Say(e, target => DeliveryMessage.OfFailedBuild(e, target));
                break;
            case IncidentDetected or IncidentResolved when e.Custom is not null:
                run.Say(e, target => DeliveryMessage.OfIncident(e, target, run.Context.Options));
                break;
            default:
                if (e.Custom?.WorkId is not null && e.EventType?.Role is EventRole.End or EventRole.Observation)
                {
                    run.WorkHappened(e);
                }
                break;
        }
    }

    static bool IsAsk(CdEvent e) => RequestId.TryParse(e.Custom?.RequestId, out var id) && id.Kind == RequestId.Notification && id.Ask == e.Key();
}
