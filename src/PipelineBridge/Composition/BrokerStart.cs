using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Composition;

/// <summary>What a process does with the broker before it starts anything.</summary>
static class BrokerStart
{
    /// <summary>
    /// Declares the topology. A broker that cannot be reached is no hindrance: it is tried again later. One that refuses the
    /// user, has no such virtual host, or has another topology under our names ends the process before anything was started.
    /// </summary>
    /// <exception cref="BrokerException">Somebody must change something.</exception>
    public static async Task Prepare(BrokerOptions broker, Topology topology, string process, CancellationToken stop)
    {
        try
        {
            await topology.Declare(broker, $"{process} start", stop);
        }
        catch (BrokerException e) when (e.WaitingHelps)
        {
            Console.Error.WriteLine($"{e.Message} It is tried again.");
        }
    }
}
