using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Composition;

/// <summary>What a process does with the broker before it starts anything.</summary>
static class BrokerStart
{
    /// <summary>
    /// Declares the topology. A broker that cannot be reached is no hindrance: it is tried again later. One that refuses the
    /// user, has no such virtual host, or has another topology under our names ends the process before anything was started.
    /// </summary>
    /// <param name="broker">How the broker is reached.</param>
    /// <param name="topology">What stands on it.</param>
    /// <param name="process">The process, as the broker's page names the connection.</param>
    /// <param name="stop">Ends it.</param>
    /// <param name="own">The queues that this process works on; null: all.</param>
    /// <exception cref="BrokerException">Somebody must change something.</exception>
    public static async Task Prepare(BrokerOptions broker, Topology topology, string process, CancellationToken stop, IReadOnlyCollection<string>? own = null)
    {
        try
        {
            await topology.Declare(broker, $"{process} start", stop, own);
        }
        catch (BrokerException e) when (e.WaitingHelps)
        {
            Console.Error.WriteLine($"{e.Message} It is tried again.");
        }
    }
}
