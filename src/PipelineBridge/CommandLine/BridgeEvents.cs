using System.Globalization;
using System.Text;

namespace PipelineBridge.CommandLine;

/// <summary>Events from the bridge, over HTTP.</summary>
/// <param name="address">The bridge.</param>
/// <param name="bridge">Calls it.</param>
/// <param name="after">The sequence after which events are wanted; null: from now on.</param>
/// <param name="clock">The clock.</param>
sealed class BridgeEvents(BridgeAddress address, BridgeCalls bridge, long? after, TimeProvider clock) : IEventSource
{
    /// <summary>How long the stream may be silent; the bridge says something each 15 seconds.</summary>
    static readonly TimeSpan Silence = TimeSpan.FromSeconds(45);

    long? reached = after;

    public string Shown => $"the bridge at {address}{(reached is { } sequence ? $", after sequence {sequence}" : "")}";

    public bool MissesNothing => true;

    public string CatchUp => $"To go on: pipelinebridge events tail{(reached is { } sequence ? $" --after {sequence}" : "")}";

    /// <summary>The newest sequence of the journal.</summary>
    /// <exception cref="LostException">It cannot be had now.</exception>
    public async Task<long> Head(CancellationToken stop) => (await Page(long.MaxValue, stop)).Head;

    /// <summary>Gives the events after a sequence that are there already, and returns the sequence reached.</summary>
    /// <exception cref="LostException">They cannot be had now.</exception>
    public async Task<long> After(long sequence, Action<SourcedEvent> each, CancellationToken stop)
    {
        while (true)
        {
            var page = await Page(sequence, stop);
            foreach (var e in page.Events)
            {
                each(new SourcedEvent(null, Encoding.UTF8.GetBytes(e.Event.GetRawText()), e.Sequence));
            }
            if (page.Reached <= sequence || page.Reached >= page.Head)
            {
                return Math.Max(sequence, page.Reached);
            }
            sequence = page.Reached;
        }
    }

    public async Task Listen(Action listening, Action<SourcedEvent> each, Action<long> leftOut, CancellationToken stop)
    {
        // The stream begins where we say: what happens between two tries is not missed.
        reached ??= await Head(stop);
        var (response, trouble) = await bridge.TryStream($"/v1/events/stream?after={reached}", stop);
        using var open = response ?? throw new LostException($"The bridge at {address} cannot be listened to: {trouble}.");
        listening();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var reader = new StreamReader(await open.Content.ReadAsStreamAsync(stop), Encoding.UTF8);
        long? sequence = null;
        while (await Line(reader, limit, stop) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal) && long.TryParse(line.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                sequence = id;
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                each(new SourcedEvent(null, Encoding.UTF8.GetBytes(line[6..]), sequence));
                reached = sequence ?? reached;
            }
        }
        throw new LostException($"The bridge at {address} ended the stream.");
    }

    async Task<string?> Line(StreamReader reader, CancellationTokenSource limit, CancellationToken stop)
    {
        var timer = clock.CreateTimer(_ => limit.Cancel(), null, Silence, Timeout.InfiniteTimeSpan);
        await using (timer)
        {
            try
            {
                return await reader.ReadLineAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                throw new LostException($"The bridge at {address} said nothing for {Silence.TotalSeconds:0} s.");
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                throw new LostException($"The bridge at {address} broke the stream.");
            }
        }
    }

    async Task<Bridge.Timeline.EventsAnswer> Page(long sequence, CancellationToken stop)
    {
        var (answer, trouble) = await bridge.TryRead($"/v1/events?after={sequence}", 0, stop);
        return answer?.As(CommandJson.Default.EventsAnswer) ?? throw new LostException(answer is null
            ? $"The bridge at {address} cannot be read: {trouble}."
            : $"{address} answers HTTP {answer.Status}, but not as a bridge does. Is BRIDGE_URL the address of the bridge?");
    }
}
