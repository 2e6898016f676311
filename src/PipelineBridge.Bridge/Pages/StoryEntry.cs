using PipelineBridge.Bridge.Timeline;
using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Pages;

/// <summary>One thing that a story tells: an event, or some that say it together.</summary>
/// <param name="Read">Its first event; null when this version cannot read it.</param>
/// <param name="Look">The class of a state, e.g. <c>failed</c>.</param>
/// <param name="Text">What it means, in words for a person.</param>
/// <param name="Events">Its events in the order of the journal, as they were on the bus.</param>
sealed record StoryEntry(CdEvent? Read, string Look, string Text, IReadOnlyList<SequencedEvent> Events)
{
    /// <summary>
    /// The entries of a story. A message and that it was told are one; so is progress that says again what the progress
    /// before it said.
    /// </summary>
    public static IReadOnlyList<StoryEntry> Of(IReadOnlyList<SequencedEvent> events)
    {
        var entries = new List<StoryEntry>();
        var messages = new Dictionary<string, int>(StringComparer.Ordinal);
        var progress = -1;
        foreach (var e in events)
        {
            var read = TryRead(e);
            var (look, text) = read is null ? ("none", $"event {e.Sequence}, which this version does not know") : EventWords.Of(read);
            if (read is { Content: NotificationDelivered } && messages.Remove(read.SubjectId, out var message))
            {
                Join(message, EventWords.Told(entries[message].Read!), e);
                continue;
            }
            if (read is { Content: DeploymentProgressed } && progress >= 0 && entries[progress].Text == text)
            {
                Join(progress, text, e);
                continue;
            }
            if (read is { Content: NotificationRequested })
            {
                messages[read.SubjectId] = entries.Count;
            }
            else
            {
                // Messages go beside a rollout; anything else is a step of it.
                progress = read is { Content: DeploymentProgressed } ? entries.Count : -1;
            }
            entries.Add(new StoryEntry(read, look, text, [e]));
        }
        return entries;

        void Join(int at, string text, SequencedEvent e) => entries[at] = entries[at] with { Text = text, Events = [.. entries[at].Events, e] };
    }

    static CdEvent? TryRead(SequencedEvent e)
    {
        try
        {
            return CdEventReader.Read(e.Event);
        }
        catch (EventFormatException)
        {
            return null;
        }
    }
}
