namespace PipelineBridge.CommandLine;

/// <summary>An event as it came.</summary>
/// <param name="Key">Its routing key; null where the source does not say it.</param>
/// <param name="Body">The event's JSON.</param>
/// <param name="Sequence">Its sequence in the journal; null where the source does not know it.</param>
sealed record SourcedEvent(string? Key, ReadOnlyMemory<byte> Body, long? Sequence = null);

/// <summary>Where events come from: a broker, or a bridge.</summary>
interface IEventSource
{
    /// <summary>Who it is, for people.</summary>
    string Shown { get; }

    /// <summary>Whether it goes on after a loss where it was, so that nothing is missed.</summary>
    bool MissesNothing { get; }

    /// <summary>How somebody gets what was missed.</summary>
    string CatchUp { get; }

    /// <summary>Gives events until it is lost.</summary>
    /// <param name="listening">Called once everything from then on is given.</param>
    /// <param name="each">Takes each event.</param>
    /// <param name="leftOut">Told how many were left out before the next, because the reader was slow.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="LostException">It cannot be had now, or was lost.</exception>
    /// <exception cref="VerbException">It will not be had later either.</exception>
    Task Listen(Action listening, Action<SourcedEvent> each, Action<long> leftOut, CancellationToken stop);
}

/// <summary>A source cannot be had now, or was lost; the message says why in a sentence.</summary>
sealed class LostException(string why) : Exception(why);
