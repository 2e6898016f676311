using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Composition;

/// <summary>
/// The users of the broker and what each may do, as RabbitMQ's definitions. The users have no password, so that nobody
/// can sign in as one of them before <c>rabbitmqctl change_password</c>.
/// </summary>
static class BrokerDefinitions
{
    /// <summary>The bridge's user, the only one that may write work.</summary>
    public const string Bridge = "pipelinebridge-bridge";

    /// <summary>A user that reads events and nothing else.</summary>
    public const string Subscriber = "pipelinebridge-subscriber";

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The user of a stage.</summary>
    public static string OfStage(string stage) => "pipelinebridge-" + stage;

    /// <summary>The definitions as JSON.</summary>
    /// <param name="topology">What stands on the broker.</param>
    /// <param name="virtualHost">The virtual host.</param>
    public static string Of(Topology topology, string virtualHost)
    {
        // Each process declares the whole topology, which asks for configure on all of it and for write on a queue that is bound.
        var declared = OneOf([Topology.WorkExchange, Topology.EventsExchange, .. topology.All]);
        var queues = OneOf(topology.All);
        var users = new JsonArray();
        var permissions = new JsonArray();
        var topics = new JsonArray();

        Add(Bridge, configure: declared,
            write: OneOf([Topology.WorkExchange, Topology.EventsExchange, .. topology.All]),
            read: OneOf([Topology.WorkExchange, Topology.EventsExchange, Topology.DeadExchange, Queues.Outcomes]));
        Topic(Bridge, Topology.WorkExchange, ".*", ".*");
        Topic(Bridge, Topology.EventsExchange, ".*", ".*");
        foreach (var (stage, own) in Stages(topology))
        {
            // To bind the queues of work it reads their exchange; it may write there nowhere.
            Add(OfStage(stage), configure: Either(declared, own.Watcher),
                write: Either(OneOf([Topology.EventsExchange]), queues),
                read: Either(OneOf([Topology.WorkExchange, Topology.EventsExchange, Topology.DeadExchange, .. own.Queues]), own.Watcher));
            Topic(OfStage(stage), Topology.EventsExchange, Outcomes, ".*");
            Topic(OfStage(stage), Topology.WorkExchange, "^$", ".*");
        }
        // A queue of its own, under its own name, bound to events.
        const string own_ = @"^subscriber\..*$";
        Add(Subscriber, configure: own_, write: own_, read: Either(own_, OneOf([Topology.EventsExchange])));
        Topic(Subscriber, Topology.EventsExchange, "^$", ".*");
        Topic(Subscriber, Topology.WorkExchange, "^$", "^$");

        return new JsonObject
        {
            ["vhosts"] = new JsonArray(new JsonObject { ["name"] = virtualHost }),
            ["users"] = users,
            ["permissions"] = permissions,
            ["topic_permissions"] = topics,
        }.ToJsonString(Indented);

        void Add(string user, string configure, string write, string read)
        {
            users.Add(new JsonObject { ["name"] = user, ["password_hash"] = "", ["hashing_algorithm"] = "rabbit_password_hashing_sha256", ["tags"] = "" });
            permissions.Add(new JsonObject { ["user"] = user, ["vhost"] = virtualHost, ["configure"] = configure, ["write"] = write, ["read"] = read });
        }

        void Topic(string user, string exchange, string write, string read) =>
            topics.Add(new JsonObject { ["user"] = user, ["vhost"] = virtualHost, ["exchange"] = exchange, ["write"] = write, ["read"] = read });
    }

    /// <summary>The keys that a stage may write: those of outcomes.</summary>
    static string Outcomes => "^(" + string.Join("|", Topology.OutcomeTypes.Select(t => $"{t.Subject}.{t.Predicate}").Distinct().Select(Regex.Escape)) + @")\..*$";

    static IEnumerable<(string Stage, (IReadOnlyList<string> Queues, string? Watcher) Own)> Stages(Topology topology) =>
    [
        ("registry", (Starting(topology, "registry."), null)),
        ("cluster", (Starting(topology, "cluster."), @"^cluster\.[a-z0-9-]+\.watcher$")),
        ("notifications", (Starting(topology, "notify."), null)),
    ];

    static string[] Starting(Topology topology, string prefix) => [.. topology.WorkQueues.Where(q => q.StartsWith(prefix, StringComparison.Ordinal))];

    static string OneOf(IEnumerable<string> names) => "^(" + string.Join("|", names.Select(Regex.Escape)) + ")$";

    static string Either(string one, string? other) => other is null ? one : $"{one}|{other}";
}
