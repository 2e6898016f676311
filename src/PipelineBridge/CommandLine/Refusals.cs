using System.Text;
using PipelineBridge.Bridge.Http;

namespace PipelineBridge.CommandLine;

/// <summary>What is said of an answer that is not the wanted one: what happened, and what to do.</summary>
static class Refusals
{
    const int LongestQuote = 300;

    /// <summary>An answer that no repetition makes another.</summary>
    public static VerbException Of(BridgeAddress address, Answer answer)
    {
        var problem = answer.Problem;
        if (answer.Status is >= 300 and < 400)
        {
            return new VerbException(ExitCode.Refused, $"{address} points elsewhere (HTTP {answer.Status}), to {answer.Location ?? "no place that it names"}.", "Set BRIDGE_URL to the address that the bridge itself has; the key is not carried to another one.");
        }
        if (problem is null && answer.Status is not (401 or 403 or 413))
        {
            return new VerbException(ExitCode.Refused, $"{address} answers HTTP {answer.Status}, and not as a bridge does{Quoted(answer)}.", "Is BRIDGE_URL the address of the bridge, and not of something before it?");
        }
        var (happened, toDo) = answer.Status switch
        {
            401 => ($"The bridge does not know who calls (HTTP 401): {problem?.Detail ?? "it gives no reason."}", "Look at what BRIDGE_TOKEN, BRIDGE_TOKEN_FILE or --token-file gives."),
            403 => ($"The bridge does not allow this (HTTP 403): {problem?.Detail ?? "it gives no reason."}", "Take a key that may, or have it allowed under keys in bridge.yaml."),
            413 => ($"That is too long (HTTP 413): {problem?.Detail ?? "something before the bridge takes no body of this size."}", "Shorten it; images go to the registry, by push --from."),
            422 when problem!.Errors is { Count: > 0 } errors => (string.Join('\n', errors.Select(Told)), (string?)null),
            _ => (problem!.Detail, null),
        };
        return new VerbException(ExitCode.Refused, happened, toDo);
    }

    /// <summary>No answer that says how the call went, however often it was sent.</summary>
    /// <param name="address">The bridge.</param>
    /// <param name="answer">The last answer, when there was one.</param>
    /// <param name="trouble">Else what was met.</param>
    /// <param name="key">The key of an ask; null for a read.</param>
    /// <param name="tries">How often it was sent.</param>
    /// <param name="mayHaveArrived">Whether the bridge may have accepted one of them.</param>
    public static VerbException NoAnswer(BridgeAddress address, Answer? answer, string? trouble, string? key, int tries, bool mayHaveArrived)
    {
        var said = answer is null ? trouble!
            : answer.Problem is { } problem ? $"HTTP {answer.Status}, {problem.Detail.TrimEnd('.')}"
            : $"HTTP {answer.Status}{Quoted(answer)}";
        var why = $"{address} was asked {(tries == 1 ? "once" : $"{tries} times")}: {said}.";
        if (key is null)
        {
            return new VerbException(ExitCode.Unknown, why, "Try again later, or look at BRIDGE_URL.");
        }
        return mayHaveArrived
            ? new VerbException(ExitCode.Unknown, $"Whether this was accepted is not known. {why}", $"Give the same command again with --key {key}: it joins what was accepted, and is nothing new.")
            : new VerbException(ExitCode.Unknown, $"Nothing was accepted. {why}", $"Give the command again later; with --key {key} it is the same ask.");
    }

    /// <summary>A good status with something that no bridge says.</summary>
    public static VerbException NoBridge(BridgeAddress address, Answer answer, string? key) => new(
        ExitCode.Unknown,
        $"{address} answers HTTP {answer.Status}, but not as a bridge does{Quoted(answer)}.",
        "Is BRIDGE_URL the address of the bridge, and not of something before it?" + (key is null ? "" : $" If it is, give the same command again with --key {key}."));

    static string Told(FieldMistake mistake)
    {
        var place = mistake.Line is { } line ? $" (line {line}{(mistake.Column is { } column ? $", column {column}" : "")})" : "";
        var value = mistake.Value is { } given ? $" is \"{Line(given)}\": " : ": ";
        return $"{mistake.Field}{place}{value}{mistake.Message}";
    }

    // The first words of a page are enough to know it by.
    static string Quoted(Answer answer) => answer.Text.Trim().Length == 0 ? " (it says nothing)" : $" ({answer.ContentType ?? "without a type"}: {Line(answer.Text)})";

    /// <summary>A foreign text in one line, cut, and without what a terminal would act on.</summary>
    public static string Line(string text)
    {
        var line = new StringBuilder();
        foreach (var c in text.Trim())
        {
            if (line.Length == LongestQuote)
            {
                return line.Append('…').ToString();
            }
            if (!char.IsControl(c))
            {
                line.Append(c);
            }
            else if (line.Length > 0 && line[^1] != ' ')
            {
                line.Append(' ');
            }
        }
        return line.ToString();
    }
}
