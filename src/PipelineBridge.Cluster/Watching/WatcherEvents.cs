using System.Globalization;
using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster.Watching;

/// <summary>Tells what a watcher sees; it belongs to no work, so its ids add the time observed.</summary>
sealed class WatcherEvents(IBridgeClient bridge, string cluster, TimeProvider clock)
{
    /// <summary>The cluster's name in the configuration.</summary>
    public string Cluster => cluster;

    /// <summary>Now, by the clock of the ids.</summary>
    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>Tells it.</summary>
    public Task Tell(AppKey app, IEventContent content, string subject, string? chain, Func<CustomData, CustomData>? with, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var type = EventTypes.Of(content).Name;
        var custom = new CustomData { App = app.App, Environment = app.Environment };
        return bridge.Tell(new CdEvent
        {
            Id = EventId.Derive(now.ToUnixTimeMilliseconds(), "watcher", cluster, type, subject, now.Ticks.ToString(CultureInfo.InvariantCulture)).ToString(),
            Source = CdEvent.OurSource + "cluster",
            Type = type,
            Time = now,
            ChainId = chain,
            SubjectId = subject,
            Content = content,
            Custom = with is null ? custom : with(custom),
        }, cancellation);
    }
}

/// <summary>A trouble of one kind of one app: told when it begins, and when it is over.</summary>
sealed class Incident(AppKey app, string kind)
{
    string? subject;
    string? chain;

    /// <summary>Whether it was told and is not over.</summary>
    public bool IsOpen => subject is not null;

    /// <summary>What is wrong now, in a sentence of our own; null: nothing is.</summary>
    public async Task Is(string? wrong, string category, string? image, string? inChain, WatcherEvents events, CancellationToken cancellation)
    {
        var environment = new Reference(app.Environment);
        var service = new Reference($"{app}");
        if (wrong is not null && subject is null)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"{app}/{kind}/{events.Now.ToUnixTimeMilliseconds()}");
            await events.Tell(app, new IncidentDetected(environment, wrong, service), id, inChain, c => c with { Category = category, Cause = wrong, Image = image }, cancellation);
            // Only what was told is open: else the next look tells it.
            (subject, chain) = (id, inChain);
        }
        else if (wrong is null && subject is not null)
        {
            await events.Tell(app, new IncidentResolved(environment, Over, service), subject, chain, c => c with { Cause = Over, Image = image }, cancellation);
            subject = null;
        }
    }

    string Over => kind switch
    {
        "drift" => "It runs again what was deployed.",
        "cluster" => "The cluster answers again.",
        _ => "All its tasks are well again.",
    };
}
