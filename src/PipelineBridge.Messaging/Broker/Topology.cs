using PipelineBridge.Events;
using RabbitMQ.Client;

namespace PipelineBridge.Messaging.Broker;

/// <summary>
/// The exchanges, queues and bindings on the broker. Every process declares all of them at its start that its user may,
/// with the same arguments; what a queue's arguments are never changes under its name.
/// </summary>
/// <param name="clusters">The names of the clusters.</param>
/// <param name="targets">The names of the targets that can be told.</param>
public sealed class Topology(IEnumerable<string> clusters, IEnumerable<string> targets)
{
    /// <summary>The topic exchange of work. Only the bridge's user may write there.</summary>
    public const string WorkExchange = "pipelinebridge.work";

    /// <summary>The topic exchange of facts, asks, outcomes and ends. Everybody may be allowed to read there.</summary>
    public const string EventsExchange = "pipelinebridge.events";

    /// <summary>The fanout exchange before the queue <see cref="Queues.Dead"/>.</summary>
    public const string DeadExchange = Queues.Dead;

    /// <summary>
    /// How often a message is given before it is dead. Before RabbitMQ 4.3 crashes, restarts of the broker and its consumer
    /// timeout count too, so that this is against a loop of crashes alone; a handler that throws is counted by
    /// <c>limits.attempts</c>, and the bridge bounds each work by its time.
    /// </summary>
    public const int DeliveryLimit = 20;

    /// <summary>The stages' queues of work, in the order of a delivery.</summary>
    public IReadOnlyList<string> WorkQueues { get; } =
    [
        Queues.RegistryPush, Queues.RegistryTag, Queues.RegistryResolve,
        .. clusters.Select(Queues.ClusterDeploy).Order(StringComparer.Ordinal),
        .. targets.Select(Queues.Notify).Order(StringComparer.Ordinal),
    ];

    /// <summary>The queues of a stage, e.g. <c>registry</c>.</summary>
    public IReadOnlyList<string> OfStage(string stage)
    {
        var prefix = stage == "notifications" ? "notify." : stage + ".";
        return [.. WorkQueues.Where(q => q.StartsWith(prefix, StringComparison.Ordinal))];
    }

    /// <summary>The types of events that stages write and the bridge reads: ends, facts and observations of their work.</summary>
    public static IReadOnlyList<EventType> OutcomeTypes { get; } = [.. EventTypes.All.Where(t => t.FromStage)];

    /// <summary>The keys by which <see cref="Queues.Outcomes"/> is bound.</summary>
    public static IEnumerable<string> OutcomeKeys => OutcomeTypes.Select(t => $"{t.Subject}.{t.Predicate}.*.*").Distinct();

    /// <summary>The arguments of a queue of work.</summary>
    public static IReadOnlyDictionary<string, object?> ArgumentsOf(string queue)
    {
        var arguments = new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = DeliveryLimit };
        if (queue is Queues.Dead)
        {
            // There is nothing behind it: what it gave too often would be gone. From 4.0 on RabbitMQ gives a queue without
            // a limit one of 20, and -1 means none only from then on.
            arguments["x-delivery-limit"] = int.MaxValue;
        }
        else
        {
            arguments["x-dead-letter-exchange"] = DeadExchange;
            // An addressed work would otherwise keep its address, and the broker would look for a queue by it.
            arguments["x-dead-letter-routing-key"] = queue;
        }
        if (IsSingle(queue))
        {
            arguments["x-single-active-consumer"] = true;
        }
        return arguments;
    }

    /// <summary>
    /// Whether one consumer at a time reads a queue: so that its order is kept, and so that two copies of a work meet in one
    /// process. Pushes and tags are the same thing done twice; a message in a chat is not.
    /// </summary>
    public static bool IsSingle(string queue) => !queue.StartsWith("registry.", StringComparison.Ordinal) && queue != Queues.Dead;

    /// <summary>All queues.</summary>
    public IEnumerable<string> All => [.. WorkQueues, Queues.Outcomes, Queues.Dead];

    /// <summary>Each binding: the exchange, the queue, the key. A queue of work is bound by its own name, by which the relay addresses it.</summary>
    public IEnumerable<(string Exchange, string Queue, string Key)> Bindings =>
    [
        .. WorkQueues.Select(q => (WorkExchange, q, q)),
        .. OutcomeKeys.Select(k => (EventsExchange, Queues.Outcomes, k)),
        (DeadExchange, Queues.Dead, ""),
    ];

    /// <summary>Each exchange with its type.</summary>
    public static IReadOnlyList<(string Exchange, string Type)> Exchanges { get; } =
        [(WorkExchange, ExchangeType.Topic), (EventsExchange, ExchangeType.Topic), (DeadExchange, ExchangeType.Fanout)];

    /// <summary>Declares everything over a connection of its own.</summary>
    /// <exception cref="BrokerException">The broker cannot be had, or something differs or may not be declared.</exception>
    public async Task Declare(BrokerOptions options, string name, CancellationToken cancellation, IReadOnlyCollection<string>? own = null)
    {
        await using var connection = await BrokerConnection.Open(options, name, cancellation);
        try
        {
            await Declare(connection, options, cancellation, own);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            throw BrokerConnection.Said(options, e);
        }
    }

    /// <summary>
    /// Declares everything that is not there, after it was seen that nothing stands under our names with other arguments:
    /// then nothing is declared.
    /// </summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="options">How it is reached, for what is told.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="own">
    /// The queues that this process works on; null for all, as in the bridge. What it may not declare beside them is left
    /// to the bridge, which declares all: a stage's user has no rights over another stage's queue.
    /// </param>
    /// <exception cref="BrokerException">Something differs or may not be declared; the message lists all of it.</exception>
    public async Task Declare(IConnection connection, BrokerOptions options, CancellationToken cancellation, IReadOnlyCollection<string>? own = null)
    {
        await using var declaration = new Declaration(connection);
        var absent = new List<Part>();
        foreach (var part in Parts)
        {
            // What exists is compared with ours by declaring it again; what does not exist is left for the second round.
            if (await declaration.Exists(part, cancellation))
            {
                await declaration.Try(part.Declare, IsMine(part.Name), cancellation);
            }
            else
            {
                absent.Add(part);
            }
        }
        declaration.Refuse(options);
        foreach (var part in absent)
        {
            await declaration.Try(part.Declare, IsMine(part.Name), cancellation);
        }
        declaration.Refuse(options);
        foreach (var (exchange, queue, key) in Bindings)
        {
            await declaration.Try((channel, stop) => channel.QueueBindAsync(queue, exchange, key, cancellationToken: stop), IsMine(queue), cancellation);
        }
        declaration.Refuse(options);

        bool IsMine(string name) => own is null || own.Contains(name);
    }

    IEnumerable<Part> Parts =>
    [
        .. Exchanges.Select(x => new Part(false, x.Exchange, (channel, stop) => channel.ExchangeDeclareAsync(x.Exchange, x.Type, durable: true, autoDelete: false, cancellationToken: stop))),
        .. All.Select(q => new Part(true, q, (channel, stop) => channel.QueueDeclareAsync(q, durable: true, exclusive: false, autoDelete: false, ArgumentsOf(q).ToDictionary(), cancellationToken: stop))),
    ];
}
