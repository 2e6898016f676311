using PipelineBridge.Bridge.Pages;
using PipelineBridge.Bridge.Timeline;
using PipelineBridge.Configuration;

namespace PipelineBridge.CommandLine;

/// <summary>What is said when a bridge has nothing of the app or environment that was named: what was looked for, and what may be meant.</summary>
static class NothingFound
{
    /// <summary>The end of a verb that found nothing.</summary>
    /// <param name="run">The run.</param>
    /// <param name="app">The app that was named; null for none.</param>
    /// <param name="environment">The environment that was named; null for none.</param>
    /// <param name="answer">The answer without a service.</param>
    /// <param name="stop">Stops it.</param>
    public static async Task<VerbException> Of(VerbRun run, string? app, string? environment, ServicesAnswer answer, CancellationToken stop)
    {
        var (all, _) = await run.Bridge.Read("/v1/services", CommandJson.Default.ServicesAnswer, stop);
        if (environment is not null && answer.Environments.Count == 0)
        {
            var names = all.Environments.Select(e => e.Name).ToList();
            return new VerbException(ExitCode.Failed, $"The bridge has no environment {Refusals.Line(environment)}. {Nearest.Hint(environment, names)}");
        }
        var what = answer.At is { } at ? $"{app ?? "Nothing"} {(app is null ? "ran" : "did not run")}{(environment is null ? "" : $" on {environment}")} by this bridge at {PageWords.Full(at)}."
            : $"{app ?? "Nothing"} was {(app is null ? "" : "never ")}deployed{(environment is null ? "" : $" to {environment}")} by this bridge.";
        var near = app is null ? null : Nearest.Find(app, all.Services.Select(s => s.App).Distinct().Where(known => known != app));
        return new VerbException(ExitCode.Failed, what, near is null ? null : $"Did you mean \"{near}\"?");
    }
}
