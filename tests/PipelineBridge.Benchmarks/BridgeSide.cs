using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using PipelineBridge.Bridge;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;

namespace PipelineBridge.Benchmarks;

/// <summary>The bridge itself on a new journal. Its stages have every work and finish none, so that only the intake is measured.</summary>
sealed class BridgeSide : IServedSide
{
    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-benchmark-");
    EventJournal? journal;
    WebApplication? app;

    public string Url => app!.Urls.First();

    public static async Task<IServedSide> Start()
    {
        var side = new BridgeSide();
        var stage = new NeverDone();
        side.journal = EventJournal.Open(new JournalOptions { Path = Path.Combine(side.directory.FullName, "journal.db") });
        side.app = BridgeServer.Build(new BridgeParts
        {
            Listen = ["http://127.0.0.1:0"],
            Options = Setting.Options,
            Journal = side.journal,
            Checks = [new ReadingCheck()],
            Stages = [new StageQueue(Queues.RegistryResolve, "registry", stage), new StageQueue(Queues.ClusterDeploy("main"), "cluster", stage)],
            LogLevel = LogLevel.Critical,
        });
        await side.app.StartAsync();
        return side;
    }

    public async ValueTask DisposeAsync()
    {
        await app!.StopAsync();
        await app.DisposeAsync();
        await journal!.DisposeAsync();
        directory.Delete(recursive: true);
    }

    sealed class NeverDone : IWorkHandler
    {
        public async Task<IReadOnlyList<CdEvent>> Handle(WorkItem work, IBridgeClient bridge, CancellationToken cancellation)
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return [];
        }
    }
}
