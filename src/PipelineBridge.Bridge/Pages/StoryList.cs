using System.Globalization;
using System.Text.Json;
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
        foreach (var entry in StoryEntry.Of(events))
        {
            var today = entry.Read?.Time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? day;
            if (today != day)
            {
                lines.Add(Html.Of($"<li class=\"day\" data-key=\"{today}\">{today} UTC</li>"));
                day = today;
            }
            lines.Add(Line(entry, self));
        }
        return Html.Of($"<ol class=\"story\">{lines}</ol>");
    }

    static Html Line(StoryEntry entry, string? self)
    {
        var read = entry.Read;
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
            <li class="{entry.Look}" data-key="{entry.Events[0].Sequence}"><span class="text">{(read is null ? Html.Empty : Html.Of($"{PageWords.Clock(read.Time)} <span class=\"topic\">{EventWords.Topic(read)}</span>"))} {PageWords.ShortDigests(entry.Text)}{request}{log}</span>{(who is null ? Html.Empty : Html.Of($" <small>{who}</small>"))}
            {entry.Events.Select(Raw).ToList()}</li>

            """);
    }

    static Html Raw(SequencedEvent e)
    {
        var type = e.Event.TryGetProperty("type", out var named) && named.ValueKind == JsonValueKind.String ? named.GetString()! : "event";
        var name = EventTypes.Find(type)?.ShortName ?? type;
        var raw = e.Event.GetRawText();
        var all = $"/v1/events?after={e.Sequence - 1}";
        return Html.Of($"<details><summary>{name} <span class=\"soft\">{e.Sequence}</span></summary>{(raw.Length <= LongestRaw ? Html.Of($"<pre>{raw}</pre>") : Html.Of($"<p>It has {raw.Length} characters. <a href=\"{all}\">As it was on the bus</a></p>"))}</details>");
    }
}
