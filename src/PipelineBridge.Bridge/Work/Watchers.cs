using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Work;

/// <summary>Runs the watchers of this process; one that throws is started again.</summary>
public sealed partial class Watchers(IReadOnlyList<IWatcher> watchers, IBridgeClient bridge, TimeProvider clock, ILogger<Watchers> log) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(watchers.Select(w => Run(w, stoppingToken)));

    async Task Run(IWatcher watcher, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await watcher.Watch(bridge, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.Threw(log, e, watcher.Name);
            }
            await Task.Delay(Pause, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    static partial class Log
    {
        [LoggerMessage(2201, LogLevel.Error, "The watcher {Watcher} stopped by an error; it is started again.")]
        public static partial void Threw(ILogger log, Exception e, string watcher);
    }
}
