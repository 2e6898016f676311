using System.Text;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Pages;

/// <summary>A piece of evidence as a page shows it: its text, or why there is none.</summary>
/// <param name="Name">What it is, e.g. <c>last log</c>.</param>
/// <param name="Blob">The digest of its blob.</param>
/// <param name="Text">Its text, as far as it is shown.</param>
/// <param name="Cut">Whether there is more of it.</param>
/// <param name="Missing">Why there is no text.</param>
sealed record EvidenceText(string Name, string? Blob, string? Text, bool Cut = false, string? Missing = null)
{
    /// <summary>How much of a piece of evidence is shown.</summary>
    public const int LongestBytes = 16 * 1024;

    /// <summary>The evidence with the text of its blob.</summary>
    public static EvidenceText Of(JournalReader r, Evidence evidence)
    {
        if (evidence.Blob is null)
        {
            return new(evidence.Name, null, null, Missing: evidence.Missing ?? "it was not kept");
        }
        return r.Blob(evidence.Blob) switch
        {
            null => new(evidence.Name, evidence.Blob, null, Missing: "it has not arrived"),
            { Bytes: null } => new(evidence.Name, evidence.Blob, null, Missing: "it was erased"),
            { Bytes: { } bytes } => Of(evidence.Name, evidence.Blob, bytes),
        };
    }

    /// <summary>The text of bytes: the last of them when there are many, because what failed stands last in a log.</summary>
    public static EvidenceText Of(string name, string blob, byte[] bytes)
    {
        var from = Math.Max(0, bytes.Length - LongestBytes);
        // Not into the middle of a character of several bytes.
        while (from > 0 && from < bytes.Length && (bytes[from] & 0xC0) == 0x80)
        {
            from++;
        }
        return new(name, blob, Encoding.UTF8.GetString(bytes, from, bytes.Length - from), Cut: from > 0);
    }
}
