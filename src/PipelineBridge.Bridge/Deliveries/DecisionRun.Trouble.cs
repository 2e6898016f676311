using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

sealed partial class DecisionRun
{
    /// <summary>Keeps which troubles are open.</summary>
    public void Incidents(CdEvent e)
    {
        var before = tx.State(OpenIncidents.Key, BridgeJson.Default.OpenIncidents) ?? OpenIncidents.None;
        var after = before.After(e);
        if (!ReferenceEquals(after, before))
        {
            tx.PutState(OpenIncidents.Key, after, BridgeJson.Default.OpenIncidents);
        }
    }

    /// <summary>Keeps whether a target takes what it is told.</summary>
    void Refused(string target, CdEvent end)
    {
        var key = TargetRefusal.Key(target);
        var before = tx.State(key, BridgeJson.Default.TargetRefusal);
        var after = TargetRefusal.After(before, target, end);
        if (after != before)
        {
            tx.PutState(key, after, BridgeJson.Default.TargetRefusal);
        }
    }
}
