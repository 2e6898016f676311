using System.Text;
using PipelineBridge.Bridge.Pages;
using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.CommandLine;

/// <summary>Prints the events of a source until it is stopped; a loss is told, and tried to mend for a bounded time.</summary>
/// <param name="at">Where it prints.</param>
/// <param name="patterns">The keys that are printed.</param>
/// <param name="isJson">Whether the event itself is printed.</param>
sealed class EventTail(Surroundings at, IReadOnlyList<KeyPattern> patterns, bool isJson)
{
    /// <summary>How long a source that is lost is tried again.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    DateTimeOffset? lostAt;
    DateTimeOffset toldAt;
    TimeSpan pause;
    bool wasListening;

    /// <summary>Prints until it is stopped, or the source stays away.</summary>
    public async Task<int> Run(IEventSource source, CancellationToken stop)
    {
        Say($"Connecting to {source.Shown}.");
        while (true)
        {
            try
            {
                await source.Listen(() => Listening(source), Print, n => Say($"{n} events are left out here: they came faster than they were read. {source.CatchUp}"), stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return ExitCode.Live;
            }
            catch (LostException e)
            {
                if (!Lost(source, e.Message))
                {
                    return ExitCode.Unknown;
                }
            }
            await Task.Delay(pause, at.Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested)
            {
                return ExitCode.Live;
            }
        }
    }

    void Listening(IEventSource source)
    {
        Say($"Listening to {string.Join(" ", patterns.Select(p => p.Text))} of {source.Shown}. Ctrl-C ends it.");
        if (wasListening && lostAt is { } since)
        {
            Say(source.MissesNothing ? "Nothing was missed." : $"What came since {PageWords.Full(since)} is not shown. {source.CatchUp}");
        }
        (wasListening, lostAt, pause) = (true, null, TimeSpan.Zero);
    }

    /// <summary>Tells of a loss, and whether it is tried again.</summary>
    bool Lost(IEventSource source, string why)
    {
        var now = at.Clock.GetUtcNow();
        pause = pause == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : pause * 2 < LongestPause ? pause * 2 : LongestPause;
        if (lostAt is not { } since)
        {
            (lostAt, toldAt) = (now, now);
            Say($"{PageWords.Full(now)}: {Refusals.Line(why)} It is tried again for {Patience.TotalMinutes:0} minutes.");
            return true;
        }
        if (now - since > Patience)
        {
            Say($"Given up after {Patience.TotalMinutes:0} minutes: {Refusals.Line(why)} {source.CatchUp}");
            return false;
        }
        if (now - toldAt > LongestSilence)
        {
            toldAt = now;
            Say($"Not listening since {PageWords.Full(since)}: {Refusals.Line(why)}");
        }
        return true;
    }

    void Print(SourcedEvent e)
    {
        var read = Read(e.Body);
        var key = e.Key ?? read?.RoutingKey;
        // What cannot be read has no key; it is shown, so that nobody waits for what has come.
        if (key is not null && !patterns.Any(p => p.Fits(key)))
        {
            return;
        }
        at.Output.WriteLine(isJson ? OneLine(e.Body)
            : read is null ? $"{"",-23}  {key ?? "-"}  -  a message that this version cannot read, {e.Body.Length} bytes"
            : $"{PageWords.Full(read.Time)}  {key}  {ShortId(read)}  {Refusals.Line(EventWords.Of(read).Text)}");
    }

    static CdEvent? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            return CdEventReader.Read(body);
        }
        catch (EventFormatException)
        {
            return null;
        }
    }

    /// <summary>The request as people call it; else the end of the event's own id, which tells it from others.</summary>
    static string ShortId(CdEvent e) => e.Custom?.RequestId is { } request ? $"#{VerbRun.PageName(request)}" : e.Id.Length > 8 ? "…" + e.Id[^8..] : Refusals.Line(e.Id);

    // The event of somebody else may have come with line breaks.
    static string OneLine(ReadOnlyMemory<byte> body)
    {
        var text = Encoding.UTF8.GetString(body.Span);
        // Outside of a string of JSON a line break is a blank; within one it is escaped.
        return text.Replace('\r', ' ').Replace('\n', ' ').Trim();
    }

    void Say(string text) => at.Errors.WriteLine(text);
}
