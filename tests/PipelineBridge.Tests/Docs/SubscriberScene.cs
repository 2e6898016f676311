using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using PipelineBridge.Events;
using PipelineBridge.Messaging.Broker;
using PipelineBridge.Tests.Broker;
using PipelineBridge.Tests.Events;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace PipelineBridge.Tests.Docs;

/// <summary>A virtual host with our topology and users, and somebody who publishes there what a subscriber may meet.</summary>
sealed class SubscriberScene : IAsyncDisposable
{
    const string Password = "of-the-subscriber";
    static readonly Topology Topology = new(["main"], []);
    static readonly TimeSpan Bound = TimeSpan.FromSeconds(120);

    readonly RabbitMqServer broker;
    readonly IConnection connection;
    readonly IChannel channel;
    readonly OutcomePublisher publisher;

    SubscriberScene(RabbitMqServer broker, BrokerOptions options, IConnection connection, IChannel channel)
    {
        (this.broker, this.connection, this.channel) = (broker, connection, channel);
        Options = options;
        publisher = new OutcomePublisher(options, Topology, "test", TimeProvider.System, NullLogger<OutcomePublisher>.Instance);
    }

    /// <summary>Who may do everything.</summary>
    public BrokerOptions Options { get; }

    /// <summary>The subscriber, as the definitions have it.</summary>
    public BrokerOptions Subscriber => Options with { Username = "pipelinebridge-subscriber", Password = () => Password };

    /// <summary>The address that an example is given, with its user's name and password.</summary>
    public Uri SubscriberUrl => new UriBuilder(Options.Url) { UserName = Subscriber.Username, Password = Password }.Uri;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<SubscriberScene> Make(RabbitMqServer broker)
    {
        var options = broker.Options(await broker.NewVirtualHost());
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Composition.BrokerDefinitions.Of(Topology, options.VirtualHost), Stop);
        await broker.Control("import_definitions", file);
        File.Delete(file);
        await broker.Control("change_password", "pipelinebridge-subscriber", Password);
        await broker.Control("change_password", "pipelinebridge-bridge", Password);
        await Topology.Declare(options, "scene", Stop);
        var connection = await BrokerConnection.Open(options, "scene", Stop);
        return new SubscriberScene(broker, options, connection, await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Stop));
    }

    /// <summary>An end of a deployment, as the product writes it.</summary>
    public static CdEvent Ended(string type, string id, string app = "portal")
    {
        var e = EventExamples.ByType[type].Full;
        return e with { Id = EventExamples.Ask.Then(id).ToString(), Custom = e.Custom! with { App = app } };
    }

    /// <summary>Publishes as the product does.</summary>
    public Task Publish(CdEvent e) => publisher.Publish(e, Stop);

    /// <summary>Publishes any text under a key.</summary>
    public async Task Publish(string key, string body) =>
        await channel.BasicPublishAsync(Topology.EventsExchange, key, mandatory: true, BrokerMessage.Properties("x", "x"), Encoding.UTF8.GetBytes(body), Stop);

    /// <summary>Returns once somebody listens: a message under the key, which says nothing, is taken.</summary>
    public Task UntilSomebodyListens(string key, ExampleProgram? program) => Until(async () =>
    {
        if (program is { HasExited: true })
        {
            throw new InvalidOperationException($"It ended: {program.Errors}");
        }
        try
        {
            await Publish(key, "no event");
            return true;
        }
        catch (PublishException e) when (e.IsReturn)
        {
            return false;
        }
    }, $"somebody listens to {key}");

    /// <summary>
    /// What a subscriber may meet: no JSON, the same event twice, one of another app, one that breaks its schema, a version
    /// that is not known, a field that is not known. Three of them are to be told, the last of them <c>deployment.succeeded</c>.
    /// </summary>
    public async Task PublishEverything(ExampleProgram? program = null)
    {
        await UntilSomebodyListens("deployment.probe.portal.prod", program);
        var started = Ended("deployment.started", "started");
        await Publish(started);
        await Publish(started);
        await PublishAsRelay(Ended("deployment.failed", "of another", app: "search"));
        var failed = Ended("deployment.failed", "failed");
        await Publish(failed.RoutingKey, Changed(failed, (e, content) => content["effect"] = "perhaps"));
        await Publish(failed.RoutingKey, Changed(Ended("deployment.failed", "newer"), (e, content) =>
        {
            const string newer = "dev.cdeventsx.pipelinebridge-deployment.failed.1.0.0";
            (e["type"], e["data"]!["context"]!["type"]) = (newer, newer);
            content["effect"] = new JsonArray();
        }));
        await Publish(failed.RoutingKey, Changed(failed, (e, content) => (e["data"]!["customData"]!["weather"], content["mood"]) = ("dry", "new")));
        await Publish("deployment.succeeded.portal.prod", Encoding.UTF8.GetString(CdEventWriter.Write(Ended("deployment.succeeded", "succeeded"))));
    }

    /// <summary>How many messages a queue holds.</summary>
    public async Task<uint> Count(string queue) => await channel.MessageCountAsync(queue, Stop);

    /// <summary>Deletes the exchange, as before any bridge has declared it.</summary>
    public Task DeleteEventsExchange() => channel.ExchangeDeleteAsync(Topology.EventsExchange, cancellationToken: Stop);

    /// <summary>Declares what the bridge declares.</summary>
    public Task DeclareTopology() => Topology.Declare(Options, "scene", Stop);

    public Task Delete(string queue) => channel.QueueDeleteAsync(queue, cancellationToken: Stop);

    /// <summary>Closes the subscriber's connections, as a broker that goes down does.</summary>
    public Task CloseConnections() => broker.Control("close_all_user_connections", Subscriber.Username, "of the test");

    public static async Task Until(Func<Task<bool>> holds, string what)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        bound.CancelAfter(Bound);
        while (!await holds())
        {
            bound.IsCancellationRequested.Should().BeFalse("within {0} s {1}", Bound.TotalSeconds, what);
            await Task.Delay(50, Stop);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await publisher.DisposeAsync();
        await connection.DisposeAsync();
    }

    async Task PublishAsRelay(CdEvent e) =>
        await channel.BasicPublishAsync(Topology.EventsExchange, e.RoutingKey, mandatory: false, BrokerMessage.Properties(e.Id, e.Type), CdEventWriter.Write(e), Stop);

    static string Changed(CdEvent e, Action<JsonNode, JsonNode> change)
    {
        var json = JsonNode.Parse(CdEventWriter.Write(e))!;
        change(json, json["data"]!["subject"]!["content"]!);
        return json.ToJsonString();
    }
}
