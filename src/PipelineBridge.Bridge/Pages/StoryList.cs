using System.Globalization;
using PipelineBridge.Bridge.Timeline;
using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Pages;

/// <summary>One column of time: the events of a chain, each with what it means, who did it, and itself.</summary>
static class StoryList
{
    /// <summary>How much of an event is shown; a longer one is behind a link.</summary>
    const int LongestRaw = 16 * 1024;

    /// <summary>The column.</summary>
    /// <param name="events">The events in the order of the journal.</param>
    /// <param name="self">The request whose page it stands on: it is not linked to itself.</param>
    public static Html Render(IReadOnlyList<SequencedEvent> events, string? self)
    {
        var lines = new List<Html>();
        var day = "";
        foreach (var e in events)
        {
            var read = Read(e);
            var today = read?.Time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? day;
            if (today != day)
            {
                lines.Add(Html.Of($"<li class=\"day\" data-key=\"{today}\">{today} UTC</li>"));
                day = today;
            }
            lines.Add(Line(e, read, self));
        }
        return Html.Of($"<ol class=\"story\">{lines}</ol>");
    }

    static Html Line(SequencedEvent e, CdEvent? read, string? self)
    {
        var (look, text) = read is null ? ("none", "an event that this version cannot read") : EventWords.Of(read);
        var request = read?.Custom?.RequestId is { } id && id != self ? Html.Of($" {PageWords.Link(id)}") : Html.Empty;
        var who = read?.Custom?.By switch
        {
            { Person: { } person, Key: { } key } => $"{person}, by the key {key}",
            { Person: { } person } => person,
            { Key: { } key } => $"the key {key}",
            _ => read is not null && !read.Source.StartsWith(CdEvent.OurSource, StringComparison.Ordinal) ? read.Source : null,
        };
        var log = read is { Custom.Build.Url: { } url, Content: PipelineRunQueued or PipelineRunStarted or PipelineRunFinished }
            ? Html.Of($" {Html.Outside(url, "log")}") : Html.Empty;
        return Html.Of($"""
            <li class="{look}" data-key="{e.Sequence}"><span class="text">{(read is null ? Html.Empty : Html.Of($"{PageWords.Clock(read.Time)} <span class=\"topic\">{EventWords.Topic(read)}</span>"))} {PageWords.ShortDigests(text)}{request}{log}</span>{(who is null ? Html.Empty : Html.Of($" <small>{who}</small>"))}
            {Raw(e, read)}</li>

            """);
    }

    static Html Raw(SequencedEvent e, CdEvent? read)
    {
        var name = read?.EventType?.ShortName ?? read?.Type ?? "event";
        var raw = e.Event.GetRawText();
        var all = $"/v1/events?after={e.Sequence - 1}";
        return Html.Of($"<details><summary>{name} <span class=\"soft\">{e.Sequence}</span></summary>{(raw.Length <= LongestRaw ? Html.Of($"<pre>{raw}</pre>") : Html.Of($"<p>It has {raw.Length} characters. <a href=\"{all}\">As it was on the bus</a></p>"))}</details>");
    }

    static CdEvent? Read(SequencedEvent e)
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
