using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Marathon;

/// <summary><c>/v2/events</c>: server-sent events without ids, from the moment of the call on.</summary>
sealed class EventStream(MarathonSimulatorOptions options, EventHub events)
{
    static readonly byte[] Heartbeat = "\r\n"u8.ToArray();

    public async Task Serve(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method)
            || !context.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.Ordinal))
        {
            throw new MarathonError(405, new JsonObject { ["message"] = "HTTP method GET is not supported by this URL" });
        }

        var types = context.Request.Query["event_type"].OfType<string>().Where(type => type.Length > 0).ToHashSet();
        var reader = events.Attach(types, context.Connection.RemoteIpAddress is { } ip ? new System.Net.IPEndPoint(ip, 0) : null);
        try
        {
            context.Response.ContentType = "text/event-stream;charset=utf-8";
            context.Response.Headers.CacheControl = "no-cache";
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Copy(reader, context);
        }
        finally
        {
            events.Detach(reader);
        }
    }

    async Task Copy(EventReader reader, HttpContext context)
    {
        using var timer = new PeriodicTimer(options.Heartbeat, options.Time);
        var beat = timer.WaitForNextTickAsync(context.RequestAborted).AsTask();
        var more = reader.Waiting.WaitToReadAsync(context.RequestAborted).AsTask();
        while (true)
        {
            if (await Task.WhenAny(beat, more) == beat)
            {
                await beat;
                await context.Response.Body.WriteAsync(Heartbeat, context.RequestAborted);
                beat = timer.WaitForNextTickAsync(context.RequestAborted).AsTask();
            }
            else if (await more)
            {
                while (reader.Waiting.TryRead(out var text))
                {
                    await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), context.RequestAborted);
                }

                more = reader.Waiting.WaitToReadAsync(context.RequestAborted).AsTask();
            }
            else
            {
                return;
            }

            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }
}
