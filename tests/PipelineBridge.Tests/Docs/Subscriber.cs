using System.Text.Json;
using System.Text.RegularExpressions;
using Json.Schema;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Portal;

static partial class Subscriber
{
    const string Queue = "subscriber.portal";

    public static async Task Follow(Uri broker, string schemas, TextWriter output, CancellationToken stop)
    {
        var factory = new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false };
        await using var connection = await factory.CreateConnectionAsync(stop);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stop);
        await channel.ExchangeDeclareAsync(Queue + ".dead", ExchangeType.Fanout, durable: true, cancellationToken: stop);
        await channel.QueueDeclareAsync(Queue + ".dead", durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-max-length"] = 10_000 }, cancellationToken: stop);
        await channel.QueueBindAsync(Queue + ".dead", Queue + ".dead", "", cancellationToken: stop);
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-dead-letter-exchange"] = Queue + ".dead", ["x-delivery-limit"] = 20, ["x-expires"] = 604_800_000 }, cancellationToken: stop);
        await channel.QueueBindAsync(Queue, "pipelinebridge.events", "deployment.*.portal.*", cancellationToken: stop);
        await channel.BasicQosAsync(0, prefetchCount: 20, global: false, stop);

        var seen = new HashSet<string>();
        var ended = new TaskCompletionSource();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.UnregisteredAsync += (_, _) => Ended("the queue was deleted");
        connection.ConnectionShutdownAsync += (_, why) => Ended(why.ReplyText);
        consumer.ReceivedAsync += async (_, message) =>
        {
            try
            {
                var e = JsonDocument.Parse(message.Body).RootElement;
                if (NameOf(e, schemas) is { } name && seen.Add(e.GetProperty("id").GetString()!))
                {
                    output.WriteLine($"{name} {e.GetProperty("subject")}");
                }
                await channel.BasicAckAsync(message.DeliveryTag, multiple: false);
            }
            catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or KeyNotFoundException)
            {
                await channel.BasicRejectAsync(message.DeliveryTag, requeue: false);
            }
        };
        await channel.BasicConsumeAsync(Queue, autoAck: false, consumer, stop);
        await ended.Task.WaitAsync(stop);

        Task Ended(string why)
        {
            ended.TrySetException(new IOException($"The broker closed the connection: {why}."));
            return Task.CompletedTask;
        }
    }

    /// <summary>The name of an event that this program knows and that is as documented; null for any other type.</summary>
    static string? NameOf(JsonElement e, string schemas)
    {
        if (Known().Match(e.GetProperty("type").GetString()!) is not { Success: true } match)
        {
            return null;
        }
        var (name, data) = (match.Groups[1].Value, e.GetProperty("data"));
        Check("customdata", data.GetProperty("customData"));
        Check(name, data.GetProperty("subject").GetProperty("content"));
        return name;

        void Check(string schema, JsonElement part)
        {
            if (!JsonSchema.FromText(File.ReadAllText(Path.Combine(schemas, schema + ".json"))).Evaluate(part).IsValid)
            {
                throw new JsonException($"It breaks {schema}.json.");
            }
        }
    }

    [GeneratedRegex(@"^dev\.cdeventsx\.pipelinebridge-(deployment\.[a-z]+)\.0\.1\.0$")]
    private static partial Regex Known();
}
