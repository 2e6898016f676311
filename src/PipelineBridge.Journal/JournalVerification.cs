namespace PipelineBridge.Journal;

/// <summary>What can be wrong with a journaled event.</summary>
public enum WrongPart
{
    /// <summary>An event is missing where one must be.</summary>
    Gap,

    /// <summary>A column of the event is not what it was when it was journaled.</summary>
    Hash,

    /// <summary>The event does not follow from the one before it.</summary>
    Link,

    /// <summary>The epoch that begins there is not what it was.</summary>
    Epoch,

    /// <summary>The journal is not the one whose end was kept elsewhere, or an earlier state of it.</summary>
    KnownHead,
}

/// <summary>The first event with which something is wrong; what follows it cannot be trusted either.</summary>
/// <param name="Sequence">Its sequence.</param>
/// <param name="Id">Its id as it stands now; null when the event is missing.</param>
/// <param name="Part">What is wrong.</param>
/// <param name="Sentence">The same for a person.</param>
public sealed record WrongEvent(long Sequence, string? Id, WrongPart Part, string Sentence);

/// <summary>What a verification found.</summary>
/// <param name="Events">How many events were good.</param>
/// <param name="Head">The last good sequence and the link there; worth keeping elsewhere, to verify against later.</param>
/// <param name="Epochs">The epochs that were met, oldest first.</param>
/// <param name="Wrong">The first wrong event; null when the chain is whole.</param>
public sealed record JournalVerification(long Events, JournalHead Head, IReadOnlyList<JournalEpoch> Epochs, WrongEvent? Wrong);
