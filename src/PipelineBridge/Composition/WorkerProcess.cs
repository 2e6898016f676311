using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PipelineBridge.Configuration;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Composition;

/// <summary>One or several stages in this process, their work from the broker.</summary>
sealed class WorkerProcess : IAsyncDisposable
{
    /// <summary>How long one call to the bridge may take.</summary>
    static readonly TimeSpan BridgeCall = TimeSpan.FromSeconds(10);

    readonly WebApplication app;
    readonly Stages stages;

    WorkerProcess(WebApplication app, Stages stages) => (this.app, this.stages) = (app, stages);

    /// <summary>Where health is answered; null for nowhere.</summary>
    public string? Health { get; private init; }

    /// <summary>Starts the stages.</summary>
    /// <param name="configuration">The configuration of the whole bridge.</param>
    /// <param name="broker">How the broker is reached.</param>
    /// <param name="bridge">How the bridge is reached.</param>
    /// <param name="names">The stages' names.</param>
    /// <param name="health">Where health is answered; null for nowhere.</param>
    /// <param name="cancellation">Ends the start.</param>
    public static async Task<WorkerProcess> Start(
        BridgeConfiguration configuration, BrokerOptions broker, HttpBridgeOptions bridge, IReadOnlyCollection<string> names, string? health, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        if (health is null)
        {
            builder.WebHost.UseServer(new NoServer());
        }
        else
        {
            builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.AddServerHeader = false).UseUrls(health);
        }
        Logs.Configure(builder.Logging, LogLevel.Information);
        var stages = Stages.Of(configuration, TimeProvider.System, LogLevel.Information, names);
        var services = builder.Services;
        services.AddRoutingCore();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(p => new OutcomePublisher(broker, configuration.Topology, string.Join("+", names), TimeProvider.System, p.GetRequiredService<ILogger<OutcomePublisher>>()));
        services.AddSingleton(p => new HttpBridge(bridge, p.GetRequiredService<OutcomePublisher>(), new HttpClient { Timeout = BridgeCall }, TimeProvider.System, p.GetRequiredService<ILogger<HttpBridge>>()));
        services.AddSingleton<IBridgeClient>(p => p.GetRequiredService<HttpBridge>());
        services.AddWorkReceiver(stages.Queues, broker, configuration.Topology, configuration.Limits.Attempts);
        foreach (var watcher in stages.Watchers)
        {
            services.AddSingleton<IHostedService>(p => new WatcherTurn(watcher, broker, p.GetRequiredService<IBridgeClient>(), TimeProvider.System, p.GetRequiredService<ILogger<WatcherTurn>>()));
        }
        services.AddHealthChecks();
        Telemetry.Add(services, $"pipelinebridge-{string.Join("-", names)}");
        var app = builder.Build();
        app.UseRouting();
        app.MapGet("/health/live", () => Results.Text("live\n"));
        app.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            // A bus that lost its broker is "degraded", which would be answered with 200.
            ResultStatusCodes = { [HealthStatus.Healthy] = 200, [HealthStatus.Degraded] = 503, [HealthStatus.Unhealthy] = 503 },
            ResponseWriter = Written,
        });
        var process = new WorkerProcess(app, stages) { Health = health };
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
        // Work that runs is left: it is not acknowledged, so the broker gives it to the next one.
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        stages.Dispose();
    }

    static Task Written(HttpContext http, HealthReport report)
    {
        var trouble = http.RequestServices.GetRequiredService<HttpBridge>().Trouble;
        http.Response.ContentType = "text/plain; charset=utf-8";
        var broker = report.Entries.TryGetValue("broker", out var entry) ? entry.Description ?? entry.Status.ToString() : report.Status.ToString();
        return http.Response.WriteAsync(
            (report.Status == HealthStatus.Healthy ? "ready: work is received from the broker\n" : $"not ready: the broker: {broker}\n")
            + (trouble is null ? "" : $"{trouble}\n"));
    }
}
