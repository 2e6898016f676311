using Microsoft.Extensions.Logging;

namespace PipelineBridge.Cluster.Watching;

/// <summary>Looks at one app after the other: whatever happens with one, the others are watched.</summary>
sealed partial class EachApp(string watcher, ILogger log)
{
    readonly Dictionary<AppKey, string> logged = [];

    /// <summary>Looks at one; what was not told of it is told at the next look.</summary>
    /// <exception cref="ClusterUnreachableException">The cluster does not answer: the others need not be asked either.</exception>
    public async Task Look(AppKey app, Func<Task> look, CancellationToken cancellation)
    {
        try
        {
            await look();
            logged.Remove(app);
        }
#pragma warning disable CA1031 // As it says.
        catch (Exception e) when (e is not ClusterUnreachableException && !(e is OperationCanceledException && cancellation.IsCancellationRequested))
#pragma warning restore CA1031
        {
            // A look comes each second: the same is logged once.
            if (logged.GetValueOrDefault(app) != e.Message)
            {
                logged[app] = e.Message;
                Log.NotSeen(log, e, watcher, app);
            }
        }
    }

    static partial class Log
    {
        [LoggerMessage(5102, LogLevel.Error, "{Watcher} could not look at {App} or tell of it; it is looked at again.")]
        public static partial void NotSeen(ILogger log, Exception e, string watcher, AppKey app);
    }
}
