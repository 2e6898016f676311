using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Work;

/// <summary>Ends work that cannot be handled: a dead letter that keeps it, and the end that tells it.</summary>
static class DeadWork
{
    /// <param name="tx">The writer's transaction.</param>
    /// <param name="deciders">Say what follows from the end.</param>
    /// <param name="row">The work.</param>
    /// <param name="reason">What happened, for the operator.</param>
    /// <param name="cause">The sentence that people read.</param>
    /// <param name="category">Where the cause lies.</param>
    public static void End(JournalTransaction tx, Deciders deciders, WorkRow row, string reason, string cause, string category = FailureCategory.Internal)
    {
        var body = tx.Body(row.Sequence)!;
        var work = CdEventReader.Read(body);
        tx.PutDeadLetter(new DeadLetterRow(0, row.Sequence, row.Queue, reason, body, tx.Now.ToUnixTimeMilliseconds(), DeadLetterState.Open));
        deciders.Happened(tx, BridgeEvents.Make(work.Key().Then("end"), new WorkEnded(WorkResult.Failed, row.Attempts == 0 ? WorkEffect.None : WorkEffect.Unknown),
            tx.Now, work.ChainId, work.Key(), work.Custom! with { WorkId = work.Id, Category = category, Cause = cause, By = null, Evidence = null }) with { TraceParent = work.TraceParent }, born: true);
    }

    /// <summary>Ends a work whose queue the configuration no longer has.</summary>
    public static void EndOfNobody(JournalTransaction tx, Deciders deciders, WorkRow row)
    {
        if (tx.Work(row.Sequence, row.Queue) is not null)
        {
            End(tx, deciders, row, $"No stage has the queue {row.Queue}.", $"Nothing here does the work of {row.Queue}; the configuration no longer has it.", FailureCategory.Configuration);
        }
    }
}
