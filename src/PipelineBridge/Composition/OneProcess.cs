using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using PipelineBridge.Bridge;
using PipelineBridge.Configuration;
using PipelineBridge.Journal;

namespace PipelineBridge.Composition;

/// <summary>A bridge in this process: journal, server and, where no broker is between, its stages, started and stopped together.</summary>
sealed class OneProcess : IAsyncDisposable
{
    readonly EventJournal journal;
    readonly Stages stages;

    OneProcess(EventJournal journal, Stages stages, WebApplication app) => (this.journal, this.stages, App) = (journal, stages, app);

    /// <summary>The server.</summary>
    public WebApplication App { get; }

    /// <summary>Opens the journal and starts everything; what cannot be had is told before anything is started by halves.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="level">The least level that is logged.</param>
    /// <param name="cancellation">Ends the start.</param>
    /// <param name="broker">The broker by which the stages, other processes, are reached; null where they run in this one.</param>
    public static async Task<OneProcess> Start(BridgeConfiguration configuration, LogLevel level, CancellationToken cancellation, BrokerParts? broker = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(configuration.Journal)!);
        var journal = EventJournal.Open(new JournalOptions { Path = configuration.Journal, Published = broker is not null });
        var stages = Stages.Of(configuration, TimeProvider.System, level, broker is null ? null : []);
        var app = BridgeServer.Build(new BridgeParts
        {
            Listen = configuration.Listen,
            Options = configuration.ForBridge(),
            Journal = journal,
            OpenOnLoopback = configuration.PageIsOpenOnLoopback,
            Checks = Stages.Checks(configuration),
            Stages = stages.Queues,
            Watchers = stages.Watchers,
            Broker = broker,
            LogLevel = level,
            Services = services => Telemetry.Add(services, "pipelinebridge-bridge"),
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
