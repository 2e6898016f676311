using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Journal;

namespace PipelineBridge.Benchmarks.Pages;

/// <summary>The bridge over a journal of so many events, and beside its pages an address that answers so many bytes and does nothing else.</summary>
sealed class PageSide : IServedSide
{
    /// <summary>The address that answers bytes.</summary>
    public const string BytesPath = "/benchmark/bytes";

    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-benchmark-");
    EventJournal? journal;
    WebApplication? app;

    public string Url => app!.Urls.First();

    public static async Task<IServedSide> Start(int events)
    {
        var side = new PageSide();
        side.journal = EventJournal.Open(new JournalOptions { Path = Path.Combine(side.directory.FullName, "journal.db") });
        await PageScene.Fill(side.journal, events);
        side.app = BridgeServer.Build(new BridgeParts
        {
            Listen = ["http://127.0.0.1:0"],
            Options = Setting.Options with { Environments = PageScene.Environments.ToDictionary(e => e, e => new EnvironmentOptions { Zone = e == "edge" ? "public" : "internal", Cluster = "main", ClusterKind = "marathon" }) },
            Journal = side.journal,
            LogLevel = LogLevel.Critical,
        });
        side.app.MapMethods(BytesPath, [HttpMethods.Get], (RequestDelegate)(http =>
            Answers.WriteBytes(http, StatusCodes.Status200OK, new byte[int.Parse(http.Request.Query["n"].ToString(), CultureInfo.InvariantCulture)], "text/html; charset=utf-8")));
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
}
