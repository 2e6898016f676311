using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Bridge;

/// <summary>The broker by which a bridge reaches its stages in other processes.</summary>
/// <param name="Options">How it is reached.</param>
/// <param name="Topology">What stands on it.</param>
public sealed record BrokerParts(BrokerOptions Options, Topology Topology)
{
    /// <summary>
    /// After how many seconds a work that was given and has no outcome is given again: when the broker itself would have
    /// taken it back from whoever holds it, and a minute.
    /// </summary>
    public int OverdueSeconds { get; init; } = Options.ConsumerTimeoutSeconds + 60;

    /// <summary>After how many seconds without a worker a request says that it waits for one.</summary>
    public int PatienceSeconds { get; init; } = 60;
}
