using PipelineBridge.Bridge.Deliveries;

namespace PipelineBridge.CommandLine;

/// <summary>Follows a request to its end, through restarts of the bridge, within a bound.</summary>
sealed class Following(BridgeCalls bridge, IRequestView view, TimeProvider clock)
{
    const int LongestWaitSeconds = 30;
    static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>The request at its end, and the bridge's own words.</summary>
    /// <exception cref="VerbException">The end was not learnt in time, or the request cannot be read.</exception>
    public async Task<(RequestDocument Document, string Text)> ToEnd(string id, TimeSpan bound, CancellationToken stop)
    {
        var began = clock.GetTimestamp();
        long since = 0;
        RequestDocument? last = null;
        string? lost = null;
        var pause = FirstPause;
        while (clock.GetElapsedTime(began) < bound)
        {
            var left = bound - clock.GetElapsedTime(began);
            var wait = (int)Math.Clamp(left.TotalSeconds, 1, LongestWaitSeconds);
            var (answer, trouble) = await Watched(bridge.TryRead($"/v1/requests/{Uri.EscapeDataString(id)}?wait={wait}&since={since}", wait, stop), stop);
            if (answer?.As(CommandJson.Default.RequestDocument) is { Id.Length: > 0 } document)
            {
                if (document.Revision != since || lost is not null)
                {
                    view.Moved(document);
                }
                (last, since, lost, pause) = (document, document.Revision, null, FirstPause);
                if (document.HasEnded)
                {
                    return (document, answer.Text);
                }
                continue;
            }
            lost = trouble ?? "what answers is no bridge";
            view.Lost(lost);
            await Watched(Task.Delay(pause, clock, stop), stop);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
        throw new VerbException(
            ExitCode.Unknown,
            (last, lost) switch
            {
                (null, _) => $"How {id} stands is not known: {lost}.",
                (_, not null) => $"How {RequestWords.Title(last)} stands is not known: {lost}. When it was last seen: {RequestWords.Stands(last).TrimEnd('.')}.",
                _ => $"{RequestWords.Title(last)} has no end yet: {RequestWords.Stands(last).TrimEnd('.')}. It goes on.",
            },
            $"To wait on: pipelinebridge await {VerbRun.PageName(id)}.");
    }

    async Task<T> Watched<T>(Task<T> task, CancellationToken stop)
    {
        await Watched((Task)task, stop);
        return await task;
    }

    async Task Watched(Task task, CancellationToken stop)
    {
        while (await Task.WhenAny(task, Task.Delay(TimeSpan.FromSeconds(1), clock, stop)) != task)
        {
            stop.ThrowIfCancellationRequested();
            view.Second();
        }
        await task;
    }
}
