using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Deployments;
using PipelineBridge.Bridge.Health;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Bridge.Timeline;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;

namespace PipelineBridge.Benchmarks;

/// <summary>
/// The same two endpoints without a journal: the bridge's own frame, key check, reading, parsing, checks, event and
/// hash, and a receipt of the same shape; nothing is written or decided. A journal is open, since the checks may read
/// one, and stays empty.
/// </summary>
sealed class PeerSide : IServedSide
{
    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-benchmark-");
    EventJournal? journal;
    WebApplication? app;

    public string Url => app!.Urls.First();

    public static async Task<IServedSide> Start()
    {
        var side = new PeerSide();
        side.journal = EventJournal.Open(new JournalOptions { Path = Path.Combine(side.directory.FullName, "journal.db") });
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k =>
        {
            k.AddServerHeader = false;
            k.Limits.MaxRequestBodySize = Bodies.LongestBytes;
        });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var services = builder.Services;
        services.AddRoutingCore();
        services.AddSingleton(Setting.Options);
        services.AddSingleton(side.journal);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(new ApiKeys(Setting.Options.Keys, openOnLoopback: false));
        services.AddSingleton<Deciders>();
        services.AddSingleton<AskIntake>();
        services.AddSingleton<BridgeCounters>();
        services.AddSingleton<ISpecificationCheck>(new ReadingCheck());
        side.app = builder.Build();
        side.app.Use(BridgeServer.Frame);
        side.app.UseRouting();
        side.app.MapPost("/v1/events", (Delegate)PostEvents);
        side.app.MapWrite("POST", "/v1/deployments", Deploy, HttpJson.Default.DeploymentAsk, "Deploy an app");
        await side.app.StartAsync();
        return side;
    }

    public async ValueTask DisposeAsync()
    {
        await app!.StopAsync();
        await app.DisposeAsync();
        var written = journal!.Head;
        await journal.DisposeAsync();
        directory.Delete(recursive: true);
        if (written != 0)
        {
            throw new InvalidOperationException($"The peer wrote {written} events; it is to write none.");
        }
    }

    static async Task PostEvents(HttpContext http)
    {
        var services = http.RequestServices;
        services.GetRequiredService<ApiKeys>().Of(http).Demand(Verb.Event);
        var events = EventEndpoints.Parse(await Bodies.Read(http));
        foreach (var (_, bytes) in events)
        {
            SHA256.HashData(bytes.Span);
        }
        var first = events[0].Event;
        await Answer(http, new RequestId(RequestId.Fact, first.Key()), first.ChainId ?? first.Id, RequestState.Succeeded, []);
    }

    static async Task Deploy(WriteCall<DeploymentAsk> call)
    {
        var ask = DeploymentEndpoints.Checked(call);
        var prepared = call.Intake.Prepare(call.Http, call.Caller, call.Bytes, ask);
        SHA256.HashData(prepared.Bytes.Span);
        await Answer(call.Http, prepared.Name, prepared.Event.ChainId!, RequestState.Accepted, ask.Warnings);
    }

    static Task Answer(HttpContext http, RequestId name, string chainId, string state, IReadOnlyList<string> warnings)
    {
        var receipt = http.RequestServices.GetRequiredService<AskIntake>().Of(name.ToString(), chainId, state, 1, warnings);
        return Answers.Write(http, StatusCodes.Status202Accepted, receipt, HttpJson.Default.Receipt);
    }
}
