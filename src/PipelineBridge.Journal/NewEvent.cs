using PipelineBridge.Events;

namespace PipelineBridge.Journal;

/// <summary>An event to be journaled.</summary>
/// <param name="Id">Its identity; the first event under an id stays, a later one is told its sequence.</param>
/// <param name="Type">Its CDEvents type, version included.</param>
/// <param name="ChainId">The chain that joins everything from commit to chat.</param>
/// <param name="Time">When it happened; kept to the millisecond, the body keeps what it said.</param>
/// <param name="App">The app.</param>
/// <param name="Environment">The environment; a dash where there is none.</param>
/// <param name="Born">Whether it was born in the bridge, and so is the bridge's to publish.</param>
/// <param name="Body">The CloudEvent as it stands on the bus.</param>
/// <param name="References">Commits and digests by which its chain is found.</param>
public sealed record NewEvent(
    EventId Id,
    string Type,
    string ChainId,
    DateTimeOffset Time,
    string App,
    string Environment,
    bool Born,
    ReadOnlyMemory<byte> Body,
    IReadOnlyList<string> References);

/// <summary>Where an event stands after it was appended.</summary>
/// <param name="Sequence">Its sequence, or that of the first one under its id.</param>
/// <param name="IsNew">False when an event of that id was there before; then nothing was written.</param>
public readonly record struct Appended(long Sequence, bool IsNew);

/// <summary>A journaled event.</summary>
/// <param name="Sequence">Its place in the journal, from 1, without gaps but for those of a new epoch.</param>
/// <param name="Id">Its identity.</param>
/// <param name="Type">Its CDEvents type.</param>
/// <param name="ChainId">Its chain.</param>
/// <param name="Time">When it happened, to the millisecond.</param>
/// <param name="App">The app.</param>
/// <param name="Environment">The environment; a dash where there is none.</param>
/// <param name="Born">Whether it was born in the bridge.</param>
/// <param name="Body">The CloudEvent as it stands on the bus.</param>
public sealed record StoredEvent(
    long Sequence,
    EventId Id,
    string Type,
    string ChainId,
    DateTimeOffset Time,
    string App,
    string Environment,
    bool Born,
    byte[] Body);

/// <summary>Some events in their order, and how far the journal was read for them.</summary>
/// <param name="Events">The events that match.</param>
/// <param name="Reached">The sequence to go on after: of the last event that was looked at, matching or not.</param>
public sealed record EventPage(IReadOnlyList<StoredEvent> Events, long Reached);
