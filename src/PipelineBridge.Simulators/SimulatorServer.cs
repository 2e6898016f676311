using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace PipelineBridge.Simulators;

/// <summary>The HTTP server under every simulator: on loopback unless said otherwise, says what it is, records what it receives, fails on request.</summary>
/// <remarks>
/// <c>GET /_simulator/log</c> answers the recorded requests, <c>GET | POST | DELETE /_simulator/faults</c> reads, adds to and
/// clears the script of faults. These paths are neither recorded nor spoiled by a fault.
/// </remarks>
public sealed class SimulatorServer : IAsyncDisposable
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    readonly WebApplication app;
    readonly SimulatorServerOptions options;

    SimulatorServer(WebApplication app, SimulatorServerOptions options)
    {
        this.app = app;
        this.options = options;
        Faults = new FaultScript(options.Time);
    }

    /// <summary>The root of the server, such as <c>http://127.0.0.1:41003/</c>.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>The requests received.</summary>
    public RequestLog Log { get; } = new();

    /// <summary>The faults still to be shown.</summary>
    public FaultScript Faults { get; }

    /// <summary>Starts a server whose endpoints or middleware <paramref name="map"/> adds; it returns once it listens.</summary>
    /// <remarks><c>HttpContext.RequestAborted</c> also ends when the server stops, so that an endless answer ends with it.</remarks>
    public static async Task<SimulatorServer> Start(
        SimulatorServerOptions options, Action<WebApplication> map, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(map);

        // The empty builder reads no file and no environment variable: what a machine sets for
        // other web applications must not move a simulator to another address.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(options.Address, options.Port, listen => listen.Protocols = HttpProtocols.Http1);
        });

        var app = builder.Build();
        try
        {
            var server = new SimulatorServer(app, options);
            app.Use(server.Handle);
            map(app);
            await app.StartAsync(cancellation);
            server.Url = new Uri(app.Urls.Single());
            (options.Announce ?? Console.Error.WriteLine)(
                $"{options.Name} simulator (no real {options.Name}) listens on {server.Url}");
            return server;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops listening and ends the requests that are open.</summary>
    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    async Task Handle(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers["X-Simulator"] = $"PipelineBridge {options.Name} simulator";
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, app.Lifetime.ApplicationStopping);
        context.RequestAborted = ends.Token;

        if (context.Request.Path.StartsWithSegments("/_simulator", StringComparison.Ordinal, out var control))
        {
            await Control(context, control.Value ?? "");
            return;
        }

        var number = Log.Open(context, options.Time.GetUtcNow());

        // Who has an answer in hand finds its status and facts in the log, though the request ends a little later.
        context.Response.OnStarting(() =>
        {
            Log.Answering(number, context);
            return Task.CompletedTask;
        });
        try
        {
            await Faults.Handle(context, IsHome(context.Request) ? Home : next);
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            RequestLog.Drop(context);
        }
        catch (AnswerCutException)
        {
            // Kestrel closes a connection whose handler failed after the answer had begun, and
            // sends what was flushed before; an abort could throw those bytes away.
            if (context.Response.HasStarted)
            {
                throw;
            }

            RequestLog.Drop(context);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            RequestLog.Note(context, "badRequest", exception.Message);
            context.Response.StatusCode = exception.StatusCode;
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            RequestLog.Note(context, "exception", exception.ToString());
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            await context.Response.WriteAsync($"The simulator itself failed: {exception.Message}\n", CancellationToken.None);
        }
        finally
        {
            Log.Close(number, options.Time.GetUtcNow());
        }
    }

    static bool IsHome(HttpRequest request) => request.Path == "/" && HttpMethods.IsGet(request.Method);

    async Task Home(HttpContext context)
    {
        if (options.HomePage is { } page)
        {
            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.WriteAsync(page(), context.RequestAborted);
            return;
        }

        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(
            $"This is the {options.Name} simulator of PipelineBridge, no real {options.Name}.\n{options.Description}\n"
            + "GET /_simulator/log: the requests it received. POST /_simulator/faults: let it fail.\n",
            context.RequestAborted);
    }

    async Task Control(HttpContext context, string path)
    {
        if (options.Control is { } control && await control(context, path))
        {
            return;
        }

        switch (context.Request.Method, path)
        {
            case ("GET", "/log"):
                await context.Response.WriteAsJsonAsync(
                    new { simulator = options.Name, dropped = Log.Dropped, requests = Log.Requests, happenings = options.Happenings?.Invoke() },
                    Json,
                    context.RequestAborted);
                break;
            case ("GET", "/faults"):
                await context.Response.WriteAsJsonAsync(Faults.Pending, Json, context.RequestAborted);
                break;
            case ("POST", "/faults"):
                await AddFault(context);
                break;
            case ("DELETE", "/faults"):
                Faults.Clear();
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                await context.Response.WriteAsync("There are GET /_simulator/log and GET, POST, DELETE /_simulator/faults.\n");
                break;
        }
    }

    async Task AddFault(HttpContext context)
    {
        try
        {
            var fault = await JsonSerializer.DeserializeAsync<Fault>(context.Request.Body, Json, context.RequestAborted)
                ?? throw new JsonException("The body is null; a fault is an object.");
            Faults.Add(fault);
            context.Response.StatusCode = StatusCodes.Status201Created;
            await context.Response.WriteAsJsonAsync(fault, Json, context.RequestAborted);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync(exception.Message + "\n", context.RequestAborted);
        }
    }

    // The process that holds a simulator decides about its signals; the usual lifetime would take Ctrl-C for itself.
    sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
