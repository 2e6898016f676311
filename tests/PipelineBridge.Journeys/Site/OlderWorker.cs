using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace PipelineBridge.Journeys.Site;

/// <summary>
/// A registry stage as the first build was that ran over the broker, told by its messages alone: it takes pushes of what is
/// in the registry, knows no trace, no header of ours and no source of pushes but two, and what it says has the fields of
/// that time. It reads and writes bare JSON, so that nothing of the newer code stands between.
/// </summary>
sealed class OlderWorker : IAsyncDisposable
{
    readonly BrokerSite site;
    readonly IConnection connection;
    readonly IChannel channel;
    readonly HttpClient registry = new();
    readonly HttpClient bridge = new();

    OlderWorker(BrokerSite site, IConnection connection, IChannel channel)
    {
        (this.site, this.connection, this.channel) = (site, connection, channel);
        bridge.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", BrokerSite.StageKey);
    }

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>The requests whose work it took.</summary>
    public List<string> Took { get; } = [];

    /// <summary>What went wrong in it; a journey with an older build must be without.</summary>
    public List<Exception> Mistakes { get; } = [];

    public static async Task<OlderWorker> Start(BrokerSite site)
    {
        var options = new BrokerOptions(new Uri($"amqp://127.0.0.1:{site.Broker.Port}/{site.VirtualHost}"));
        var connection = await BrokerConnection.Open(options, "an older worker", Stop);
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), Stop);
        var worker = new OlderWorker(site, connection, channel);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            try
            {
                await worker.Take(message);
            }
            catch (Exception e)
            {
                worker.Mistakes.Add(e);
            }
        };
        await channel.BasicQosAsync(0, 4, global: false, Stop);
        await channel.BasicConsumeAsync(Queues.RegistryPush, autoAck: false, consumer, Stop);
        return worker;
    }

    async Task Take(BasicDeliverEventArgs message)
    {
        // The body is the client's again as soon as this waits for the first time.
        var work = JsonNode.Parse(message.Body.Span)!.AsObject();
        var (id, custom) = ((string)work["id"]!, work["data"]!["customData"]!.AsObject());
        Took.Add((string)custom["requestId"]!);
        using (var standing = await bridge.GetAsync($"{site.Http.BaseAddress}v1/work/{id}", Stop))
        {
            if ((string)JsonNode.Parse(await standing.Content.ReadAsStringAsync(Stop))!["state"]! != "closed")
            {
                await Say(await Do(work, custom));
            }
        }
        await channel.BasicAckAsync(message.DeliveryTag, multiple: false, Stop);
    }

    async Task<JsonObject> Do(JsonObject work, JsonObject custom)
    {
        var ask = work["data"]!["subject"]!["content"]!.AsObject();
        if ((string)ask["source"]! is not ("registry" or "oci-layout") and var source)
        {
            return Event(work, custom, "dev.cdeventsx.pipelinebridge-work.ended.0.1.0", "portal",
                new JsonObject { ["result"] = "failed", ["effect"] = "none" },
                new JsonObject { ["category"] = "configuration", ["cause"] = $"The source of a push must be registry or oci-layout; {source} is not known here." });
        }
        // registry/repository:tag is what this journey asks for.
        var image = (string)ask["image"]!;
        var (slash, colon) = (image.IndexOf('/', StringComparison.Ordinal), image.LastIndexOf(':'));
        var (repository, tag) = (image[(slash + 1)..colon], image[(colon + 1)..]);
        using var asked = new HttpRequestMessage(HttpMethod.Get, $"{site.Registry.Url}v2/{repository}/manifests/{tag}") { Headers = { { "Accept", "application/vnd.oci.image.manifest.v1+json" } } };
        using var found = await registry.SendAsync(asked, Stop);
        found.EnsureSuccessStatusCode();
        var (manifest, digest) = (await found.Content.ReadAsByteArrayAsync(Stop), found.Headers.GetValues("Docker-Content-Digest").Single());
        foreach (var further in ask["tags"]!.AsArray())
        {
            using var put = await registry.PutAsync($"{site.Registry.Url}v2/{repository}/manifests/{(string)further!}",
                new ByteArrayContent(manifest) { Headers = { ContentType = found.Content.Headers.ContentType } }, Stop);
            put.EnsureSuccessStatusCode();
        }
        return Event(work, custom, "dev.cdevents.artifact.published.0.3.0", $"pkg:oci/{repository}@{Uri.EscapeDataString(digest)}?repository_url={image[..slash]}/{repository}&tag={tag}",
            [], new JsonObject { ["image"] = $"{image}@{digest}", ["phases"] = new JsonObject { ["pushedSeconds"] = 0.01 } });
    }

    static JsonObject Event(JsonObject work, JsonObject custom, string type, string subject, JsonObject content, JsonObject with)
    {
        var (workId, context) = ((string)work["id"]!, work["data"]!["context"]!);
        var id = EventId.Parse(workId).Then("end").ToString();
        var time = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);
        var all = new JsonObject { ["app"] = (string)custom["app"]!, ["requestId"] = (string)custom["requestId"]!, ["workId"] = workId, ["sequence"] = (long?)custom["sequence"] };
        foreach (var (name, value) in with)
        {
            all[name] = value?.DeepClone();
        }
        return new JsonObject
        {
            ["specversion"] = "1.0",
            ["id"] = id,
            ["source"] = "/pipelinebridge/registry",
            ["type"] = type,
            ["subject"] = subject,
            ["time"] = time,
            ["datacontenttype"] = "application/json",
            ["data"] = new JsonObject
            {
                ["context"] = new JsonObject { ["specversion"] = "0.5.1", ["id"] = id, ["source"] = "/pipelinebridge/registry", ["type"] = type, ["timestamp"] = time, ["chainId"] = (string?)context["chainId"] },
                ["subject"] = new JsonObject { ["id"] = subject, ["content"] = content },
                ["customData"] = all,
            },
        };
    }

    async Task Say(JsonObject e)
    {
        var type = ((string)e["type"]!).Replace("dev.cdeventsx.pipelinebridge-", "", StringComparison.Ordinal).Replace("dev.cdevents.", "", StringComparison.Ordinal).Split('.');
        await channel.BasicPublishAsync("pipelinebridge.events", $"{type[0]}.{type[1]}.portal.-", mandatory: true,
            new BasicProperties { Persistent = true, ContentType = "application/cloudevents+json; charset=utf-8" }, Encoding.UTF8.GetBytes(e.ToJsonString()), Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        registry.Dispose();
        bridge.Dispose();
    }
}
