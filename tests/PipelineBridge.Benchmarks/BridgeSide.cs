using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Work.Broker;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Benchmarks;

/// <summary>
/// The bridge itself on a new journal. Its stages have every work and finish none, so that only the intake is measured;
/// over a broker its relay runs as always, and the works wait in their queues.
/// </summary>
sealed class BridgeSide : IServedSide
{
    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-benchmark-");
    EventJournal? journal;
    WebApplication? app;

    public string Url => app!.Urls.First();

    public static async Task<IServedSide> Start(Uri? broker = null)
    {
        var side = new BridgeSide();
        var stage = new NeverDone();
        var parts = broker is null ? null : new BrokerParts(new BrokerOptions(broker), Setting.Topology);
        side.journal = EventJournal.Open(new JournalOptions { Path = Path.Combine(side.directory.FullName, "journal.db"), Published = parts is not null });
        side.app = BridgeServer.Build(new BridgeParts
        {
            Listen = ["http://127.0.0.1:0"],
            Options = Setting.Options,
            Journal = side.journal,
            Checks = [new ReadingCheck()],
            Broker = parts,
            Stages = parts is not null ? [] : [new StageQueue(Queues.RegistryResolve, "registry", stage), new StageQueue(Queues.ClusterDeploy("main"), "cluster", stage)],
            LogLevel = LogLevel.Critical,
        });
        await side.app.StartAsync();
        if (parts is not null)
        {
            await Connected(side.app.Services.GetRequiredService<BrokerStanding>());
        }
        return side;
    }

    public async ValueTask DisposeAsync()
    {
        await app!.StopAsync();
        await app.DisposeAsync();
        await journal!.DisposeAsync();
        directory.Delete(recursive: true);
    }

    static async Task Connected(BrokerStanding standing)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (standing.ConnectedSince is null)
        {
            await Task.Delay(20, bound.Token);
        }
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
