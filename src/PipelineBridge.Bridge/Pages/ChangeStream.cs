using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Bridge.Timeline;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Pages;

/// <summary>
/// <c>/changes</c>: tells a page that is looked at that something on it changed, as server-sent events. It says no more
/// than that, and at most once a second, so that a busy bridge costs its readers one fetch a second.
/// </summary>
static class ChangeStream
{
    const int PageOfEvents = 500;

    /// <summary>Past so many events nobody looks for one that a reader may see: the page is fetched once, if in vain.</summary>
    const int MostLookedAt = 5000;

    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>A page takes a stream for dead that says nothing for more than twice this long.</summary>
    static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(15);

    public static void MapChanges(this IEndpointRouteBuilder app) =>
        app.MapMethods("/changes", [HttpMethods.Get], (RequestDelegate)Stream).ExcludeFromDescription();

    static async Task Stream(HttpContext http)
    {
        var services = http.RequestServices;
        var keys = services.GetRequiredService<ApiKeys>();
        var viewer = keys.Viewer(http);
        var app = http.Request.Query["app"].ToString() is { Length: > 0 } named ? named : null;
        if (app is not null)
        {
            viewer.Caller.Demand(Verb.Read, app);
        }
        var journal = services.GetRequiredService<EventJournal>();
        var last = http.Request.Headers["Last-Event-ID"].ToString();
        var after = long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var l) ? l : RequestEndpoints.Number(http, "after", journal.Head, long.MaxValue);
        http.Response.ContentType = "text/event-stream; charset=utf-8";
        http.Response.Headers.CacheControl = "no-store";
        // nginx holds back what it proxies until a buffer is full, unless it is told not to.
        http.Response.Headers["X-Accel-Buffering"] = "no";
        // Not disposed: a commit may be telling of itself at the moment the reader leaves. It holds no handle.
        var wake = new SemaphoreSlim(0);
        var stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        void Wake(JournalCommit _)
        {
            if (wake.CurrentCount == 0)
            {
                wake.Release();
            }
        }
        journal.Committed += Wake;
        try
        {
            await Say(http, "here", after, limit.Token);
            while (true)
            {
                var head = journal.Head;
                if (head > after)
                {
                    var changed = Changed(journal, after, head, viewer.Caller, app);
                    after = head;
                    if (changed)
                    {
                        await Say(http, "changed", head, limit.Token);
                        await Task.Delay(Pause, limit.Token);
                    }
                }
                if (!await wake.WaitAsync(SignOfLife, limit.Token))
                {
                    if (viewer.Session is not null && services.GetRequiredService<Sessions>().Find(http.Request) is null)
                    {
                        // Signed out, or its time is over: the page finds that out by its next fetch.
                        return;
                    }
                    await Say(http, "here", after, limit.Token);
                }
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
        }
        finally
        {
            journal.Committed -= Wake;
        }
    }

    /// <summary>Whether something was journaled that this reader may see.</summary>
    static bool Changed(EventJournal journal, long after, long head, Caller caller, string? app) => head - after > MostLookedAt || journal.Read(r =>
    {
        while (after < head)
        {
            var page = r.EventsAfter(after, PageOfEvents, app: app);
            if (page.Events.Any(e => EventEndpoints.Readable(caller, e)))
            {
                return true;
            }
            if (page.Reached <= after)
            {
                return false;
            }
            after = page.Reached;
        }
        return false;
    });

    static async Task Say(HttpContext http, string what, long sequence, CancellationToken cancellation)
    {
        await http.Response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"event: {what}\nid: {sequence}\ndata: {sequence}\n\n"), cancellation);
        await http.Response.Body.FlushAsync(cancellation);
    }
}
