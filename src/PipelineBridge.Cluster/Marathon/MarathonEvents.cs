using System.Net.ServerSentEvents;
using System.Threading.Channels;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>
/// Listens to Marathon's events and wakes whoever watches an app. The stream has no ids and no replay and may be
/// dropped at any time, so an event only says: look again. Without a stream the poll goes on alone.
/// </summary>
sealed class MarathonEvents : IClusterChanges
{
    static readonly TimeSpan Together = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    // A stream that says nothing for so long may be one that nobody writes to any more.
    static readonly TimeSpan Silence = TimeSpan.FromMinutes(5);

    readonly MarathonClient client;
    readonly string? mention;
    readonly TimeProvider clock;
    readonly CancellationTokenSource over = new();
    readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    readonly Task listening;

    /// <summary>Listens.</summary>
    /// <param name="id">The app whose events count; null: those of all.</param>
    public MarathonEvents(MarathonClient client, string? id, TimeProvider clock)
    {
        this.client = client;
        this.clock = clock;
        mention = id is null ? null : $"\"{id}\"";
        listening = Task.Run(Listen);
    }

    public async Task Wait(TimeSpan atMost, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var timer = clock.CreateTimer(_ => wake.Writer.TryWrite(true), null, atMost, Timeout.InfiniteTimeSpan);
        await wake.Reader.ReadAsync(limit.Token);
        // Events come in bursts: one look serves them all.
        await Task.Delay(Together, clock, cancellation);
        wake.Reader.TryRead(out _);
    }

    public async ValueTask DisposeAsync()
    {
        await over.CancelAsync();
        await listening;
        over.Dispose();
    }

    async Task Listen()
    {
        var pause = TimeSpan.FromSeconds(1);
        while (!over.IsCancellationRequested)
        {
            try
            {
                using var response = await client.OpenEvents(over.Token);
                pause = TimeSpan.FromSeconds(1);
                // What happened before the stream stood was not heard.
                wake.Writer.TryWrite(true);
                await Read(response);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or InvalidOperationException)
            {
                // The poll sees what the stream would have said.
            }
            try
            {
                await Task.Delay(pause, clock, over.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    async Task Read(HttpResponseMessage response)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(over.Token);
        silence.CancelAfter(Silence);
        await using var stream = await response.Content.ReadAsStreamAsync(silence.Token);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(silence.Token))
        {
            silence.CancelAfter(Silence);
            if (mention is null || item.Data.Contains(mention, StringComparison.Ordinal))
            {
                wake.Writer.TryWrite(true);
            }
        }
    }
}
