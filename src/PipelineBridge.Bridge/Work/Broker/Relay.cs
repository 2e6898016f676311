using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PipelineBridge.Journal;
using PipelineBridge.Messaging.Broker;
using RabbitMQ.Client;

namespace PipelineBridge.Bridge.Work.Broker;

/// <summary>Carries from the journal to the broker what was born in the bridge: work to its queue, the rest to whoever listens.</summary>
public sealed partial class Relay : BackgroundService
{
    readonly EventJournal journal;
    readonly BrokerParts parts;
    readonly BrokerStanding standing;
    readonly TimeProvider clock;
    readonly ILogger<Relay> log;
    readonly Signal newEvents;
    readonly Signal newWork;
    readonly EventPublishing events;
    readonly WorkGiving work;
    readonly QueueWatch watch;

    /// <summary>A relay that is not started yet.</summary>
    public Relay(EventJournal journal, BridgeOptions options, BrokerParts parts, BrokerStanding standing, TimeProvider clock, ILogger<Relay> log)
    {
        (this.journal, this.parts, this.standing, this.clock, this.log) = (journal, parts, standing, clock, log);
        newEvents = new Signal(clock);
        newWork = new Signal(clock);
        events = new EventPublishing(journal, standing, newEvents, clock, log);
        work = new WorkGiving(journal, options, parts, standing, newWork, clock, log);
        watch = new QueueWatch(journal, parts, standing, clock, log);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        journal.Committed += Wake;
        try
        {
            await BrokerSession.KeepUp(parts.Options, "bridge relay", Session, Lost, clock, stoppingToken);
        }
        finally
        {
            journal.Committed -= Wake;
        }
    }

    void Wake(JournalCommit commit)
    {
        if (commit.Last >= commit.First)
        {
            newEvents.Set();
        }
        // An end frees its partition: any event may let the next work go.
        if (commit.Last >= commit.First || commit.Queues.Count > 0)
        {
            newWork.Set();
        }
    }

    async Task Session(IConnection connection, CancellationToken lost)
    {
        var eventChannel = await Publishing.Open(connection, standing, clock, lost);
        var workChannel = await Publishing.Open(connection, standing, clock, lost);
        // From a connection that publishes a full broker reads nothing more, questions neither.
        await using var looking = await BrokerConnection.Open(parts.Options, "bridge queues", lost);
        standing.Connected();
        await Repair(lost);
        Log.Connected(log, parts.Options.Shown);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(lost);
        Task[] parallel =
        [
            events.Run(eventChannel, over.Token),
            work.Run(workChannel, Repair, over.Token),
            watch.Run(looking, Repair, over.Token),
        ];
        var first = await Task.WhenAny(parallel);
        await over.CancelAsync();
        await Task.WhenAll(parallel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;

        async Task Repair(CancellationToken cancellation)
        {
            await work.Turn.WaitAsync(cancellation);
            try
            {
                await watch.Repair(looking, cancellation);
                standing.Misfit = null;
            }
            catch (BrokerException e) when (!e.WaitingHelps)
            {
                // Somebody else's topology or a permission: what can be routed goes on; what cannot waits and is told.
                if (standing.Misfit != e.Message)
                {
                    standing.Misfit = e.Message;
                    Log.NotRepaired(log, e.Message);
                }
            }
            finally
            {
                work.Turn.Release();
            }
        }
    }

    void Lost(BrokerException e)
    {
        standing.Lost(e.Message);
        Log.Lost(log, e.Message);
    }

    static partial class Log
    {
        [LoggerMessage(2331, LogLevel.Information, "The relay is connected to the broker at {Broker}.")]
        public static partial void Connected(ILogger log, string broker);

        [LoggerMessage(2332, LogLevel.Warning, "The relay waits for the broker; nothing is lost meanwhile. {Why}")]
        public static partial void Lost(ILogger log, string why);

        [LoggerMessage(2333, LogLevel.Error, "What is missing on the broker could not be declared: {Why}")]
        public static partial void NotRepaired(ILogger log, string why);
    }
}
