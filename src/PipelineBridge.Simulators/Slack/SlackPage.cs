using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace PipelineBridge.Simulators.Slack;

/// <summary>The channels as a page for a person: each message as it stands, its replies, and what it was before.</summary>
static partial class SlackPage
{
    public static string Of(SlackWorkspace workspace, IReadOnlyList<SlackPerson> people)
    {
        var page = new StringBuilder("""
            <!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <meta http-equiv="refresh" content="3"><title>Slack simulator</title>
            <style>
            :root{color-scheme:light dark} body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:1.5rem auto;padding:0 1rem}
            article{border-top:1px solid #8886;padding:.6rem 0} article article{margin-left:1.5rem;border:0;border-left:3px solid #8886;padding-left:.8rem}
            p{margin:.2rem 0;white-space:pre-wrap} .by{opacity:.8;font-size:.85rem} mark{background:#fd06;color:inherit}
            </style>
            <h1>Slack simulator</h1><p>No real Slack: what was posted here went nowhere else. The page renews itself.</p>

            """);
        foreach (var (name, id) in workspace.Channels)
        {
            page.Append($"<section><h2>#{WebUtility.HtmlEncode(name)}</h2>\n");
            var messages = workspace.Messages(id);
            if (messages.Count == 0)
            {
                page.Append("<p>No message yet.</p>\n");
            }

            foreach (var message in messages)
            {
                Write(page, message, people);
            }

            page.Append("</section>\n");
        }

        return page.Append("</html>\n").ToString();
    }

    static void Write(StringBuilder page, SlackMessage message, IReadOnlyList<SlackPerson> people)
    {
        page.Append($"<article><div class=\"by\">{WebUtility.HtmlEncode(message.By.Name)}, {message.Posted:HH:mm:ss}</div>\n");
        foreach (var text in Shown(message.Text, message.Blocks))
        {
            page.Append($"<p>{Html(text, people)}</p>\n");
        }

        if (message.Edits.Count > 0)
        {
            page.Append($"<details><summary class=\"by\">edited {message.Edits.Count} times, last {message.Edits[^1].Time:HH:mm:ss}</summary>\n");
            foreach (var edit in message.Edits)
            {
                page.Append($"<p class=\"by\">until {edit.Time:HH:mm:ss}: {Html(string.Join(" / ", Shown(edit.Text, edit.Blocks)), people)}</p>\n");
            }

            page.Append("</details>\n");
        }

        foreach (var reply in message.Replies)
        {
            Write(page, reply, people);
        }

        page.Append("</article>\n");
    }

    // As Slack shows it: the text of the blocks, and the plain text only where there are none.
    static List<string> Shown(string text, string? blocks)
    {
        var texts = new List<string>();
        Collect(blocks is null ? null : JsonNode.Parse(blocks), texts);
        return texts.Count > 0 ? texts : [text];
    }

    static void Collect(JsonNode? node, List<string> texts)
    {
        switch (node)
        {
            case JsonArray array:
                array.ToList().ForEach(item => Collect(item, texts));
                break;
            case JsonObject found:
                foreach (var (key, value) in found)
                {
                    if (key == "text" && value is JsonValue text)
                    {
                        texts.Add(text.ToString());
                    }
                    else
                    {
                        Collect(value, texts);
                    }
                }

                break;
        }
    }

    // Slack escapes only &, < and >; what stands in angle brackets is a link, a mention or a call to a whole channel.
    static string Html(string text, IReadOnlyList<SlackPerson> people)
    {
        var html = new StringBuilder();
        var at = 0;
        foreach (Match match in Bracketed().Matches(text))
        {
            html.Append(Plain(text[at..match.Index]));
            var target = match.Groups["target"].Value;
            var label = match.Groups["label"] is { Success: true, Value: var given } ? given : target;
            if (target.StartsWith("http://", StringComparison.Ordinal) || target.StartsWith("https://", StringComparison.Ordinal))
            {
                html.Append($"<a href=\"{Plain(target)}\">{Plain(label)}</a>");
            }
            else
            {
                var person = target.StartsWith('@') ? people.FirstOrDefault(one => one.UserId == target[1..]) : null;
                html.Append($"<mark>{(person is null ? Plain(label.TrimStart('!')) : "@" + WebUtility.HtmlEncode(person.Name))}</mark>");
            }

            at = match.Index + match.Length;
        }

        return html.Append(Plain(text[at..])).ToString();
    }

    static string Plain(string text) => WebUtility.HtmlEncode(
        text.Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal)
            .Replace("&amp;", "&", StringComparison.Ordinal));

    [GeneratedRegex("<(?<target>[^<>|]+)(\\|(?<label>[^<>]*))?>")]
    private static partial Regex Bracketed();
}
