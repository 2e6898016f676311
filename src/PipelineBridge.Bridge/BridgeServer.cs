using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.Builds;
using PipelineBridge.Bridge.DeadLetters;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Deployments;
using PipelineBridge.Bridge.Health;
using PipelineBridge.Bridge.Holds;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Images;
using PipelineBridge.Bridge.Notifications;
using PipelineBridge.Bridge.Pages;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Bridge.Timeline;
using PipelineBridge.Bridge.Work;
using PipelineBridge.Bridge.Work.Broker;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge;

/// <summary>What a bridge process is composed of.</summary>
public sealed record BridgeParts
{
    /// <summary>The addresses to listen on, e.g. <c>http://127.0.0.1:8080</c>.</summary>
    public required IReadOnlyList<string> Listen { get; init; }

    /// <summary>The bridge's own part of the configuration.</summary>
    public required BridgeOptions Options { get; init; }

    /// <summary>The journal; it is closed by whoever opened it.</summary>
    public required EventJournal Journal { get; init; }

    /// <summary>Whether the page is open on this machine without a key.</summary>
    public bool OpenOnLoopback { get; init; }

    /// <summary>The checks of specifications, one a format.</summary>
    public IReadOnlyList<ISpecificationCheck> Checks { get; init; } = [];

    /// <summary>The stages that run in this process.</summary>
    public IReadOnlyList<StageQueue> Stages { get; init; } = [];

    /// <summary>The watchers that run in this process.</summary>
    public IReadOnlyList<IWatcher> Watchers { get; init; } = [];

    /// <summary>The broker between the bridge and its stages; null: the stages run in this process.</summary>
    public BrokerParts? Broker { get; init; }

    /// <summary>Adds what the composing program brings of its own.</summary>
    public Action<IServiceCollection>? Services { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The least level that is logged to the console.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;
}

/// <summary>Builds the bridge's web server with everything that runs beside it.</summary>
public static class BridgeServer
{
    /// <summary>A server that is not started yet.</summary>
    public static WebApplication Build(BridgeParts parts)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k =>
        {
            k.AddServerHeader = false;
            k.Limits.MaxRequestBodySize = Bodies.LongestBytes;
        });
        builder.WebHost.UseUrls([.. parts.Listen]);
        builder.Logging.SetMinimumLevel(parts.LogLevel).AddFilter("Microsoft", LogLevel.Warning)
            .AddSimpleConsole(c => { c.SingleLine = true; c.UseUtcTimestamp = true; c.TimestampFormat = "yyyy-MM-dd HH:mm:ss "; });
        var services = builder.Services;
        services.AddRoutingCore();
        services.AddOpenApi("v1", OpenApiDescription.Configure);
        services.AddSingleton(parts.Options);
        services.AddSingleton(parts.Journal);
        services.AddSingleton(parts.Clock);
        var sessions = new Sessions(parts.Clock);
        services.AddSingleton(sessions);
        services.AddSingleton(new ApiKeys(parts.Options.Keys, parts.OpenOnLoopback, sessions));
        services.AddSingleton<Deciders>();
        services.AddSingleton<AskIntake>();
        services.AddSingleton<RequestLookup>();
        services.AddSingleton<BoardReading>();
        services.AddSingleton<RequestWaits>();
        services.AddSingleton<WorkStandings>();
        services.AddSingleton<BridgeCounters>();
        services.AddSingleton(parts.Stages);
        services.AddSingleton(parts.Watchers);
        services.AddSingleton<IBridgeClient, EmbeddedBridge>();
        services.AddSingleton(new KnownQueues(parts.Broker?.Topology.WorkQueues ?? parts.Stages.Select(q => q.Queue)));
        services.AddHostedService<Sweep>();
        if (parts.Broker is { } broker)
        {
            services.AddBroker(parts.Journal, broker);
        }
        else
        {
            services.AddHostedService<EmbeddedDispatch>();
            services.AddHostedService<Watchers>();
        }
        foreach (var check in parts.Checks)
        {
            services.AddSingleton(check);
        }
        parts.Services?.Invoke(services);
        var app = builder.Build();
        app.Use(Frame);
        app.UseRouting();
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapBuilds();
        app.MapImages();
        app.MapKeptImages();
        app.MapDeployments();
        app.MapHolds();
        app.MapRequests();
        app.MapNotifications();
        app.MapEvents();
        app.MapTimeline();
        app.MapServices();
        app.MapWork();
        app.MapDeadLetters();
        app.MapHealth();
        app.MapPages();
        return app;
    }

    /// <summary>Turns refusals into problems, whatever threw them, and counts answers.</summary>
    internal static async Task Frame(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
            if (http.Response is { StatusCode: StatusCodes.Status404NotFound, HasStarted: false } && http.GetEndpoint() is null)
            {
                await Problems.Write(http, RefusedException.NotFound($"There is no {http.Request.Path}. The calls are listed under /openapi/v1.json."));
            }
            else if (http.Response is { StatusCode: StatusCodes.Status405MethodNotAllowed, HasStarted: false })
            {
                await Problems.Write(http, new RefusedException(StatusCodes.Status405MethodNotAllowed, "Another method", $"{http.Request.Path} does not take {http.Request.Method}; it takes {http.Response.Headers.Allow}."));
            }
        }
        catch (RefusedException e) when (!http.Response.HasStarted)
        {
            await Problems.Write(http, e);
        }
        catch (BadHttpRequestException e) when (!http.Response.HasStarted)
        {
            await Problems.Write(http, new RefusedException(e.StatusCode, "No request", "The request was cut or is no HTTP; nothing was accepted."));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller went away; what was accepted stays accepted.
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            var log = http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("PipelineBridge.Bridge");
            BridgeLog.Unexpected(log, e, http.Request.Method, http.Request.Path);
            await Problems.Write(http, new RefusedException(StatusCodes.Status500InternalServerError, "A mistake of the bridge's own", "It is in the log of the bridge. Whether the ask was accepted is not known: send it again with the same Idempotency-Key."));
        }
        finally
        {
            http.RequestServices.GetRequiredService<BridgeCounters>().Answered(http.Request.Method, http.Response.StatusCode);
        }
    }
}

static partial class BridgeLog
{
    [LoggerMessage(1001, LogLevel.Error, "{Method} {Path} failed by a mistake of our own.")]
    public static partial void Unexpected(ILogger log, Exception e, string method, string path);
}
