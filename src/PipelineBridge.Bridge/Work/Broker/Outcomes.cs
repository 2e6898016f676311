using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Work.Broker;

/// <summary>A message that came as an outcome: the event when it is one, and why it is no outcome.</summary>
sealed record ReadOutcome(CdEvent? Event, string? Wrong, ReadOnlyMemory<byte> Body);

/// <summary>Reads and judges what stages write, and hands it to the deciders.</summary>
static class Outcomes
{
    /// <summary>The longest outcome: an event is small, and what it names is a blob.</summary>
    public const int LongestBytes = 1024 * 1024;

    /// <summary>How much of a message that is none is kept, in bytes.</summary>
    const int KeptBytes = 64 * 1024;

    /// <summary>What a message says; everything that can be judged without the journal is judged here.</summary>
    public static ReadOutcome Read(ReadOnlyMemory<byte> body)
    {
        if (body.Length > LongestBytes)
        {
            return new(null, $"It has {body.Length} bytes; an outcome has at most {LongestBytes}.", body);
        }
        CdEvent e;
        try
        {
            e = CdEventReader.Read(body);
        }
        catch (EventFormatException x)
        {
            return new(null, $"It is no event: {x.Message}", body);
        }
        var wrong = e switch
        {
            { EventType: null } => NotKnown(e),
            { EventType.FromStage: false } => $"No stage may say {e.EventType.ShortName}.",
            { Custom: null } => $"Its source is {e.Source}; an outcome comes from a stage, whose source begins with {CdEvent.OurSource}, and has customData.",
            { EventType.Role: EventRole.End, Custom.WorkId: null } => "It ends a work and does not say which: customData.workId is missing.",
            _ when !EventId.TryParse(e.Id, out _) => $"Its id \"{e.Id}\" is none of ours: 26 base32 characters, derived from its work's.",
            { EventType.Role: EventRole.End } when e.Id != EndOf(e.Custom.WorkId) => $"Its id {e.Id} is not that of the end of work {e.Custom.WorkId}.",
            _ => null,
        };
        return new(e, wrong, body);
    }

    /// <summary>Journals an outcome with what follows from it; keeps what is none as a dead letter.</summary>
    /// <returns>Whether it was an outcome.</returns>
    public static bool Take(JournalTransaction tx, Deciders deciders, ReadOutcome outcome, string queue)
    {
        if (outcome is { Wrong: not null, Event: { EventType: not { Role: EventRole.Work } } echo } && tx.Find(echo.Key()) is not null)
        {
            // What the bridge itself has published under such a key: somebody's own event, of a type that stages write too.
            return true;
        }
        var wrong = outcome.Wrong ?? Unknown(tx, outcome.Event!);
        if (wrong is null)
        {
            deciders.Happened(tx, outcome.Event!, born: false, outcome.Body);
            return true;
        }
        Keep(tx, queue, wrong, outcome.Body);
        return false;
    }

    /// <summary>Keeps a message that nobody can handle, its body bounded.</summary>
    public static void Keep(JournalTransaction tx, string queue, string reason, ReadOnlyMemory<byte> body) =>
        tx.PutDeadLetter(new DeadLetterRow(0, 0, queue, reason, body[..Math.Min(body.Length, KeptBytes)].ToArray(), tx.Now.ToUnixTimeMilliseconds(), DeadLetterState.Open));

    static string? Unknown(JournalTransaction tx, CdEvent e)
    {
        if (e.Custom!.WorkId is not { } work)
        {
            return null;
        }
        return EventId.TryParse(work, out var id) && tx.Find(id) is { } sequence && CdEventReader.Read(tx.Body(sequence)!).EventType?.Role == EventRole.Work
            ? null
            : $"The journal knows no work {work}. Was it restored from an older copy, or does another bridge use this broker?";
    }

    static string NotKnown(CdEvent e)
    {
        var dot = e.Type.Split('.') is { Length: > 3 } parts ? string.Join('.', parts[..4]) + "." : e.Type;
        return EventTypes.All.FirstOrDefault(t => t.Name.StartsWith(dot, StringComparison.Ordinal)) is { } known
            ? $"This bridge knows {known.Name}, and it is {e.Type}: upgrade the bridge before its stages."
            : $"This bridge knows no type {e.Type}.";
    }

    static string? EndOf(string? work) => EventId.TryParse(work, out var id) ? id.Then("end").ToString() : null;
}
