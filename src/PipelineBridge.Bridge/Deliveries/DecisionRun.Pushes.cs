using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>The pushes that deployments wait for.</summary>
sealed partial class DecisionRun
{
    /// <summary>Deployments that wait for a push by its key learn that it is there.</summary>
    public void PushCameToBeKnown(CdEvent ask, byte[] idempotencyKey)
    {
        var key = WaitersKey(Convert.ToHexStringLower(idempotencyKey));
        if (tx.State(key, BridgeJson.Default.Waiters) is { } waiters)
        {
            var push = Push(ask.Custom!.RequestId!, null);
            foreach (var w in waiters.Deployments)
            {
                AddWaiter(ask.Id, w);
                Lane(w.App, w.Environment, l => PushWaits.Moved(l, w.AskId, push, context));
            }
            tx.PutState(key, null, BridgeJson.Default.Waiters);
        }
    }

    void PushEnded(CdEvent ask)
    {
        if (tx.State(WaitersKey(ask.Id), BridgeJson.Default.Waiters) is not { } waiters || Push(ask.Custom!.RequestId!, null) is not { Ended: true } push)
        {
            return;
        }
        foreach (var w in waiters.Deployments)
        {
            Lane(w.App, w.Environment, l => PushWaits.Moved(l, w.AskId, push, context));
        }
        tx.PutState(WaitersKey(ask.Id), null, BridgeJson.Default.Waiters);
    }

    /// <summary>How the push stands that an ask's <c>after</c> names: a request's whole name, or the key with which the same client posts it.</summary>
    PushStanding Push(string after, string? client, string? app = null)
    {
        var sequence = RequestId.TryParse(after, out var id) ? tx.Find(id.Ask) : tx.Idempotency(PushKey(after, client))?.Sequence;
        return sequence is { } s && Document(s) is { Kind: "push" } document && (app is null || document.App == app) && RequestId.TryParse(document.Id, out var known)
            ? new PushStanding(document.Id, true, known.Ask.ToString(), document.HasEnded, document.State == RequestState.Succeeded ? document.Image : null, document.Category, document.Cause, document.Evidence)
            : new PushStanding(after, false);
    }

    static byte[] PushKey(string key, string? client) => IdempotencyKey.Of(client ?? "", "POST", "/v1/pushes", key);

    void AddWaiter(string push, Waiter waiter)
    {
        var waiting = tx.State(WaitersKey(push), BridgeJson.Default.Waiters)?.Deployments ?? [];
        tx.PutState(WaitersKey(push), new Waiters([.. waiting, waiter]), BridgeJson.Default.Waiters);
    }

    static string WaitersKey(string push) => $"after/{push}";
}
