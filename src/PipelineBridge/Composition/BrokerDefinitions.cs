using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Composition;

/// <summary>
/// The users of the broker and what each may do, as RabbitMQ's definitions. A user that is given no password has none, so
/// that nobody can sign in as it before <c>rabbitmqctl change_password</c>.
/// </summary>
public static class BrokerDefinitions
{
    /// <summary>The bridge's user, the only one that may write work.</summary>
    public const string Bridge = "pipelinebridge-bridge";

    /// <summary>A user that reads events and nothing else.</summary>
    public const string Subscriber = "pipelinebridge-subscriber";

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The user of a stage.</summary>
    public static string OfStage(string stage) => "pipelinebridge-" + stage;

    /// <summary>The names of all users.</summary>
    public static IReadOnlyList<string> Users { get; } = [Bridge, .. Stages.Names.Select(OfStage), Subscriber];

    /// <summary>The definitions as JSON.</summary>
    /// <param name="topology">What stands on the broker.</param>
    /// <param name="virtualHost">The virtual host.</param>
    /// <param name="passwords">The passwords, by the names of their users; a salted hash stands in the definitions.</param>
    public static string Of(Topology topology, string virtualHost, IReadOnlyDictionary<string, string>? passwords = null)
    {
        var users = new JsonArray();
        var permissions = new JsonArray();
        var topics = new JsonArray();

        var all = OneOf([Topology.WorkExchange, Topology.EventsExchange, .. topology.All, .. topology.All.Select(Queues.Witness)]);
        // Who looks at events with the bridge's own configuration has a queue of a subscriber too.
        const string ofSubscribers = @"^subscriber\..*$";
        all = Either([all, ofSubscribers]);
        Add(Bridge, configure: all, write: all, read: all);
        Topic(Bridge, Topology.WorkExchange, ".*", ".*");
        Topic(Bridge, Topology.EventsExchange, ".*", ".*");
        foreach (var stage in Stages.Names)
        {
            // A queue that has a dead-letter exchange is declared by who may read it and write there; a queue is bound by who
            // may write it and read the exchange, under a key that its topic permission has (RabbitMQ, "Access Control").
            var own = topology.OfStage(stage);
            string[] watched = stage == "cluster" ? [@"^cluster\.[a-z0-9-]+\.watcher$"] : [];
            string[] dead = [Topology.DeadExchange];
            Add(OfStage(stage), configure: Either([OneOf([.. own, .. dead]), .. watched]),
                write: OneOf([Topology.EventsExchange, .. own, .. dead]),
                read: Either([OneOf([Topology.WorkExchange, .. own, .. dead]), .. watched]));
            Topic(OfStage(stage), Topology.EventsExchange, Outcomes, "^$");
            Topic(OfStage(stage), Topology.WorkExchange, "^$", OneOf(own));
        }
        // A queue of its own, under its own name, bound to events.
        Add(Subscriber, configure: ofSubscribers, write: ofSubscribers, read: Either([ofSubscribers, OneOf([Topology.EventsExchange])]));
        Topic(Subscriber, Topology.EventsExchange, "^$", ".*");

        return new JsonObject
        {
            ["vhosts"] = new JsonArray(new JsonObject { ["name"] = virtualHost }),
            ["users"] = users,
            ["permissions"] = permissions,
            ["topic_permissions"] = topics,
        }.ToJsonString(Indented);

        void Add(string user, string configure, string write, string read)
        {
            users.Add(new JsonObject { ["name"] = user, ["password_hash"] = passwords?.GetValueOrDefault(user) is { } password ? Hash(password) : "", ["hashing_algorithm"] = "rabbit_password_hashing_sha256", ["tags"] = "" });
            permissions.Add(new JsonObject { ["user"] = user, ["vhost"] = virtualHost, ["configure"] = configure, ["write"] = write, ["read"] = read });
        }

        void Topic(string user, string exchange, string write, string read) =>
            topics.Add(new JsonObject { ["user"] = user, ["vhost"] = virtualHost, ["exchange"] = exchange, ["write"] = write, ["read"] = read });
    }

    /// <summary>Four random bytes, then the SHA-256 hash of them and the password (RabbitMQ, "Credentials and Passwords").</summary>
    static string Hash(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(4);
        return Convert.ToBase64String([.. salt, .. SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(password)])]);
    }

    /// <summary>The keys that a stage may write: those of outcomes.</summary>
    static string Outcomes => "^(" + string.Join("|", Topology.OutcomeTypes.Select(t => $"{t.Subject}.{t.Predicate}").Distinct().Select(Regex.Escape)) + @")\..*$";

    static string OneOf(IEnumerable<string> names) => "^(" + string.Join("|", names.Distinct().Select(Regex.Escape)) + ")$";

    static string Either(IEnumerable<string> patterns) => string.Join("|", patterns);
}
