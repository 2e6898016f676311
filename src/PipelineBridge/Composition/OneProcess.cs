using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using PipelineBridge.Bridge;
using PipelineBridge.Configuration;
using PipelineBridge.Journal;

namespace PipelineBridge.Composition;

/// <summary>A whole bridge in this process: journal, server and stages, started and stopped together.</summary>
sealed class OneProcess : IAsyncDisposable
{
    readonly EventJournal journal;
    readonly Stages stages;

    OneProcess(EventJournal journal, Stages stages, WebApplication app) => (this.journal, this.stages, App) = (journal, stages, app);

    /// <summary>The server.</summary>
    public WebApplication App { get; }

    /// <summary>Opens the journal and starts everything; what cannot be had is told before anything is started by halves.</summary>
    public static async Task<OneProcess> Start(BridgeConfiguration configuration, LogLevel level, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(configuration.Journal)!);
        var journal = EventJournal.Open(new JournalOptions { Path = configuration.Journal });
        var stages = Stages.Of(configuration, TimeProvider.System);
        var app = BridgeServer.Build(new BridgeParts
        {
            Listen = configuration.Listen,
            Options = configuration.ForBridge(),
            Journal = journal,
            OpenOnLoopback = configuration.PageIsOpenOnLoopback,
            Checks = Stages.Checks(configuration),
            Stages = stages.Queues,
            Watchers = stages.Watchers,
            LogLevel = level,
        });
        var process = new OneProcess(journal, stages, app);
        try
        {
            await app.StartAsync(cancellation);
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Work that runs is left where it is: the journal gives it again at the next start.
        await App.StopAsync(CancellationToken.None);
        await App.DisposeAsync();
        stages.Dispose();
        await journal.DisposeAsync();
    }
}
