using System.Text.Json;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.CommandLine;

/// <summary>Events from the broker; what came before, when it is wanted, from the bridge's journal.</summary>
/// <param name="broker">How the broker is reached.</param>
/// <param name="patterns">The keys that are wanted.</param>
/// <param name="bridge">The bridge, where one is named.</param>
/// <param name="after">The sequence after which events are wanted; null: from now on.</param>
sealed class BrokerEvents(BrokerOptions broker, IReadOnlyList<KeyPattern> patterns, BridgeEvents? bridge, long? after) : IEventSource
{
    long? reached = after;
    bool caughtUp = after is null;

    public string Shown => $"exchange {Topology.EventsExchange} of the broker at {broker.Shown}";

    public bool MissesNothing => false;

    public string CatchUp => reached is { } sequence
        ? $"To catch up: pipelinebridge events tail --after {sequence}"
        : "The bridge's journal has them: GET /v1/events?after=SEQUENCE, or pipelinebridge events tail --after SEQUENCE with BRIDGE_URL and BRIDGE_TOKEN";

    public async Task Listen(Action listening, Action<SourcedEvent> each, Action<long> leftOut, CancellationToken stop)
    {
        // What is bound already and read from the journal too comes twice, with the same id.
        var shown = new HashSet<string>();
        try
        {
            await new EventSubscription(broker, patterns).Listen(Bound, Each, leftOut, stop);
        }
        catch (BrokerException e) when (e.WaitingHelps)
        {
            throw new LostException(e.Message);
        }
        catch (BrokerException e)
        {
            throw new VerbException(ExitCode.Refused, e.Message);
        }

        async Task Bound()
        {
            if (!caughtUp)
            {
                reached = await bridge!.After(reached!.Value, e =>
                {
                    if (IdOf(e.Body) is { } id && shown.Count < EventSubscription.MostHeld)
                    {
                        shown.Add(id);
                    }
                    each(e);
                }, stop);
                caughtUp = true;
            }
            listening();
        }

        Task Each(string key, ReadOnlyMemory<byte> body)
        {
            if (shown.Count == 0 || IdOf(body) is not { } id || !shown.Remove(id))
            {
                each(new SourcedEvent(key, body));
            }
            return Task.CompletedTask;
        }
    }

    static string? IdOf(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("id", out var id) ? id.ToString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
