using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Work.Broker;

/// <summary>What a bridge runs when a broker is between it and its stages.</summary>
static class BrokerServices
{
    public static void AddBroker(this IServiceCollection services, EventJournal journal, BrokerParts broker)
    {
        if (!journal.Published)
        {
            throw new ArgumentException("The journal was opened without Published, so nobody would hear of what is born in the bridge.", nameof(journal));
        }
        services.AddSingleton(broker);
        services.AddSingleton<BrokerStanding>();
        services.AddHostedService<Relay>();
        services.AddHostedService<OutcomeIntake>();
        services.AddHostedService<DeadQueueDrain>();
        services.AddHostedService<WorkBounds>();
    }
}
