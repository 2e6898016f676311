using System.Globalization;
using System.Text.RegularExpressions;
using PipelineBridge.Bridge.Deliveries;

namespace PipelineBridge.Bridge.Pages;

/// <summary>How the pages say states, versions, times and names.</summary>
static partial class PageWords
{
    /// <summary>The sign and the word of a state of a cell; the sign needs no colour to be told from others.</summary>
    public static Html State(string state)
    {
        var (look, sign, word) = Look(state);
        return Html.Of($"<span class=\"state {look}\"><span aria-hidden=\"true\">{sign}</span> {word}</span>");
    }

    /// <summary>How a request stands: the sign of its state, and the sentence.</summary>
    public static Html Stands(RequestDocument d)
    {
        var (look, sign, _) = Look(d.State);
        return Html.Of($"<span class=\"{look}\"><span aria-hidden=\"true\">{sign}</span> {Linked(Sentence(d))}</span>");
    }

    /// <summary>The class (its colour), the sign and the word of a state.</summary>
    public static (string Class, string Sign, string Word) Look(string state) => state switch
    {
        "live" => ("live", "●", "live"),
        "none" => ("none", "–", "not deployed"),
        "moving" => ("moving", "◐", "moving"),
        "held" => ("held", "‖", "held"),
        RequestState.Accepted => ("waiting", "○", "accepted"),
        RequestState.Waiting => ("waiting", "○", "waiting"),
        RequestState.Running => ("moving", "◐", "running"),
        RequestState.Succeeded => ("live", "✓", "succeeded"),
        RequestState.Failed => ("failed", "✗", "failed"),
        RequestState.Refused => ("failed", "✗", "refused"),
        RequestState.Superseded => ("none", "↷", "superseded"),
        RequestState.Cancelled => ("none", "↷", "cancelled"),
        _ => ("none", "?", state),
    };

    /// <summary>How a request stands, in the words that chat has too.</summary>
    public static string Sentence(RequestDocument d) => d.Kind switch
    {
        "push" or "tag" or "notification" or "fact" => d.State switch
        {
            RequestState.Succeeded when d.Pushed is { } p => $"pushed: {Bytes(p.NewBytes)} of {Bytes(p.TotalBytes)} were new{Took(d)}",
            RequestState.Succeeded when d.Kind == "fact" => "happened",
            RequestState.Succeeded => $"done{Took(d)}",
            RequestState.Waiting => $"waits for {d.WaitingFor}",
            _ when d.Cause is not null => $"{d.State}: {d.Cause}",
            _ when d.WaitingFor is not null => $"{d.State}: {d.WaitingFor}",
            _ => d.State,
        },
        // A deployment that is only accepted is not on its way yet, whatever chat makes of it.
        _ when d.State == RequestState.Accepted => d.WaitingFor is null ? $"{DeliveryMessage.Version(d.Image)} accepted" : $"{DeliveryMessage.Version(d.Image)} waits for {d.WaitingFor}",
        _ => DeliveryMessage.Text(d, DeliveryMessage.Version(d.Image)),
    };

    /// <summary>What a request is about: <c>portal → prod</c>.</summary>
    public static string Where(RequestDocument d) => d.Environment is null ? d.App : $"{d.App} → {d.Environment}";

    /// <summary>A request as people call it.</summary>
    public static string Short(string requestId) => requestId.Length > 8 ? requestId[..8] : requestId;

    /// <summary>A link to the story of a request.</summary>
    public static Html Link(string requestId, Html text) => Html.Of($"<a href=\"/{Uri.EscapeDataString(requestId)}\" title=\"{requestId}\">{text}</a>");

    /// <summary>A link to the story of a request, by its short name.</summary>
    public static Html Link(string requestId) => Link(requestId, Html.Of($"{Short(requestId)}"));

    /// <summary>A text in which each request that it names leads to its story.</summary>
    public static Html Linked(string text)
    {
        var parts = new List<Html>();
        var from = 0;
        foreach (var name in RequestName().EnumerateMatches(text))
        {
            var id = text.Substring(name.Index, name.Length);
            parts.Add(Html.Of($"{text[from..name.Index]}{Link(id)}"));
            from = name.Index + name.Length;
        }
        parts.Add(Html.Of($"{text[from..]}"));
        return Html.Join(parts);
    }

    [GeneratedRegex(@"(?<![\w/.-])[ptdn]-(?=[a-z]*[0-9])[0-9a-hjkmnp-tv-z]{4,26}(?![\w-])")]
    private static partial Regex RequestName();

    /// <summary>Since when, short: how long, or the day; the whole time is one look away.</summary>
    public static Html Since(DateTimeOffset time, DateTimeOffset now) =>
        Html.Of($"<time datetime=\"{Iso(time)}\" title=\"since {Full(time)}\">{((now - time).TotalDays >= 30 ? Day(time) : Duration((now - time).TotalSeconds, coarse: true))}</time>");

    /// <summary>How long ago, with the whole time one look away.</summary>
    public static Html Ago(DateTimeOffset time, DateTimeOffset now) =>
        Html.Of($"<time datetime=\"{Iso(time)}\" title=\"{Full(time)}\">{((now - time).TotalDays >= 30 ? Day(time) : Duration((now - time).TotalSeconds, coarse: true) + " ago")}</time>");

    /// <summary>A time in UTC, to the minute.</summary>
    public static string Minute(DateTimeOffset time) => time.UtcDateTime.ToString("d MMM HH:mm", CultureInfo.InvariantCulture) + " UTC";

    /// <summary>A text with each digest cut to what people tell it by.</summary>
    public static string ShortDigests(string text) => Digest().Replace(text, "$1");

    [GeneratedRegex("(sha256:[0-9a-f]{8})[0-9a-f]{56}")]
    private static partial Regex Digest();

    static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("d MMM yyyy", CultureInfo.InvariantCulture);

    /// <summary>A time of day in UTC.</summary>
    public static Html Clock(DateTimeOffset time) =>
        Html.Of($"<time datetime=\"{Iso(time)}\" title=\"{Full(time)}\">{time.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture)}</time>");

    /// <summary>The whole time in UTC.</summary>
    public static string Full(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";

    /// <summary>A duration as people say it: <c>0.1 s</c>, <c>26 s</c>, <c>2 min 5 s</c>, <c>3 h 2 min</c>, <c>12 d</c>.</summary>
    public static string Duration(double seconds, bool coarse = false)
    {
        var s = (long)Math.Round(seconds);
        return seconds switch
        {
            < 9.95 when !coarse => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, seconds):0.#} s"),
            _ when s < 60 => $"{Math.Max(0, s)} s",
            _ when s < 3600 => $"{s / 60} min" + (coarse || s % 60 == 0 ? "" : $" {s % 60} s"),
            _ when s < 86400 => $"{s / 3600} h" + (coarse || s / 60 % 60 == 0 ? "" : $" {s / 60 % 60} min"),
            _ => $"{s / 86400} d",
        };
    }

    /// <summary>Bytes as people say them.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1000 => $"{bytes} B",
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.#} kB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.#} GB"),
    };

    static string Took(RequestDocument d) => d.EndedAt is { } ended ? $" in {Duration((ended - d.AskedAt).TotalSeconds)}" : "";

    static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
