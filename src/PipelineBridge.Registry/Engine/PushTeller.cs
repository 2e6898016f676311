using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Registry.Engine;

/// <summary>Tells how a push moves, at most two times a second.</summary>
sealed class PushTeller(WorkItem work, IBridgeClient bridge, TimeProvider clock)
{
    static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);

    // A push that is over in that time is told by its end alone.
    long toldAt = clock.GetTimestamp();

    /// <summary>Tells it, unless something was told just now.</summary>
    public async Task Tell(int layers, int totalLayers, long readBytes, long totalBytes, CancellationToken cancellation)
    {
        if (clock.GetElapsedTime(toldAt) < Between)
        {
            return;
        }
        toldAt = clock.GetTimestamp();
        try
        {
            await bridge.Tell(work.Observed(new ImageProgressed(layers, totalLayers, readBytes, Math.Max(readBytes, totalBytes))), cancellation);
        }
        catch (HttpRequestException)
        {
            // No push fails because nobody hears how far it is.
        }
    }
}
